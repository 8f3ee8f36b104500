/* twin: the hot records, the clock and who is who. */
#include "twin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/base/utf8.h"
#include "wire/api.h"

enum { PAGE_BYTES = 4096 };
static const uint64_t SECOND_NS = 1000000000, TICKS_USUAL = 1000000;

void twin_init(struct twin *twin, const struct twin_sink *sink, const struct flash *flash, const char *from)
{
    *twin = (struct twin){.sink = sink, .flash = flash, .from = from, .slots_age = 1};
}

struct event twin_event(const struct twin *twin, uint8_t kind)
{
    return (struct event){.kind = kind, .process = twin->process, .time_ns = twin->time_ns};
}

void twin_emit(struct twin *twin, struct event event)
{
    twin->events++;
    twin->sink->put(twin->sink->context, &event);
}

void twin_define(struct twin *twin, uint8_t kind, const void *define)
{
    struct event event = twin_event(twin, kind);
    event.define = define;
    twin->sink->put(twin->sink->context, &event);
}

static void time_set(struct twin *twin)
{
    uint64_t now = twin->base_ns + (uint64_t)((unsigned __int128)twin->ticks * SECOND_NS / twin->ticks_per_s);
    twin->time_ns = now > twin->time_ns ? now : twin->time_ns;
}

/* Ticks have 32 bits and wrap. One that lies a little behind the last is of an interrupt: time stands still for it. */
void twin_tick(struct twin *twin, uint32_t tick)
{
    int32_t passed = (int32_t)(tick - twin->tick);
    if (passed <= 0)
        return;
    twin->tick = tick;
    twin->ticks += (uint32_t)passed;
    time_set(twin);
}

void twin_catch_up(struct twin *twin, uint64_t ticks)
{
    uint64_t round = (uint64_t)1 << 32;
    if (ticks > twin->ticks)
        twin->ticks += (ticks - twin->ticks + round / 2) / round * round;
    time_set(twin);
}

uint32_t twin_thread_new(struct twin *twin, uint64_t tid, const char *name)
{
    struct thread_definition thread = {.id = ++twin->thread_count, .process = twin->process, .tid = (uint32_t)tid, .name = name};
    twin_define(twin, EVENT_THREAD, &thread);
    return thread.id;
}

static uint32_t thread_once(struct twin *twin, uint32_t *thread, const char *name)
{
    if (!*thread)
        *thread = twin_thread_new(twin, 0, name);
    return *thread;
}

/* A task whose TASK was not heard has a name of ours until it comes. */
uint32_t twin_thread(struct twin *twin, uint64_t task)
{
    char name[32];
    bool is_new;
    if (!task)
        return thread_once(twin, &twin->main_thread, "main");
    uint64_t *place = map_put(&twin->tasks, task, &is_new);
    if (is_new) {
        *place = twin->task_list.count + 1;
        vec_push(&twin->task_list, ((struct twin_task){0, 0}));
    }
    struct twin_task *made = twin->task_list.at + *place - 1;
    if (!made->thread) {
        snprintf(name, sizeof name, "task %" PRIu64, task);
        made->thread = twin_thread_new(twin, task, name);
    }
    return made->thread;
}

uint32_t twin_source_id(const struct twin *twin, uint64_t source)
{
    const uint64_t *place = source ? map_get(&twin->sources, source) : NULL;
    return place ? twin->source_list.at[*place - 1].id : 0;
}

static uint8_t role_api(uint8_t kind, uint8_t api)
{
    enum { NONE, ALLOC, FREE, RESIZE, MAP };
    static const uint8_t roles[] = {NONE,
#define HT_API(name, text, role) role,
#include "wire/api.def"
#undef HT_API
    };
    bool is_end = kind == HT_TOLD_FREE, is_resize = kind == HT_TOLD_RESIZE || kind == HT_TOLD_RESIZE_FAILED;
    uint8_t role = api < HT_API_COUNT ? roles[api] : NONE;
    bool fits = is_end ? role == FREE : is_resize ? role == RESIZE : role == ALLOC || (kind == HT_TOLD_REFUSE && role == RESIZE);
    return fits ? api : is_end ? HT_API_FREE : is_resize ? HT_API_REALLOC : HT_API_MALLOC;
}

static void resize_put(struct twin *twin, const struct ht_told *told, struct event event)
{
    struct event begin = event;
    begin.kind = EVENT_RESIZE_BEGIN;
    begin.address = told->old_address;
    begin.size = begin.usable = 0;
    event.kind = EVENT_RESIZE_END;
    event.old_address = told->old_address;
    if (told->kind == HT_TOLD_RESIZE) {
        event.heap = begin.heap = twin_died(twin, told->old_address, told->heap);
        event.address = told->address;
        twin_born(twin, told->address, told->size, (uint8_t)event.heap);
    } else {
        event.size = told->size;
        event.address = 0;
    }
    twin_emit(twin, begin);
    twin_emit(twin, event);
}

static void hot_put(struct twin *twin, const struct ht_told *told)
{
    bool is_cut = told->flags & HT_TOLD_CUT, is_interrupt = told->flags & HT_TOLD_INTERRUPT;
    struct event event = twin_event(twin, EVENT_NONE);
    event.api = role_api(told->kind, told->api);
    event.thread = is_interrupt ? thread_once(twin, &twin->interrupt_thread, "interrupt") : twin_thread(twin, told->task);
    event.stack = twin_slot_stack(twin, told->slot, &is_cut);
    event.source = twin_source_id(twin, told->source);
    event.flags = (uint8_t)((is_cut ? EVENT_TRUNCATED : 0) | (is_interrupt ? EVENT_INTERRUPT : 0));
    event.heap = told->heap;
    event.size = told->size;
    event.usable = told->taken;
    event.address = told->address;
    twin->cut_stacks += is_cut;
    if (told->kind == HT_TOLD_RESIZE || told->kind == HT_TOLD_RESIZE_FAILED) {
        resize_put(twin, told, event);
        return;
    }
    event.kind = told->kind == HT_TOLD_ALLOC ? EVENT_ALLOC : told->kind == HT_TOLD_FREE ? EVENT_FREE : EVENT_REFUSE;
    if (told->kind == HT_TOLD_ALLOC)
        twin_born(twin, told->address, told->size, told->heap);
    if (told->kind == HT_TOLD_FREE)
        event.heap = twin_died(twin, told->address, told->heap);
    twin_emit(twin, event);
}

void twin_put(struct twin *twin, const struct ht_heard *heard)
{
    twin_tick(twin, heard->tick);
    if (heard->kind <= HT_TOLD_REFUSE)
        hot_put(twin, &heard->told);
    else if (heard->kind == HT_TOLD_STACK || heard->kind == HT_TOLD_SLICE)
        twin_slot_set(twin, heard);
    else
        twin_put_rare(twin, heard);
}

void twin_gap(struct twin *twin, uint64_t events, uint64_t bytes, const char *why)
{
    struct event event = twin_event(twin, EVENT_GAP);
    event.size = events;
    event.address = bytes;
    event.define = why;
    twin->slots_age++;
    twin->snapshot_is_whole = false;
    twin_emit(twin, event);
}

/* False: the trace cannot be begun. */
/* What a replay must know to find the same addresses (host/replay/guards.h). */
static void environment_make(const struct ht_heard *hello, struct str *out)
{
    if (hello->numbers[HT_HELLO_FLAGS] & HT_HELLO_GUARDS)
        str_add_format(out, "HT_WITH_GUARD=%d,%d,%llu,%llu\n", HT_GUARD_HEAD, HT_GUARD_TAIL, (unsigned long long)hello->numbers[HT_HELLO_QUARANTINE],
                       (unsigned long long)hello->numbers[HT_HELLO_QUARANTINE_BYTES]);
}

static bool trace_begin(struct twin *twin, const struct ht_heard *hello, struct error *error)
{
    struct str machine = {0}, command = {0}, system = {0}, environment = {0};
    char name[HT_TAIL_MOST + 1] = {0};
    memcpy(name, hello->tail, hello->tail_bytes < HT_TAIL_MOST ? hello->tail_bytes : HT_TAIL_MOST);
    utf8_add_clean(&machine, *name ? name : "an unknown machine");
    utf8_add_clean(&command, twin->flash ? flash_path(twin->flash) : "firmware");
    environment_make(hello, &environment);
    str_add(&system, "firmware, from ");
    utf8_add_clean(&system, twin->from);
    struct trace_header header = {.pointer_bytes = twin->pointer_bytes > 2 ? (twin->pointer_bytes + 3) / 4 * 4 : twin->pointer_bytes,
                                  .page_bytes = PAGE_BYTES,
                                  .big_endian = hello->numbers[HT_HELLO_FLAGS] & HT_HELLO_BIG_ENDIAN,
                                  .tick_ns = twin->ticks_per_s >= SECOND_NS ? 1 : SECOND_NS / twin->ticks_per_s,
                                  .start_unix_ns = twin->start_unix_ns,
                                  .command = str_text(&command),
                                  .machine = str_text(&machine),
                                  .system = str_text(&system),
                                  .directory = "",
                                  .recorder = "heaptracer " HT_VERSION,
                                  .environment = str_text(&environment)};
    twin->has_begun = twin->sink->begin(twin->sink->context, &header, error);
    str_done(&machine);
    str_done(&command);
    str_done(&system);
    str_done(&environment);
    return twin->has_begun;
}

/* Nothing of the device that ran before holds for the one that runs now. */
static void device_forget(struct twin *twin)
{
    map_done(&twin->tasks);
    map_done(&twin->sources);
    map_done(&twin->slices);
    twin->task_list.count = twin->source_list.count = 0;
    twin->main_thread = twin->interrupt_thread = twin->unseen_thread = 0;
    twin->ticks = 0;
    twin_blocks_forget(twin);
}

static void process_begin(struct twin *twin, const struct ht_heard *hello, uint64_t now_ns)
{
    struct event end = twin_event(twin, EVENT_PROCESS_END);
    end.flags = 1;
    if (twin->process)
        twin_emit(twin, end);
    device_forget(twin);
    twin->base_ns = twin->process && now_ns > twin->time_ns ? now_ns : twin->time_ns;
    twin->tick = hello->tick;
    twin->process++;
    twin->is_tracking = true;
    time_set(twin);
    struct str command = {0};
    utf8_add_clean(&command, twin->flash ? flash_path(twin->flash) : "firmware");
    twin_define(twin, EVENT_PROCESS, &(struct process_definition){.id = twin->process, .pid = twin->process, .command = str_text(&command)});
    str_done(&command);
    thread_once(twin, &twin->main_thread, "main");
    twin_modules(twin, hello);
}

bool twin_hello(struct twin *twin, const struct ht_heard *hello, bool restarted, uint64_t now_ns, struct error *error)
{
    uint64_t pointer = hello->numbers[HT_HELLO_POINTER_BYTES], rate = hello->numbers[HT_HELLO_TICKS_PER_S];
    if (twin->has_begun && pointer != twin->pointer_bytes)
        return error_set(error, ERROR_READ, "another kind of device speaks on this line now (%" PRIu64 "-byte pointers): a trace can hold one kind", pointer);
    if (!rate)
        str_add(&twin->note, "the device does not tell how fast its clock is: times are as if it had 1 MHz\n");
    twin->pointer_bytes = (uint32_t)pointer;
    twin->ticks_per_s = rate ? rate : TICKS_USUAL;
    twin->has_slices = hello->numbers[HT_HELLO_FLAGS] & HT_HELLO_SLICES;
    twin->has_words = hello->numbers[HT_HELLO_FLAGS] & HT_HELLO_WORD_PCS;
    twin->slots_age++;
    if (!twin->has_begun && !trace_begin(twin, hello, error))
        return false;
    if (restarted || !twin->process)
        process_begin(twin, hello, now_ns);
    twin_tick(twin, hello->tick);
    return true;
}

void twin_done(struct twin *twin)
{
    device_forget(twin);
    map_done(&twin->frames);
    caller_walk_close(&twin->walk);
    vec_done(&twin->task_list);
    vec_done(&twin->source_list);
    vec_done(&twin->slots);
    vec_done(&twin->live);
    vec_done(&twin->found);
    str_done(&twin->note);
}
