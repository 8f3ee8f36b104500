/* standstill: in a process, out a moment of it that stands still: its threads' registers, and files to read its memory through. */
#ifndef HOST_LAUNCH_STANDSTILL_H
#define HOST_LAUNCH_STANDSTILL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "again.h"
#include "host/base/error.h"
#include "host/base/map.h"
#include "host/base/vec.h"

struct standstill_thread {
    pid_t tid;
    bool seized, held, ended;
    int signal;              /* that was on its way to it, and is passed on when it is let go */
    struct again again;
    uint64_t stack, pointer; /* stack pointer; address of its descriptor, 0: not known */
    size_t first_word, words; /* in standstill.words: its registers */
};

struct standstill {
    pid_t pid;
    pid_t copy;          /* a process that is what it was at that moment and never runs; 0: none was made, its own memory is read */
    bool copy_is_ours;   /* else the process itself must be made to forget it */
    int memory, pagemap; /* -1: none */
    VEC(struct standstill_thread) threads;
    VEC(uint64_t) words;
    struct map known; /* the threads, by tid */
    bool has_ended; /* it ended while it was held: this is how */
    int wait_status;
    struct rusage usage;
    uint64_t since_ns; /* when it began to stand still */
    uint64_t held_ns;  /* how long that was; 0: it still does */
};

enum standstill_step {
    STANDSTILL_ON_ITS_WAY,
    STANDSTILL_AT_ITS_END, /* the thread is about to end its process */
    STANDSTILL_GONE,       /* it ended otherwise */
};

/* What stands behind `name` ("TracerPid:") in /proc/PID/status, -1: nothing. */
long standstill_status(pid_t pid, const char *name, int base);
/* kernel.yama.ptrace_scope; -1: this kernel has none. */
long standstill_scope(void);
/* Why a process may not be held, with the mend, by errno; returns false. */
bool standstill_say_why(pid_t pid, int why, struct error *error);
/* Holds one thread. False: it may not be held; `error` says what would have to change. */
bool standstill_begin(struct standstill *standstill, pid_t pid, pid_t tid, struct error *error);
/* Lets that thread go on to its next system call. */
void standstill_go_on(struct standstill *standstill);
/* Where it is; does not wait. */
enum standstill_step standstill_look(struct standstill *standstill);
/* Holds all other threads too, takes their registers, and opens the memory. False: it is gone. */
bool standstill_take(struct standstill *standstill, struct error *error);
/* The same for a process that goes on afterwards: nothing was held before. */
bool standstill_begin_all(struct standstill *standstill, pid_t pid, struct error *error);
/* A userfaultfd of a process, which stands still for it and goes on; -1: there is none. `held_ns`: how long that was. */
int standstill_watch(pid_t pid, uint64_t *held_ns);
/* Makes a copy of the process, whose memory is read instead; false: it cannot be made, and the process has to stand still meanwhile. */
bool standstill_copy(struct standstill *standstill);
/* Ends the copy, so that the process does not notice that it was there. */
void standstill_end_copy(struct standstill *standstill);
/* Whose memory is to be read. */
static inline pid_t standstill_memory_pid(const struct standstill *standstill)
{
    return standstill->copy ? standstill->copy : standstill->pid;
}
/* Lets all go. False: a thread did not stand still yet; to be called again. */
bool standstill_release(struct standstill *standstill);
/* How long it stood still, or does by now. */
uint64_t standstill_held_ns(const struct standstill *standstill);
void standstill_done(struct standstill *standstill);

#endif
