/* shm: rounds of looking at all lanes and merging what is certain.
 *
 * With one lane in use its order is the order. With more, a round notes the time T0, lets every thread of the session pass a memory barrier
 * (membarrier: the watched programs pay nothing for it in their hot path) and then looks at each lane's head. A lane whose head is even at that look had no
 * record in the making, so whatever it publishes later has a stamp above T0. A lane whose head is odd had one; until that one record is published, nothing
 * above the lane's last known stamp is certain. Everything certain and not above T0 is merged by stamp and handed on. */
#include "shm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/base/now.h"
#include "unpack.h"
#include "merge.h"

static const uint64_t POLL_NS = 10000000;       /* between two looks at who has ended */
static const uint64_t STALL_NS = 3000000000;    /* a record in the making for longer than this is not waited for: a debugger may hold the thread, a busy machine does not so long */
static const uint64_t PUNCH_NS = 1000000000;    /* a lane idle for this long gives its pages back */
static const uint64_t NO_BARRIER_NS = 10000000; /* without membarrier a published record is seen within this time */

enum { DRAIN_ROUNDS = 4000, DRAIN_PAUSE_NS = 500000 };

struct shm {
    struct shm_config config;
    struct unpacker unpacker;
    struct ring *rings;
    struct merge merge;
    uint32_t lane_count, lanes_used, lanes_open;
    uint64_t lane_bytes, wake_bytes, lanes_offset, lane_stride;
    uint64_t now_ns, polled_ns;
    uint32_t idle_rounds, held_rounds;
    uint32_t holds; /* that were told */
    bool barrier, finishing;
};

static bool barrier_works(void)
{
    long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    return commands > 0 && commands & MEMBARRIER_CMD_GLOBAL_EXPEDITED;
}

struct shm *shm_new(const struct shm_config *config)
{
    struct shm *shm = memory_new(1, sizeof *shm);
    struct ht_session *session = config->session;
    shm->config = *config;
    shm->lane_count = session->lane_count;
    shm->lane_bytes = session->lane_bytes;
    shm->wake_bytes = session->wake_bytes;
    shm->lanes_offset = session->lanes_offset;
    shm->lane_stride = session->lane_stride;
    shm->barrier = barrier_works();
    shm->rings = memory_new(shm->lane_count, sizeof *shm->rings);
    shm->merge.at = memory_new(shm->lane_count, sizeof *shm->merge.at);
    for (uint32_t i = 0; i < shm->lane_count; i++) {
        struct ht_lane *lane = ht_session_lane(session, i);
        shm->rings[i] = (struct ring){.shared = lane, .bytes = ht_lane_ring(lane), .room = shm->lane_bytes, .index = i};
    }
    unpack_init(&shm->unpacker, session, config->clock, config->put, config->context);
    return shm;
}

static void shm_look_at(struct shm *shm, struct ring *ring)
{
    uint32_t state = __atomic_load_n(&ring->shared->state, __ATOMIC_ACQUIRE);
    uint32_t serial = __atomic_load_n(&ring->shared->process, __ATOMIC_RELAXED);
    bool gone = serial && serial <= HT_SESSION_PROCESSES && shm->unpacker.family->images[serial - 1].gone;
    uint64_t head = ring->head;
    if (!ring_look(ring)) {
        unpack_gap(&shm->unpacker, ring, 0, 0, "a lane's counters were nonsense and it was dropped");
        shm->unpacker.dropped_lanes++;
        ring_drop(ring);
    }
    if (state != HT_LANE_OWNED || gone || shm->finishing)
        ring->state = RING_CLOSING;
    if (ring->writing && ring->head == head)
        return;
    ring->stalled = false;
    ring->held_ns = 0;
}

/* The heads of the lanes that are known to be in use. */
static void shm_look_heads(struct shm *shm)
{
    for (uint32_t i = 0; i < shm->lanes_used; i++)
        if (shm->rings[i].state != RING_IDLE)
            shm_look_at(shm, &shm->rings[i]);
}

/* Lanes that were taken since the last look: true if there is one. */
static bool shm_look_states(struct shm *shm)
{
    uint32_t before = shm->lanes_open;
    uint32_t used = __atomic_load_n(&shm->config.session->lanes_used, __ATOMIC_ACQUIRE);
    shm->lanes_used = used < shm->lane_count ? used : shm->lane_count;
    for (uint32_t i = 0; i < shm->lanes_used; i++) {
        struct ring *ring = &shm->rings[i];
        if (ring->state != RING_IDLE || __atomic_load_n(&ring->shared->state, __ATOMIC_ACQUIRE) == HT_LANE_IDLE)
            continue;
        ring_adopt(ring);
        ring->bound = shm->unpacker.emit.last_stamp;
        shm->lanes_open++;
    }
    return shm->lanes_open != before;
}

/* Up to which stamp everything is visible after this; UINT64_MAX: one lane alone, all that it holds. */
static uint64_t shm_look(struct shm *shm)
{
    family_look(shm->unpacker.family);
    do
        shm_look_heads(shm);
    while (shm_look_states(shm) && shm->lanes_open < 2);
    if (shm->lanes_open < 2)
        return UINT64_MAX;
    uint64_t limit = clock_now(shm->config.clock);
    if (!shm->barrier || syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) < 0) {
        uint64_t delay = (uint64_t)(shm->config.clock->ticks_per_s / 1e9 * (double)NO_BARRIER_NS);
        limit = limit > delay ? limit - delay : 0;
    }
    family_look(shm->unpacker.family);
    shm_look_states(shm); /* first: a lane that was taken since the last look may hold records from before T0 */
    shm_look_heads(shm);
    return limit;
}

static void shm_fill_merge(struct shm *shm, uint64_t limit)
{
    shm->merge.count = 0;
    for (uint32_t i = 0; i < shm->lanes_used; i++) {
        struct ring *ring = &shm->rings[i];
        if (ring->state == RING_IDLE)
            continue;
        uint64_t stamp;
        if (ring_peek(ring, &stamp))
            merge_add(&shm->merge, ring, stamp);
        else if (ring->writing && ring->state == RING_OPEN && limit != UINT64_MAX && !ring->stalled)
            merge_add(&shm->merge, ring, ring->bound);
        else if (limit != UINT64_MAX && limit > ring->bound)
            ring->bound = limit;
    }
}

/* A ring whose next record is in the making: true if the merge can go on. */
static bool shm_await(struct shm *shm, struct ring *ring)
{
    uint64_t stamp;
    if (!ring_look(ring))
        ring_drop(ring);
    if (ring_peek(ring, &stamp)) {
        ring->writing = false;
        ring->held_ns = 0;
        merge_again(&shm->merge, stamp);
        return true;
    }
    if (!ring->writing) {
        merge_pop(&shm->merge);
        return true;
    }
    if (!ring->held_ns)
        ring->held_ns = shm->now_ns;
    if (shm->now_ns - ring->held_ns < STALL_NS && !ring->dropped)
        return false;
    ring->stalled = true;
    merge_pop(&shm->merge);
    return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* False if it was held by a record or a process entry in the making. */
static bool shm_merge(struct shm *shm, uint64_t limit)
{
    struct merge *merge = &shm->merge;
    while (merge->count && merge->at[0].stamp <= limit) {
        struct ring *ring = merge->at[0].ring;
        uint64_t stamp = merge->at[0].stamp, due = shm->unpacker.family->due_stamp;
        if (due <= stamp) {
            if (!family_tell_due(shm->unpacker.family))
                return false;
            continue;
        }
        if (!ring_unread(ring)) {
            if (!shm_await(shm, ring))
                return false;
            continue;
        }
        if (unpack_run(&shm->unpacker, ring, &stamp, least(least(merge_second(merge), limit), due - 1)))
            merge_again(merge, stamp);
        else if (limit != UINT64_MAX && ring->writing && ring->state == RING_OPEN)
            merge_again(merge, ring->bound);
        else
            merge_pop(merge);
    }
    return true;
}

static void shm_close_rings(struct shm *shm)
{
    for (uint32_t i = 0; i < shm->lanes_used; i++) {
        struct ring *ring = &shm->rings[i];
        if (ring->state == RING_IDLE)
            continue;
        ring_give_back(ring);
        if (ring->state != RING_CLOSING || ring_unread(ring) || shm->finishing)
            continue;
        unpack_thread_end(&shm->unpacker, ring);
        ring_release(ring);
        ring->idle_ns = shm->now_ns;
        shm->lanes_open--;
    }
}

static bool shm_has_rings(const struct shm *shm, const struct image *image)
{
    for (uint32_t i = 0; i < shm->lanes_used; i++) {
        const struct ring *ring = &shm->rings[i];
        uint32_t serial = ring->told ? ring->serial : __atomic_load_n(&ring->shared->process, __ATOMIC_RELAXED);
        if (ring->state != RING_IDLE && serial == image->serial)
            return true;
    }
    return false;
}

static void shm_end_images(struct shm *shm)
{
    struct family *family = shm->unpacker.family;
    for (uint32_t i = 0; i < family->count; i++) {
        struct image *image = &family->images[i];
        if (image->gone && image->state == IMAGE_WAITING)
            family_get(family, image->serial);
        if (image->gone && image->state == IMAGE_DEFINED && !shm_has_rings(shm, image))
            family_end(family, image);
    }
}

static enum shm_work shm_round_until(struct shm *shm, uint64_t stamp)
{
    uint64_t before = shm->unpacker.raw_bytes;
    __atomic_store_n(&shm->config.session->sleeping, 1, __ATOMIC_SEQ_CST); /* who wakes us from here on ends the coming sleep at once */
    shm->now_ns = now_of(CLOCK_MONOTONIC_COARSE);
    if (shm->now_ns - shm->polled_ns > POLL_NS) {
        family_poll(shm->unpacker.family);
        shm->polled_ns = shm->now_ns;
    }
    uint64_t limit = least(shm_look(shm), stamp);
    clock_adjust(shm->config.clock, shm->unpacker.emit.last_stamp);
    shm_fill_merge(shm, limit);
    bool whole = shm_merge(shm, limit);
    shm_close_rings(shm);
    if (whole)
        shm_end_images(shm);
    emit_flush(&shm->unpacker.emit);
    uint64_t bytes = shm->unpacker.raw_bytes - before;
    shm->idle_rounds = bytes ? 0 : shm->idle_rounds + 1;
    shm->held_rounds = whole ? 0 : shm->held_rounds + 1;
    if (bytes >= shm->wake_bytes)
        return SHM_PLENTY;
    return !whole ? SHM_HELD : bytes ? SHM_SOME : SHM_NOTHING;
}

enum shm_work shm_round(struct shm *shm)
{
    return shm_round_until(shm, UINT64_MAX);
}

/* Their threads will not finish what they have in the making before they go on. */
static void shm_pass_over(struct shm *shm, uint32_t pid)
{
    for (uint32_t i = 0; i < shm->lanes_used; i++)
        if (shm->rings[i].state == RING_OPEN && shm->rings[i].writing && shm->rings[i].pid == pid)
            shm->rings[i].stalled = true;
}

bool shm_drain(struct shm *shm, uint64_t stamp, uint32_t pid)
{
    enum shm_work work;
    for (int round = 0; (work = shm_round_until(shm, stamp)) != SHM_NOTHING; round++) {
        if (work == SHM_HELD && round == DRAIN_ROUNDS)
            return false;
        if (work == SHM_HELD && pid)
            shm_pass_over(shm, pid);
        if (work == SHM_HELD)
            nanosleep(&(struct timespec){.tv_nsec = DRAIN_PAUSE_NS}, NULL);
    }
    return true;
}

static struct shm_process shm_process_of(const struct shm *shm, const struct image *image)
{
    const struct ht_process *entry = &shm->config.session->processes[image->serial - 1];
    return (struct shm_process){.serial = image->serial,
                                .pid = image->pid_here,
                                .tid = image->pid_here == image->pid ? __atomic_load_n(&entry->hold_tid, __ATOMIC_RELAXED) : 0,
                                .stack = entry->hold_stack,
                                .how = image->how,
                                .knows_heap = image->usable_rule == HT_USABLE_GLIBC64};
}

bool shm_find_process(struct shm *shm, uint32_t pid, struct shm_process *process)
{
    const struct family *family = shm->unpacker.family;
    for (uint32_t i = family->count; i-- > 0;)
        if (family->images[i].pid_here == pid && !family->images[i].gone && family->images[i].state == IMAGE_DEFINED) {
            *process = shm_process_of(shm, &family->images[i]);
            return true;
        }
    return false;
}

bool shm_find_holding(struct shm *shm, struct shm_process *process, enum ht_hold *why)
{
    struct ht_session *session = shm->config.session;
    struct family *family = shm->unpacker.family;
    uint32_t holds = __atomic_load_n(&session->holds, __ATOMIC_ACQUIRE);
    if (shm->holds == holds)
        return false;
    family_look(family);
    for (uint32_t i = 0; i < family->count; i++) {
        const struct image *image = &family->images[i];
        uint32_t hold = __atomic_load_n(&session->processes[i].hold, __ATOMIC_ACQUIRE);
        if ((hold != HT_HOLD_EXIT && hold != HT_HOLD_ABORT) || image->gone || image->held)
            continue;
        family->images[i].held = true;
        shm->holds++;
        *process = shm_process_of(shm, image);
        *why = hold;
        return true;
    }
    shm->holds = holds; /* who died meanwhile waits no more */
    return false;
}

void shm_end_hold(struct shm *shm, uint32_t serial)
{
    uint32_t *hold = &shm->config.session->processes[serial - 1].hold;
    __atomic_store_n(hold, HT_HOLD_OVER, __ATOMIC_RELEASE);
    syscall(SYS_futex, hold, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

bool shm_own_memory(const struct shm *shm, uint32_t serial, uint32_t *number, uint64_t *address, uint64_t *bytes)
{
    for (; *number < shm->lanes_used; ++*number) {
        const struct ht_lane *lane = shm->rings[*number].shared;
        if (__atomic_load_n(&lane->process, __ATOMIC_RELAXED) != serial)
            continue;
        *address = __atomic_load_n(&lane->own_address, __ATOMIC_RELAXED);
        *bytes = __atomic_load_n(&lane->own_bytes, __ATOMIC_RELAXED);
        ++*number;
        return true;
    }
    return false;
}

static void shm_punch(struct shm *shm)
{
    for (uint32_t i = 0; i < shm->lanes_used; i++) {
        struct ring *ring = &shm->rings[i];
        if (ring->state != RING_IDLE || !ring->idle_ns || shm->now_ns - ring->idle_ns < PUNCH_NS)
            continue;
        ring->idle_ns = 0;
        uint32_t idle = HT_LANE_IDLE;
        if (!__atomic_compare_exchange_n(&ring->shared->state, &idle, HT_LANE_CLOSED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        off_t at = (off_t)(shm->lanes_offset + i * shm->lane_stride + HT_LANE_HEADER_BYTES);
        fallocate(shm->config.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, (off_t)shm->lane_bytes);
        __atomic_store_n(&ring->shared->state, HT_LANE_IDLE, __ATOMIC_RELEASE);
    }
}

/* The thread that holds the merge has lost its CPU: nobody can wake us, and who fills his lane meanwhile need not. */
static void shm_wait_held(struct shm *shm)
{
    __atomic_store_n(&shm->config.session->sleeping, 0, __ATOMIC_SEQ_CST);
    long ns = 50000l << (shm->held_rounds < 6 ? shm->held_rounds : 6);
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

void shm_wait(struct shm *shm, enum shm_work work)
{
    if (work == SHM_PLENTY)
        return;
    if (work == SHM_HELD) {
        shm_wait_held(shm);
        return;
    }
    if (work == SHM_NOTHING)
        shm_punch(shm);
    long ns = shm->idle_rounds < 8 ? 20000000 : 100000000;
    syscall(SYS_futex, &shm->config.session->sleeping, FUTEX_WAIT, 1, &(struct timespec){.tv_nsec = ns}, NULL, 0);
}

void shm_exited(struct shm *shm, uint32_t pid, int wait_status)
{
    family_exited(shm->unpacker.family, pid, wait_status);
}

uint32_t shm_living(struct shm *shm)
{
    return family_living(shm->unpacker.family);
}

void shm_state(struct shm *shm, bool recording)
{
    __atomic_store_n(&shm->config.session->recording, recording, __ATOMIC_SEQ_CST);
    unpack_state(&shm->unpacker, recording);
    emit_flush(&shm->unpacker.emit);
}

void shm_mark(struct shm *shm, const char *label)
{
    unpack_mark(&shm->unpacker, label);
}

void shm_finish(struct shm *shm)
{
    while (shm_round(shm) == SHM_PLENTY)
        ;
    shm->finishing = shm->unpacker.family->impatient = true;
    __atomic_store_n(&shm->config.session->collector_gone, 1, __ATOMIC_SEQ_CST);
    shm_round(shm);
    for (uint32_t i = 0; i < shm->lanes_used; i++)
        ring_wake(&shm->rings[i]);
}

void shm_cost(const struct shm *shm, struct cost_definition *cost)
{
    const struct unpacker *unpacker = &shm->unpacker;
    cost->events = unpacker->emit.events;
    cost->late_events = unpacker->emit.late_events;
    cost->raw_bytes = unpacker->raw_bytes;
    cost->clock = shm->config.clock->kind;
    cost->clock_ticks_per_s = (uint64_t)shm->config.clock->ticks_per_s;
    cost->lanes_refused = __atomic_load_n(&shm->config.session->lanes_refused, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < shm->lanes_used; i++) {
        const struct ring *ring = &shm->rings[i];
        cost->truncated_stacks += ring->truncated + __atomic_load_n(&ring->shared->truncated, __ATOMIC_RELAXED);
        cost->waits += ring->waits + __atomic_load_n(&ring->shared->waits, __ATOMIC_RELAXED);
        cost->lost_events += ring->lost_events + __atomic_load_n(&ring->shared->lost_events, __ATOMIC_RELAXED);
    }
}

void shm_tell_stack(const struct shm *shm, uint32_t stack, shm_see see, void *context)
{
    const struct stack_node *node = stack < shm->unpacker.stacks.nodes.count ? &shm->unpacker.stacks.nodes.at[stack] : NULL;
    if (!stack || !node)
        return;
    shm_tell_stack(shm, node->parent, see, context);
    const struct place *place = &shm->unpacker.places.at.at[node->place];
    const struct place_module *module = &shm->unpacker.places.modules.at[place->module];
    struct module_definition file = {.id = place->module, .build_id_bytes = module->build_id_bytes, .path = module->path};
    if (place->module) {
        memcpy(file.build_id, module->build_id, module->build_id_bytes);
        see(context, &(struct event){.kind = EVENT_MODULE, .define = &file});
    }
    struct frame_definition frame = {.id = stack, .parent = node->parent, .module = place->module, .offset = place->offset};
    see(context, &(struct event){.kind = EVENT_FRAME, .stack = stack, .define = &frame});
}

bool shm_has_holding(const struct shm *shm)
{
    return __atomic_load_n(&shm->config.session->holds, __ATOMIC_ACQUIRE) != shm->holds;
}

uint64_t shm_time(const struct shm *shm)
{
    return shm->unpacker.emit.last_ns;
}

uint64_t shm_events(const struct shm *shm)
{
    return shm->unpacker.emit.events;
}

void shm_free(struct shm *shm)
{
    for (uint32_t i = 0; i < shm->lane_count; i++)
        memory_free(shm->rings[i].stack);
    memory_free(shm->rings);
    memory_free(shm->merge.at);
    unpack_done(&shm->unpacker);
    memory_free(shm);
}
