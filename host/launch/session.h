/* session: in what a recording shall be, out the session file (wire/lane.h) that the watched programs map; gone when the recording ends. */
#ifndef HOST_LAUNCH_SESSION_H
#define HOST_LAUNCH_SESSION_H

#include "host/base/error.h"
#include "wire/lane.h"

struct session_config {
    uint32_t flags; /* enum ht_session_flag */
    enum ht_policy policy;
    enum ht_clock clock;
    uint64_t clock_start;
    uint64_t lane_bytes; /* rounded up to a power of two, at least 64 KiB */
    uint32_t depth_limit;
    uint64_t sample_bytes;
    uint64_t quarantine_bytes, pages_most, fail_nth; /* with HT_SESSION_GUARD */
    uint32_t page_every, fail_rate, page_align;
    bool page_before;
    bool recording; /* from the start */
};

struct session {
    struct ht_session *shared;
    int fd;
    char path[512];
};

bool session_open(struct session *session, const struct session_config *config, struct error *error);
void session_close(struct session *session);

#endif
