/* define: to and from record stand side by side, per kind. */
#include "define.h"

#include <string.h>

enum { BUILD_ID_BYTES = sizeof((struct module_definition *)0)->build_id };

static const char *text_or_null(const char *text)
{
    return text && *text ? text : NULL;
}

static void frame_to(const struct frame_definition *frame, struct ht_record *record)
{
    record->numbers[0] = frame->id;
    record->numbers[1] = frame->parent;
    record->numbers[2] = frame->module;
    record->numbers[3] = frame->offset;
    record->numbers[4] = frame->exact;
    record->numbers[5] = frame->line;
    record->texts[0] = frame->function;
    record->texts[1] = frame->file;
}

static void frame_from(const struct ht_record *record, struct frame_definition *frame)
{
    frame->id = (uint32_t)record->numbers[0];
    frame->parent = (uint32_t)record->numbers[1];
    frame->module = (uint32_t)record->numbers[2];
    frame->offset = record->numbers[3];
    frame->exact = record->numbers[4] != 0;
    frame->line = (uint32_t)record->numbers[5];
    frame->function = text_or_null(record->texts[0]);
    frame->file = text_or_null(record->texts[1]);
}

static void module_to(const struct module_definition *module, struct ht_record *record, char *text)
{
    static const char digits[] = "0123456789abcdef";
    record->numbers[0] = module->id;
    record->numbers[1] = module->process;
    record->numbers[2] = module->start;
    record->numbers[3] = module->end;
    record->numbers[4] = module->bias;
    uint32_t bytes = module->build_id_bytes < BUILD_ID_BYTES ? module->build_id_bytes : BUILD_ID_BYTES;
    for (uint32_t i = 0; i < bytes; i++) {
        text[i * 2] = digits[module->build_id[i] >> 4];
        text[i * 2 + 1] = digits[module->build_id[i] & 15];
    }
    text[bytes * 2] = 0;
    record->texts[0] = text;
    record->texts[1] = module->path;
}

static int digit_value(char digit)
{
    return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static void module_from(const struct ht_record *record, struct module_definition *module)
{
    module->id = (uint32_t)record->numbers[0];
    module->process = (uint32_t)record->numbers[1];
    module->start = record->numbers[2];
    module->end = record->numbers[3];
    module->bias = record->numbers[4];
    const char *text = record->texts[0];
    for (uint32_t i = 0; i < BUILD_ID_BYTES && digit_value(text[0]) >= 0 && digit_value(text[1]) >= 0; i++, text += 2)
        module->build_id[module->build_id_bytes++] = (uint8_t)(digit_value(text[0]) << 4 | digit_value(text[1]));
    module->path = record->texts[1];
}

static void thread_to(const struct thread_definition *thread, struct ht_record *record)
{
    record->numbers[0] = thread->id;
    record->numbers[1] = thread->process;
    record->numbers[2] = thread->tid;
    record->numbers[3] = thread->stack_base;
    record->numbers[4] = thread->stack_bytes;
    record->numbers[5] = thread->priority;
    record->texts[0] = thread->name;
}

static void thread_from(const struct ht_record *record, struct thread_definition *thread)
{
    const uint64_t *n = record->numbers;
    *thread = (struct thread_definition){(uint32_t)n[0], (uint32_t)n[1], (uint32_t)n[2], record->texts[0], n[3], n[4], (uint32_t)n[5]};
}

static void process_to(const struct process_definition *process, struct ht_record *record)
{
    record->numbers[0] = process->id;
    record->numbers[1] = process->parent;
    record->numbers[2] = process->pid;
    record->numbers[3] = process->how;
    record->texts[0] = process->command;
}

static void process_from(const struct ht_record *record, struct process_definition *process)
{
    *process = (struct process_definition){(uint32_t)record->numbers[0], (uint32_t)record->numbers[1], (uint32_t)record->numbers[2],
                                           (uint32_t)record->numbers[3], record->texts[0]};
}

static void heap_to(const struct heap_definition *heap, struct ht_record *record)
{
    record->numbers[0] = heap->id;
    record->numbers[1] = heap->process;
    record->numbers[2] = heap->kind;
    record->numbers[3] = heap->base;
    record->numbers[4] = heap->size;
    record->numbers[5] = heap->caps;
    record->texts[0] = heap->name;
}

static void heap_from(const struct ht_record *record, struct heap_definition *heap)
{
    const uint64_t *n = record->numbers;
    *heap = (struct heap_definition){(uint32_t)n[0], (uint32_t)n[1], (uint32_t)n[2], n[3], n[4], record->texts[0], (uint32_t)n[5]};
}

static void source_to(const struct source_definition *source, struct ht_record *record)
{
    record->numbers[0] = source->id;
    record->numbers[1] = source->line;
    record->numbers[2] = source->caps;
    record->numbers[3] = source->api;
    record->texts[0] = source->file;
    record->texts[1] = source->function;
    record->texts[2] = source->variable;
}

static void source_from(const struct ht_record *record, struct source_definition *source)
{
    const uint64_t *n = record->numbers;
    *source = (struct source_definition){(uint32_t)n[0], (uint32_t)n[1], record->texts[0], record->texts[1], record->texts[2], (uint32_t)n[2], (uint32_t)n[3]};
}

void define_cost_to_record(const struct cost_definition *cost, struct ht_record *record)
{
    const uint64_t numbers[] = {cost->events,    cost->lost_events,   cost->truncated_stacks,  cost->late_events,
                                cost->waits,     cost->lanes_refused, cost->recorder_cpu_ns,   cost->target_cpu_ns,
                                cost->raw_bytes, cost->stored_bytes,  cost->clock_ticks_per_s, cost->clock};
    memcpy(record->numbers, numbers, sizeof numbers);
}

void define_cost_from_record(const struct ht_record *record, struct cost_definition *cost)
{
    const uint64_t *n = record->numbers;
    *cost = (struct cost_definition){n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], (uint32_t)n[11]};
}

void define_to_record(const struct event *event, struct ht_record *record, char *text)
{
    *record = (struct ht_record){.kind = event->kind};
    record->numbers[HT_NUMBER_PROCESS] = event->process;
    record->numbers[HT_NUMBER_THREAD] = event->thread;
    record->numbers[HT_NUMBER_API] = event->api;
    record->numbers[HT_NUMBER_FLAGS] = event->flags;
    record->numbers[HT_NUMBER_ALIGNMENT_LOG2] = event->alignment_log2;
    record->numbers[HT_NUMBER_HEAP_ID] = event->heap;
    record->numbers[HT_NUMBER_ADDRESS] = event->address;
    record->numbers[HT_NUMBER_SIZE] = event->size;
    record->numbers[HT_NUMBER_USABLE] = event->usable;
    record->numbers[HT_NUMBER_OLD_ADDRESS] = event->old_address;
    record->numbers[HT_NUMBER_STACK] = event->stack;
    record->numbers[HT_NUMBER_SOURCE_ID] = event->source;
    if (!event->define)
        return;
    switch (event->kind) {
    case EVENT_FRAME:
        frame_to(event->define, record);
        break;
    case EVENT_MODULE:
        module_to(event->define, record, text);
        break;
    case EVENT_THREAD:
        thread_to(event->define, record);
        break;
    case EVENT_PROCESS:
        process_to(event->define, record);
        break;
    case EVENT_HEAP:
        heap_to(event->define, record);
        break;
    case EVENT_SOURCE:
        source_to(event->define, record);
        break;
    case EVENT_COST:
        define_cost_to_record(event->define, record);
        break;
    case EVENT_MARK:
    case EVENT_GAP:
    case EVENT_DUMP:
        record->texts[0] = event->define;
        break;
    default:
        define_device_to_record(event, record);
        define_scan_to_record(event, record);
        break;
    }
}

static const void *define_of(const struct ht_record *record, union define_any *any)
{
    memset(any, 0, sizeof *any);
    switch (record->kind) {
    case HT_RECORD_FRAME:
        return frame_from(record, &any->frame), any;
    case HT_RECORD_MODULE:
        return module_from(record, &any->module), any;
    case HT_RECORD_THREAD:
        return thread_from(record, &any->thread), any;
    case HT_RECORD_PROCESS:
        return process_from(record, &any->process), any;
    case HT_RECORD_HEAP:
        return heap_from(record, &any->heap), any;
    case HT_RECORD_SOURCE:
        return source_from(record, &any->source), any;
    case HT_RECORD_COST:
        return define_cost_from_record(record, &any->cost), any;
    case HT_RECORD_MARK:
    case HT_RECORD_GAP:
    case HT_RECORD_DUMP:
        return record->texts[0];
    default:
        return define_device_from_record(record, any) || define_scan_from_record(record, any) ? any : NULL;
    }
}

bool define_from_record(const struct ht_record *record, struct event *event, union define_any *any)
{
    if (!record->kind || record->kind >= EVENT_KIND_COUNT)
        return false;
    *event = (struct event){
        .kind = (uint8_t)record->kind,
        .api = (uint8_t)record->numbers[HT_NUMBER_API],
        .flags = (uint8_t)record->numbers[HT_NUMBER_FLAGS],
        .alignment_log2 = (uint8_t)record->numbers[HT_NUMBER_ALIGNMENT_LOG2],
        .heap = (uint32_t)record->numbers[HT_NUMBER_HEAP_ID],
        .process = (uint32_t)record->numbers[HT_NUMBER_PROCESS],
        .thread = (uint32_t)record->numbers[HT_NUMBER_THREAD],
        .address = record->numbers[HT_NUMBER_ADDRESS],
        .size = record->numbers[HT_NUMBER_SIZE],
        .usable = record->numbers[HT_NUMBER_USABLE],
        .old_address = record->numbers[HT_NUMBER_OLD_ADDRESS],
        .stack = (uint32_t)record->numbers[HT_NUMBER_STACK],
        .source = (uint32_t)record->numbers[HT_NUMBER_SOURCE_ID],
    };
    event->define = define_of(record, any);
    return true;
}
