/* offers: in a machine on which recordings run, out their traces, each with a name. One that ended stays, as long as its file does. */
#ifndef HOST_REMOTE_OFFERS_H
#define HOST_REMOTE_OFFERS_H

#include <sys/types.h>

#include "host/base/error.h"
#include "host/base/map.h"
#include "host/base/vec.h"

enum { OFFERS_MOST = 1000 };

struct offer {
    pid_t pid;  /* whom to ask about it; 0: nobody */
    char *path; /* whole */
    char *name; /* of the file, without .htrc */
};

struct offers {
    const char *const *folders; /* whose traces are offered too; NULL-terminated, or NULL */
    VEC(struct offer) list;
    VEC(pid_t) others; /* further numbers of theirs: a recorder listens by its own, too */
    struct map silent; /* numbers that do not answer: when to ask again */
};

/* Those that began since are added. */
void offers_refresh(struct offers *offers);
/* By its number, its name, the name of its program or its path; "" is the only one that runs. NULL and `error`. */
const struct offer *offers_find(const struct offers *offers, const char *name, struct error *error);
void offers_done(struct offers *offers);

#endif
