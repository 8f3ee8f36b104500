/* share: in how long those whom we watch wait for a processor, out how much of one we may take. The program goes first: whoever looks on falls behind rather than
 * slow it, and catches up when there is time. */
#ifndef HOST_LAUNCH_SHARE_H
#define HOST_LAUNCH_SHARE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SHARE_WATCHED = 2 /* the recorder and its program */, SHARE_TIMES = 9 };

struct share {
    double part; /* of one processor; 1: all that we can use */
    uint64_t looked_ns, worked_ns; /* clock of the last look; our processor time when it was settled last */
    uint64_t all_worked_ns;        /* at the last look, with all that is left out */
    uint64_t waited_ns[SHARE_WATCHED];
};

void share_begin(struct share *share);
/* The work since the last call is over: for how long to rest now. A number 0 stands for nobody. */
uint64_t share_rest(struct share *share, const pid_t watched[SHARE_WATCHED]);
/* Of the time that passed the watched waited for so much, and we worked for so much. */
void share_take(struct share *share, uint64_t passed_ns, uint64_t waited_ns, uint64_t worked_ns);
/* So much of the work is not to be counted. */
void share_leave_out(struct share *share, uint64_t ns);
/* Work that can wait (a picture, a report) is to rest so many times as long as it took: SHARE_TIMES, or more while others wait. */
double share_times(const struct share *share);

#endif
