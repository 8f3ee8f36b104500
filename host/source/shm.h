/* shm: in the lanes of a session in shared memory, out the events of all its threads in exact order. It never spins and never trusts what it reads. */
#ifndef HOST_SOURCE_SHM_H
#define HOST_SOURCE_SHM_H

#include <heaptracer/trace.h>

#include "emit.h"
#include "wire/lane.h"

struct shm;

struct shm_config {
    struct ht_session *session; /* mapped, filled, no program started yet */
    int fd;                     /* of its file */
    struct clock *clock;
    emit_put put;
    void *context;
};

enum shm_work {
    SHM_NOTHING, /* no record was there */
    SHM_SOME,
    SHM_PLENTY, /* more is likely to be there already */
    SHM_HELD,   /* a thread is in the middle of a record that may be next */
};

struct shm *shm_new(const struct shm_config *config);
/* Hands on all events whose place in the order is certain. */
enum shm_work shm_round(struct shm *shm);
/* Hands on all that happened up to `stamp` (ticks of the clock) and nothing later; what threads of process `pid` have in the making is not waited for, since
 * they stand still (0: none does). False: it took too long. */
bool shm_drain(struct shm *shm, uint64_t stamp, uint32_t pid);
/* Sleeps until it is worth another round. */
void shm_wait(struct shm *shm, enum shm_work work);
/* Ends the present or the next sleep; for signal handlers. */
static inline void shm_interrupt(struct ht_session *session)
{
    __atomic_store_n(&session->sleeping, 0, __ATOMIC_SEQ_CST);
}
/* A child of the collector has ended with this wait status. */
void shm_exited(struct shm *shm, uint32_t pid, int wait_status);
/* Processes of which more may come. */
uint32_t shm_living(struct shm *shm);
void shm_state(struct shm *shm, bool recording);
void shm_mark(struct shm *shm, const char *label);
/* Hands on what is left, whoever still lives, and tells the runtimes that nobody reads any more. */
void shm_finish(struct shm *shm);
/* Counters so far; CPU times are the caller's. */
void shm_cost(const struct shm *shm, struct cost_definition *cost);
/* Puts the definitions (EVENT_MODULE, EVENT_FRAME) of one stack once more, to somebody else. */
typedef void (*shm_see)(void *context, const struct event *event);
void shm_tell_stack(const struct shm *shm, uint32_t stack, shm_see see, void *context);
/* How often a process began to wait for its end to be seen; the number (from 1) of a process whose wait has not been told yet, 0: none. */
struct shm_process {
    uint32_t serial, pid, tid; /* in our PID namespace; tid 0: not known */
    uint32_t how;              /* 1: forked */
    bool knows_heap;           /* its allocator is glibc's */
    uint64_t stack;            /* of that thread's stack what lies below is not the program's; 0: not known */
};
/* The living image of a process, by its number. */
bool shm_find_process(struct shm *shm, uint32_t pid, struct shm_process *process);
bool shm_find_holding(struct shm *shm, struct shm_process *process, enum ht_hold *why);
/* The process may go on. */
void shm_end_hold(struct shm *shm, uint32_t serial);
/* Memory that the runtime has in a process, one after the other: false behind the last. */
bool shm_own_memory(const struct shm *shm, uint32_t serial, uint32_t *number, uint64_t *address, uint64_t *bytes);
/* A process waits for its end to be seen. */
bool shm_has_holding(const struct shm *shm);
/* Of the last event that was handed on. */
uint64_t shm_time(const struct shm *shm);
uint64_t shm_events(const struct shm *shm);
void shm_free(struct shm *shm);

#endif
