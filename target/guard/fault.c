/* fault: in what a guard found broken, out its record in the calling thread's lane. */
#include "fault.h"

#include "target/process/port_process.h"
#include "target/process/tell.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    FAULTS_MOST = 1000, /* told by one process: a program that breaks all its blocks shall not fill the trace with that */
    DRAIN_WAITS = 5000, /* ms */
};

static bool stops;
static uint32_t told;

void fault_begin(bool stop)
{
    stops = stop;
}

static bool all_are(const struct damage *damage, uint8_t value)
{
    for (uint32_t i = 0; i < damage->around_bytes && i < damage->count; i++)
        if (damage->around[i] != value)
            return false;
    return true;
}

static enum ht_told_guess guess(const struct finding *finding)
{
    const struct damage *damage = &finding->damage;
    bool is_next = damage->first == (int64_t)finding->block_bytes;
    if (!damage->count || !damage->around_bytes)
        return HT_GUESS_NONE;
    if (damage->count == 1)
        return !is_next ? HT_GUESS_NONE : damage->around[0] ? HT_GUESS_OFF_BY_ONE : HT_GUESS_TERMINATOR;
    if (all_are(damage, 0))
        return HT_GUESS_ZERO_FILL;
    return all_are(damage, damage->around[0]) ? HT_GUESS_PATTERN : HT_GUESS_NONE;
}

/* Until the collector has read all that this thread told. */
static void drain(const struct ht_thread *self)
{
    uint32_t never = 0;
    for (int i = 0; i < DRAIN_WAITS && __atomic_load_n(&self->lane->tail, __ATOMIC_ACQUIRE) < self->head && ht__port_collector_lives(); i++) {
        if (__atomic_exchange_n(&ht__session->sleeping, 0, __ATOMIC_SEQ_CST))
            ht__port_wake(&ht__session->sleeping);
        ht__port_wait(&never, 0, 1);
    }
}

/* A frame of its own is where the stack begins; those of the runtime are left out by the collector. */
__attribute__((noinline)) void fault_tell(const struct finding *finding)
{
    struct ht_thread *self = ht_thread_get();
    struct ht_more_fault fault = {.kind = (uint32_t)finding->kind,
                                  .found_by = (uint32_t)finding->found_by,
                                  .guess = (uint32_t)guess(finding),
                                  .around_bytes = finding->damage.around_bytes,
                                  .address = (uint64_t)(uintptr_t)finding->address,
                                  .block = (uint64_t)(uintptr_t)finding->block,
                                  .block_bytes = finding->block_bytes,
                                  .first_bad = finding->damage.first,
                                  .bad_bytes = finding->damage.count};
    memcpy(fault.around, finding->damage.around, sizeof fault.around);
    if (self && __atomic_fetch_add(&told, 1, __ATOMIC_RELAXED) < FAULTS_MOST)
        ht__tell_fault(self, HT_FRAME, &fault);
    if (self && stops)
        drain(self);
    if (stops)
        abort();
}
