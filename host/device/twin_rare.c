/* twin_rare: in the rare records of a device, out definitions, states, marks and what it says of its health. */
#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

#include "host/base/utf8.h"
#include "twin.h"

/* The tail as a text. */
static const char *tail_text(const struct ht_heard *heard, struct str *text)
{
    char bytes[UINT8_MAX + 1] = {0};
    memcpy(bytes, heard->tail, heard->tail_bytes < UINT8_MAX ? heard->tail_bytes : UINT8_MAX);
    utf8_add_clean(text, bytes);
    return str_text(text);
}

static const char *tail_hex(const struct ht_heard *heard, struct str *text)
{
    for (size_t i = 0; i < heard->tail_bytes; i++)
        str_add_format(text, "%02x", heard->tail[i]);
    return str_text(text);
}

static void heap_put(struct twin *twin, const struct ht_heard *heard, const char *name)
{
    const uint64_t *n = heard->numbers;
    if (n[HT_HEAP_ID] >= TWIN_HEAPS)
        return;
    twin_define(twin, EVENT_HEAP, &(struct heap_definition){.id = (uint32_t)n[HT_HEAP_ID], .process = twin->process, .kind = (uint32_t)n[HT_HEAP_KIND],
                                                            .base = n[HT_HEAP_BASE], .size = n[HT_HEAP_SIZE], .caps = (uint32_t)n[HT_HEAP_CAPS], .name = name});
}

/* A number that another task has now is another thread; the same task told again may have a new name. */
static void task_put(struct twin *twin, const struct ht_heard *heard, const char *name)
{
    const uint64_t *n = heard->numbers;
    struct thread_definition thread = {.process = twin->process, .tid = (uint32_t)n[HT_TASK_ID], .name = name, .stack_base = n[HT_TASK_STACK_BASE],
                                       .stack_bytes = n[HT_TASK_STACK_BYTES], .priority = (uint32_t)n[HT_TASK_PRIORITY]};
    if (n[HT_TASK_ID] > UINT16_MAX)
        return;
    uint64_t *place = map_put(&twin->tasks, n[HT_TASK_ID], NULL);
    if (!*place) {
        *place = twin->task_list.count + 1;
        vec_push(&twin->task_list, ((struct twin_task){0, n[HT_TASK_HANDLE]}));
    }
    struct twin_task *task = twin->task_list.at + *place - 1;
    if (!n[HT_TASK_ID] && !task->thread)
        task->thread = twin->main_thread;
    if (!task->thread || (task->handle && task->handle != n[HT_TASK_HANDLE]))
        task->thread = ++twin->thread_count;
    task->handle = n[HT_TASK_HANDLE];
    if (!n[HT_TASK_ID])
        twin->main_thread = task->thread;
    thread.id = task->thread;
    twin_define(twin, EVENT_THREAD, &thread);
}

static void task_end(struct twin *twin, uint64_t task)
{
    uint64_t *place = task ? map_get(&twin->tasks, task) : NULL;
    struct event event = twin_event(twin, EVENT_THREAD_END);
    if (!place || !twin->task_list.at[*place - 1].thread)
        return;
    event.thread = twin->task_list.at[*place - 1].thread;
    twin->task_list.at[*place - 1] = (struct twin_task){0};
    twin_emit(twin, event);
}

static const char *source_text(const struct twin *twin, uint64_t pointer, struct str *text)
{
    struct str raw = {0};
    if (twin->flash && !twin->has_wrong_file && flash_text(twin->flash, pointer, &raw))
        utf8_add_clean(text, str_text(&raw));
    str_done(&raw);
    return str_text(text);
}

/* Told again in each epoch: only what is new is defined. */
static void source_put(struct twin *twin, const struct ht_heard *heard)
{
    const uint64_t *n = heard->numbers;
    uint64_t digest = XXH3_64bits(n, HT_SOURCE_NUMBERS * sizeof *n);
    if (!n[HT_SOURCE_ID] || n[HT_SOURCE_ID] > UINT16_MAX)
        return;
    uint64_t *place = map_put(&twin->sources, n[HT_SOURCE_ID], NULL);
    if (*place && twin->source_list.at[*place - 1].digest == digest)
        return;
    if (!*place) {
        vec_push(&twin->source_list, ((struct twin_source){0}));
        *place = twin->source_list.count;
    }
    twin->source_list.at[*place - 1] = (struct twin_source){++twin->source_count, digest};
    struct str file = {0}, function = {0}, variable = {0};
    twin_define(twin, EVENT_SOURCE, &(struct source_definition){.id = twin->source_count,
                                                                .line = (uint32_t)n[HT_SOURCE_LINE],
                                                                .file = source_text(twin, n[HT_SOURCE_FILE], &file),
                                                                .function = source_text(twin, n[HT_SOURCE_FUNCTION], &function),
                                                                .variable = source_text(twin, n[HT_SOURCE_VARIABLE], &variable),
                                                                .caps = (uint32_t)n[HT_SOURCE_CAPS],
                                                                .api = (uint32_t)n[HT_SOURCE_API]});
    str_done(&file);
    str_done(&function);
    str_done(&variable);
}

static void fault_put(struct twin *twin, const struct ht_heard *heard, const char *around)
{
    const uint64_t *n = heard->numbers;
    bool is_cut = false, other = false;
    struct fault_definition fault = {.kind = (uint32_t)n[HT_FAULT_KIND], .found_by = (uint32_t)n[HT_FAULT_FOUND_BY], .guess = (uint32_t)n[HT_FAULT_GUESS],
                                     .block = n[HT_FAULT_BLOCK], .block_bytes = n[HT_FAULT_SIZE], .first_bad = ht_unzigzag(n[HT_FAULT_OFFSET]),
                                     .bad_bytes = n[HT_FAULT_COUNT], .around = around};
    fault.alloc_stack = twin_slot_stack(twin, n[HT_FAULT_ALLOC_SLOT], &other);
    fault.free_stack = twin_slot_stack(twin, n[HT_FAULT_FREE_SLOT], &other);
    uint32_t thread = twin_thread(twin, n[HT_FAULT_TASK] & UINT16_MAX), stack = twin_slot_stack(twin, n[HT_FAULT_HIT_SLOT], &is_cut);
    struct event event = twin_event(twin, EVENT_FAULT);
    event.thread = thread;
    event.stack = stack;
    event.address = n[HT_FAULT_ADDRESS];
    event.flags = is_cut ? EVENT_TRUNCATED : 0;
    event.define = &fault;
    twin_emit(twin, event);
}

static void told_put(struct twin *twin, uint8_t kind, uint64_t thread, uint64_t heap, uint64_t address, const void *define)
{
    struct event event = twin_event(twin, kind);
    event.thread = (uint32_t)thread;
    event.heap = heap & UINT8_MAX;
    event.address = address;
    event.define = define;
    twin_emit(twin, event);
}

static void use_put(struct twin *twin, const struct ht_heard *heard)
{
    const uint64_t *n = heard->numbers;
    if (heard->kind == HT_TOLD_HEAP_USE) {
        struct heap_use_definition use = {n[HT_HEAP_USE_USED], n[HT_HEAP_USE_FREE], n[HT_HEAP_USE_LARGEST], n[HT_HEAP_USE_LEAST], n[HT_HEAP_USE_BLOCKS]};
        told_put(twin, EVENT_HEAP_USE, 0, n[HT_HEAP_USE_HEAP], 0, &use);
    } else if (heard->kind == HT_TOLD_STACK_USE) {
        struct stack_use_definition use = {n[HT_STACK_USE_SIZE], n[HT_STACK_USE_LEAST_FREE], n[HT_STACK_USE_NOW], (uint32_t)n[HT_STACK_USE_FLAGS]};
        told_put(twin, EVENT_STACK_USE, twin_thread(twin, n[HT_STACK_USE_TASK] & UINT16_MAX), 0, 0, &use);
    } else if (heard->kind == HT_TOLD_POOL_USE) {
        struct pool_use_definition use = {n[HT_POOL_USE_BLOCK_BYTES], n[HT_POOL_USE_BLOCKS], n[HT_POOL_USE_USED], n[HT_POOL_USE_PEAK], n[HT_POOL_USE_REFUSED],
                                          n[HT_POOL_USE_WASTE]};
        told_put(twin, EVENT_POOL_USE, 0, n[HT_POOL_USE_HEAP], 0, &use);
    } else {
        struct bandwidth_definition use = {n[HT_BANDWIDTH_BYTES], n[HT_BANDWIDTH_READ], n[HT_BANDWIDTH_WRITE], n[HT_BANDWIDTH_RANDOM_READ],
                                           n[HT_BANDWIDTH_RANDOM_WRITE]};
        told_put(twin, EVENT_BANDWIDTH, 0, n[HT_BANDWIDTH_HEAP], 0, &use);
    }
}

/* Only a change of whether events are recorded is one for the trace. */
static void state_put(struct twin *twin, uint64_t state)
{
    bool is_tracking = state == HT_TOLD_TRACKING || state == HT_TOLD_ALERTING || state == HT_TOLD_REPORTING;
    struct event event = twin_event(twin, EVENT_STATE);
    if (is_tracking == twin->is_tracking)
        return;
    twin->is_tracking = is_tracking;
    event.size = is_tracking;
    twin_emit(twin, event);
}

static void lost_put(struct twin *twin, const struct ht_heard *heard)
{
    static const char *const whys[] = {"the device's ring was full", "the device had a record that fits no frame", "recording on the device was paused"};
    uint64_t why = heard->numbers[HT_LOST_WHY];
    struct event event = twin_event(twin, EVENT_GAP);
    event.size = heard->numbers[HT_LOST_EVENTS];
    event.address = heard->numbers[HT_LOST_BYTES];
    event.define = why < sizeof whys / sizeof *whys ? whys[why] : "the device lost them";
    twin->snapshot_is_whole = false;
    twin_emit(twin, event);
}

static void text_put(struct twin *twin, const struct ht_heard *heard, const char *text)
{
    const uint64_t *n = heard->numbers;
    if (heard->kind == HT_TOLD_HEAP)
        heap_put(twin, heard, text);
    else if (heard->kind == HT_TOLD_TASK)
        task_put(twin, heard, text);
    else if (heard->kind == HT_TOLD_MARK)
        told_put(twin, EVENT_MARK, twin_thread(twin, *n & UINT16_MAX), 0, 0, text);
    else
        told_put(twin, EVENT_ALERT, 0, 0, 0,
                 &(struct alert_definition){(uint32_t)n[HT_ALERT_LEVEL], (uint32_t)n[HT_ALERT_RULE], n[HT_ALERT_VALUE], n[HT_ALERT_THRESHOLD], text});
}

void twin_put_rare(struct twin *twin, const struct ht_heard *heard)
{
    struct str text = {0};
    switch (heard->kind) {
    case HT_TOLD_HEAP:
    case HT_TOLD_TASK:
    case HT_TOLD_MARK:
    case HT_TOLD_ALERT:
        text_put(twin, heard, tail_text(heard, &text));
        break;
    case HT_TOLD_FAULT:
        fault_put(twin, heard, tail_hex(heard, &text));
        break;
    case HT_TOLD_DUMP:
        told_put(twin, EVENT_DUMP, 0, 0, heard->numbers[0], tail_hex(heard, &text));
        break;
    case HT_TOLD_TASK_END:
        task_end(twin, heard->numbers[0]);
        break;
    case HT_TOLD_SOURCE:
        source_put(twin, heard);
        break;
    case HT_TOLD_HEAP_USE:
    case HT_TOLD_STACK_USE:
    case HT_TOLD_POOL_USE:
    case HT_TOLD_BANDWIDTH:
        use_put(twin, heard);
        break;
    case HT_TOLD_STATE:
        state_put(twin, heard->numbers[0]);
        break;
    case HT_TOLD_LOST:
        lost_put(twin, heard);
        break;
    case HT_TOLD_COST:
        memcpy(twin->cost, heard->numbers, sizeof twin->cost);
        break;
    case HT_TOLD_SNAPSHOT:
        twin_snapshot(twin, heard);
        break;
    case HT_TOLD_BLOCK:
        twin_block(twin, heard);
        break;
    default: /* of a later version */
        break;
    }
    str_done(&text);
}
