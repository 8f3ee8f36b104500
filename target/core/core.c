/* core: in a configuration, out a tracer that runs in the caller's memory. */
#include "core.h"

#include "leak_scan.h"
#include "live_table.h"
#include "outbox.h"
#include "slots.h"

struct ht_core ht__core;

bool ht__enter(void)
{
    ht_lock before = ht_port_lock();
    if (!ht__core.busy) {
        ht__core.busy = 1;
        ht__core.before = before;
        cost_begin();
        return true;
    }
    ht__core.counters.reentered++;
    ht_port_unlock(before);
    return false;
}

void ht__leave(void)
{
    ht_lock before = ht__core.before;
    cost_end();
    ht__core.busy = 0;
    ht_port_unlock(before);
}

#ifdef __AVR__
__attribute__((noinline)) void ht__count_one(uint32_t *counter)
{
    (*counter)++;
}
#endif

/* What is left of the caller's memory. */
struct rest {
    uint8_t *at;
    size_t bytes;
};

enum { ALIGNMENT = sizeof(uint64_t) > sizeof(void *) ? sizeof(void *) : sizeof(uint64_t), SLOTS_MOST = 16384, IMAGE_MOST = 4096 };

/* All 0; NULL: there is not so much. */
static __attribute__((noinline)) void *rest_take(struct rest *rest, size_t bytes)
{
    uint8_t *taken = rest->at;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes > rest->bytes)
        return NULL;
    rest->at += bytes;
    rest->bytes -= bytes;
    return __builtin_memset(taken, 0, bytes);
}

static bool open_slots(struct rest *rest, const struct ht_config *config)
{
#if HT_FRAMES
    uint8_t depth = config->frames && config->frames < HT_FRAMES ? config->frames : HT_FRAMES;
    size_t each = ht__slots_bytes(1, depth), asked = config->stacks ? config->stacks : rest->bytes / 4 / each;
    uint16_t slots = 1;
    while (slots < SLOTS_MOST && slots * 2u <= asked)
        slots = (uint16_t)(slots * 2);
    return ht__slots_open(rest_take(rest, slots * each), slots, depth);
#else
    (void)rest, (void)config;
    return true;
#endif
}

static bool open_quarantine(struct rest *rest, const struct ht_config *config)
{
#if HT_WITH_GUARD
    ht__core.quarantine.count = config->quarantine;
    ht__core.quarantine.most_bytes = config->quarantine_bytes ? config->quarantine_bytes : SIZE_MAX;
    return (ht__core.quarantine.held = rest_take(rest, config->quarantine * sizeof(struct ht_held)));
#else
    (void)rest, (void)config;
    return true;
#endif
}

static bool open_table(struct rest *rest, const struct ht_config *config)
{
#if HT_WITH_TABLE
    if (!core_keeps())
        return true;
    size_t each = sizeof(struct ht_live) + HT_WITH_ROOTS, asked = config->blocks ? config->blocks : (core_streams() ? rest->bytes / 2 : rest->bytes) / each;
    ht__core.live.count = asked > UINT16_MAX ? UINT16_MAX : (uint16_t)asked;
    ht__core.live.cells = rest_take(rest, ht__core.live.count * each);
#if HT_WITH_ROOTS
    if (ht__core.live.cells)
        ht__leak_open((uint8_t *)(ht__core.live.cells + ht__core.live.count));
#endif
    return ht__core.live.cells && asked;
#else
    (void)rest, (void)config;
    return true;
#endif
}

static bool open_outbox(struct rest *rest)
{
#if HT_WITH_STREAM
    size_t slots = rest->bytes / HT_FRAME_BYTES;
    if (!core_streams())
        return true;
    if (slots < 2)
        return false;
    ht__outbox_open(rest->at, slots > 255 ? 255 : (uint8_t)slots);
#else
    (void)rest;
#endif
    return true;
}

/* What a reset left in the memory makes two boots differ whose clocks begin alike. */
static void identify(const struct ht_config *config)
{
#if HT_WITH_STREAM
    struct ht_image image = ht_port_image();
    size_t seen = config->memory_bytes < HT_FRAME_BYTES ? config->memory_bytes : HT_FRAME_BYTES;
    ht__core.boot = ht__check(HT_CHECK_START ^ ht_port_now() ^ ht__core.boot, config->memory, seen);
    ht__core.image_hash = ht__check(HT_CHECK_START, image.start, image.bytes < IMAGE_MOST ? image.bytes : IMAGE_MOST);
    ht__core.outbox.frame.pc_base = (uintptr_t)image.start;
    ht__core.outbox.frame.address_base = ht__core.heaps[ht__core.heaps[0].bytes ? 0 : HT_HEAPS > 1].base;
#else
    (void)config;
#endif
}

/* Heaps, tasks and pools that were told of before stay. */
static void reset(const struct ht_config *config)
{
    ht_lock before = ht_port_lock();
    __builtin_memset(&ht__core, 0, offsetof(struct ht_core, epoch));
    ht__core.mode = config->mode;
    ht__core.sink = config->sink;
    ht__core.free_stacks = config->free_stacks;
    ht__core.scan_blocks = config->scan;
    ht__core.worst = HT_LIGHT_NO_DATA;
#if HT_WITH_ALERTS
    ht__core.thresholds = config->thresholds;
    ht__core.on_alert = config->on_alert;
    ht__core.alert_context = config->context;
#endif
    ht_port_unlock(before);
}

/* After each change of what it is made of. */
void ht__does_set(void)
{
    uint8_t does = 0;
    if (ht__core.configured && ht__core.running != HT_STATE_IDLE)
        does = core_streams() ? DOES_RUN | DOES_STREAM : DOES_RUN;
    if (ht__core.configured && core_keeps())
        does |= DOES_KEEP;
#if HT_FRAMES
    if (does & DOES_RUN && ht__core.slots.depth)
        does |= ht__core.free_stacks ? DOES_WALK | DOES_WALK_FREES : DOES_WALK;
#endif
    ht__core.does = does;
#if HT_WITH_STREAM
    ht__core.plain = (does & (DOES_RUN | DOES_STREAM | DOES_KEEP | DOES_WALK_FREES)) == (DOES_RUN | DOES_STREAM) && !ht__core.outbox.lost_events;
#endif
}

/* IDLE is told before it is, and else after. */
void ht__state_set(enum ht_running running)
{
    const ht_number state = running;
    if (ht__core.running == running)
        return;
    if (ht__core.running == HT_STATE_IDLE)
        ht__core.running = (uint8_t)running;
    ht__outbox_tell(HT_TOLD_STATE, &state, 1, NULL);
    ht__core.running = (uint8_t)running;
    ht__does_set();
}

static int open(const struct ht_config *config)
{
    size_t lost = (size_t)(-(uintptr_t)config->memory % ALIGNMENT);
    struct rest rest = {(uint8_t *)config->memory + lost, config->memory && config->memory_bytes > lost ? config->memory_bytes - lost : 0};
    if (config->mode == HT_MODE_STREAM ? !HT_WITH_STREAM : !HT_WITH_TABLE || (config->mode == HT_MODE_BOTH && !HT_WITH_STREAM))
        return HT_NOT_COMPILED;
    if (config->mode != HT_MODE_TABLE && (!config->sink || !config->sink->write))
        return HT_NO_SINK;
    reset(config);
    identify(config);
    ht__core.run = rest_take(&rest, sizeof(struct ht_run));
    if (!ht__core.run || !open_slots(&rest, config) || !open_quarantine(&rest, config) || !open_table(&rest, config) || !open_outbox(&rest))
        return HT_TOO_SMALL;
#if HT_WITH_STREAM
    if (core_streams())
        ht__epoch_begin();
#endif
    ht__core.configured = true;
    return 0;
}

int ht_start(const struct ht_config *config)
{
    int wrong = config ? open(config) : ht__core.configured ? 0 : HT_NOT_HERE;
    if (!wrong)
        ht__state_set(HT_STATE_TRACKING);
    return wrong;
}

void ht_stop(void)
{
    if (ht__core.configured)
        ht__state_set(HT_STATE_IDLE);
#if HT_WITH_STREAM
    ht__core.outbox.flush = true;
#endif
}

enum ht_running ht_state(void)
{
    return (enum ht_running)ht__core.running;
}

void ht_mark(const char *label)
{
    const ht_number task = ht_port_in_interrupt() ? 0 : ht_port_task();
    if (label)
        ht__outbox_tell(HT_TOLD_MARK, &task, 1, label);
}

void ht_counters_read(struct ht_counters *counters)
{
    ht_lock before = ht_port_lock();
    *counters = ht__core.counters;
    counters->recording = ht__core.running != HT_STATE_IDLE;
    ht_port_unlock(before);
}
