/* family: in the process entries of the session, out EVENT_PROCESS and EVENT_PROCESS_END; knows who lives. */
#ifndef HOST_SOURCE_FAMILY_H
#define HOST_SOURCE_FAMILY_H

#include "image.h"

struct family {
    struct ht_session *shared;
    struct emit *emit;
    uint32_t count;     /* entries seen */
    uint32_t settled;   /* entries before this one need no look any more */
    uint64_t due_stamp; /* of the earliest image that waits for its EVENT_PROCESS; UINT64_MAX none */
    struct image *due;
    bool impatient; /* the session ends: nothing unfinished is waited for */
    struct image images[HT_SESSION_PROCESSES];
};

struct family *family_new(struct ht_session *shared, struct emit *emit);
/* Takes note of new entries. */
void family_look(struct family *family);
/* Tells the image that is due. False if its entry is not whole yet: look again soon. */
bool family_tell_due(struct family *family);
/* The image, told if it was not; NULL if there is no such. */
struct image *family_get(struct family *family, uint32_t serial);
/* Finds out which processes ended. */
void family_poll(struct family *family);
/* The wait status of a process, by whoever waits for it. */
void family_exited(struct family *family, uint32_t pid, int wait_status);
/* Puts EVENT_PROCESS_END. */
void family_end(struct family *family, struct image *image);
/* Images of which more may come, among them forks on their way. */
uint32_t family_living(const struct family *family);
void family_free(struct family *family);

#endif
