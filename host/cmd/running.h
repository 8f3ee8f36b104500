/* running: in the sockets of this machine, out the recordings of this user that run now. */
#ifndef HOST_CMD_RUNNING_H
#define HOST_CMD_RUNNING_H

#include "host/base/vec.h"

struct running {
    VEC(char *) words; /* numbers of processes, one a recording */
    VEC(char *) traces; /* that they write */
};

void running_find(struct running *running);
void running_done(struct running *running);

#endif
