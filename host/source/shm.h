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
uint64_t shm_events(const struct shm *shm);
void shm_free(struct shm *shm);

#endif
