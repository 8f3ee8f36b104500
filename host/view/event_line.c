/* event_line: in an event, out one line of text or one JSON object. */
#include "event_line.h"

#include <inttypes.h>
#include <string.h>

#include "host/base/json.h"
#include "host/base/number.h"
#include "host/base/utf8.h"
#include "host/trace/fault_words.h"
#include "wire/api.h"

static const char *const kind_names[EVENT_KIND_COUNT] = {
    [EVENT_NONE] = "none",
    [EVENT_ALLOC] = "alloc",
    [EVENT_FREE] = "free",
    [EVENT_RESIZE_BEGIN] = "resize_begin",
    [EVENT_RESIZE_END] = "resize_end",
    [EVENT_REFUSE] = "refuse",
    [EVENT_MAP] = "map",
    [EVENT_UNMAP] = "unmap",
    [EVENT_FRAME] = "frame",
    [EVENT_MODULE] = "module",
    [EVENT_THREAD] = "thread",
    [EVENT_PROCESS] = "process",
    [EVENT_HEAP] = "heap",
    [EVENT_SOURCE] = "source",
    [EVENT_THREAD_END] = "thread_end",
    [EVENT_PROCESS_END] = "process_end",
    [EVENT_MARK] = "mark",
    [EVENT_STATE] = "state",
    [EVENT_GAP] = "gap",
    [EVENT_COST] = "cost",
    [EVENT_FAULT] = "fault",
    [EVENT_STACK_USE] = "stack_use",
    [EVENT_HEAP_USE] = "heap_use",
    [EVENT_POOL_USE] = "pool_use",
    [EVENT_ALERT] = "alert",
    [EVENT_BANDWIDTH] = "bandwidth",
    [EVENT_DUMP] = "dump",
    [EVENT_SCAN] = "scan",
    [EVENT_SCAN_SITE] = "scan_site",
    [EVENT_SCAN_BLOCK] = "scan_block",
};

static const char *const api_names[HT_API_COUNT] = {
    [HT_API_NONE] = "",
#define HT_API(name, text, role) [HT_API_##name] = text,
#include "wire/api.def"
#undef HT_API
};

static const char *const how_names[] = {"first", "fork", "exec"};

/* Where members go: to a JSON object, or as " name=value" to text. */
struct members {
    struct json *json; /* NULL: text */
    FILE *out;
};

static void put_unsigned(const struct members *members, const char *name, uint64_t value)
{
    if (members->json)
        json_unsigned(members->json, name, value);
    else
        fprintf(members->out, " %s=%" PRIu64, name, value);
}

/* As put_unsigned, but what is zero is left out: "not known", "none". */
static void put_known(const struct members *members, const char *name, uint64_t value)
{
    if (value)
        put_unsigned(members, name, value);
}

static void put_signed(const struct members *members, const char *name, int64_t value)
{
    if (members->json)
        json_signed(members->json, name, value);
    else
        fprintf(members->out, " %s=%" PRId64, name, value);
}

static void put_hex(const struct members *members, const char *name, uint64_t value)
{
    if (members->json)
        json_hex(members->json, name, value);
    else
        fprintf(members->out, " %s=0x%" PRIx64, name, value);
}

static void put_text(const struct members *members, const char *name, const char *text)
{
    if (members->json) {
        json_text(members->json, name, text);
        return;
    }
    struct str clean = {0};
    utf8_add_clean(&clean, text ? text : "");
    fprintf(members->out, strpbrk(str_text(&clean), " =") || !clean.count ? " %s='%s'" : " %s=%s", name, str_text(&clean));
    str_done(&clean);
}

static void put_bool(const struct members *members, const char *name, bool value)
{
    if (members->json)
        json_bool(members->json, name, value);
    else
        fprintf(members->out, " %s=%s", name, value ? "yes" : "no");
}

static void put_api(const struct members *members, const struct event *event)
{
    if (event->api < HT_API_COUNT && *api_names[event->api])
        put_text(members, "api", api_names[event->api]);
}

static void put_block(const struct members *members, const struct event *event)
{
    put_api(members, event);
    put_hex(members, "address", event->address);
    put_unsigned(members, "size", event->size);
    put_known(members, "usable", event->usable);
    put_known(members, "alignment", event->alignment_log2 ? (uint64_t)1 << (event->alignment_log2 & 63) : 0);
    put_known(members, "stack", event->stack);
    put_known(members, "source", event->source);
    put_known(members, "heap", event->heap);
}

static void put_address(const struct members *members, const struct event *event)
{
    put_api(members, event);
    put_hex(members, "address", event->address);
    put_known(members, "stack", event->stack);
    put_known(members, "heap", event->heap);
}

static void put_resize_end(const struct members *members, const struct event *event)
{
    put_hex(members, "old_address", event->old_address);
    put_block(members, event);
}

static void put_refuse(const struct members *members, const struct event *event)
{
    put_api(members, event);
    put_unsigned(members, "size", event->size);
    put_known(members, "stack", event->stack);
    put_known(members, "source", event->source);
    put_known(members, "heap", event->heap);
}

static void put_map(const struct members *members, const struct event *event)
{
    put_api(members, event);
    put_hex(members, "address", event->address);
    put_unsigned(members, "size", event->size);
    if (event->old_address)
        put_hex(members, "old_address", event->old_address);
    put_known(members, "stack", event->stack);
}

static void put_frame(const struct members *members, const struct event *event)
{
    const struct frame_definition *frame = event->define;
    put_unsigned(members, "id", frame->id);
    put_unsigned(members, "parent", frame->parent);
    put_unsigned(members, "module", frame->module);
    put_hex(members, "offset", frame->offset);
    put_bool(members, "exact", frame->exact);
    if (!frame->function)
        return;
    put_text(members, "function", frame->function);
    put_text(members, "file", frame->file);
    put_unsigned(members, "line", frame->line);
}

static void put_module(const struct members *members, const struct event *event)
{
    const struct module_definition *module = event->define;
    char hex[2 * sizeof module->build_id + 1] = "";
    for (size_t i = 0; i < module->build_id_bytes && i < sizeof module->build_id; i++)
        snprintf(hex + 2 * i, 3, "%02x", module->build_id[i]);
    put_unsigned(members, "id", module->id);
    put_hex(members, "start", module->start);
    put_hex(members, "end", module->end);
    put_hex(members, "bias", module->bias);
    put_text(members, "build_id", hex);
    put_text(members, "path", module->path);
}

static void put_thread(const struct members *members, const struct event *event)
{
    const struct thread_definition *thread = event->define;
    put_unsigned(members, "id", thread->id);
    put_unsigned(members, "tid", thread->tid);
    put_text(members, "name", thread->name);
    if (thread->stack_base)
        put_hex(members, "stack_base", thread->stack_base);
    put_known(members, "stack_bytes", thread->stack_bytes);
    put_known(members, "priority", thread->priority);
}

static void put_process(const struct members *members, const struct event *event)
{
    const struct process_definition *process = event->define;
    put_unsigned(members, "id", process->id);
    put_unsigned(members, "parent", process->parent);
    put_unsigned(members, "pid", process->pid);
    put_text(members, "how", process->how < sizeof how_names / sizeof *how_names ? how_names[process->how] : "?");
    put_text(members, "command", process->command);
}

static void put_caps(const struct members *members, uint32_t caps)
{
    struct str names = {0};
    caps_words(&names, caps);
    if (names.count)
        put_text(members, "caps", str_text(&names));
    str_done(&names);
}

static void put_heap(const struct members *members, const struct event *event)
{
    const struct heap_definition *heap = event->define;
    put_unsigned(members, "id", heap->id);
    put_unsigned(members, "memory", heap->kind);
    put_hex(members, "base", heap->base);
    put_unsigned(members, "size", heap->size);
    put_text(members, "name", heap->name);
    put_caps(members, heap->caps);
}

static void put_source(const struct members *members, const struct event *event)
{
    const struct source_definition *source = event->define;
    put_unsigned(members, "id", source->id);
    put_text(members, "file", source->file);
    put_unsigned(members, "line", source->line);
    put_text(members, "function", source->function);
    put_text(members, "variable", source->variable);
    put_caps(members, source->caps);
    if (source->api && source->api < HT_API_COUNT)
        put_text(members, "api", api_names[source->api]);
}

static void put_process_end(const struct members *members, const struct event *event)
{
    if (event->flags & 1)
        put_text(members, "status", "?");
    else
        put_unsigned(members, "status", event->size);
}

static void put_mark(const struct members *members, const struct event *event)
{
    put_text(members, "label", event->define);
}

static void put_state(const struct members *members, const struct event *event)
{
    put_bool(members, "recording", event->size != 0);
}

static void put_gap(const struct members *members, const struct event *event)
{
    put_unsigned(members, "events", event->size);
    put_known(members, "bytes", event->address);
    put_text(members, "why", event->define);
}

static void put_cost(const struct members *members, const struct event *event)
{
    const struct cost_definition *cost = event->define;
    put_unsigned(members, "events", cost->events);
    put_unsigned(members, "lost_events", cost->lost_events);
    put_unsigned(members, "truncated_stacks", cost->truncated_stacks);
    put_unsigned(members, "late_events", cost->late_events);
    put_unsigned(members, "waits", cost->waits);
    put_unsigned(members, "lanes_refused", cost->lanes_refused);
    put_unsigned(members, "recorder_cpu_ns", cost->recorder_cpu_ns);
    put_unsigned(members, "target_cpu_ns", cost->target_cpu_ns);
    put_unsigned(members, "raw_bytes", cost->raw_bytes);
    put_unsigned(members, "stored_bytes", cost->stored_bytes);
    put_unsigned(members, "clock_ticks_per_s", cost->clock_ticks_per_s);
    put_unsigned(members, "clock", cost->clock);
}

static void put_word(const struct members *members, const char *name, const char *word)
{
    if (*word)
        put_text(members, name, word);
}

static void put_fault(const struct members *members, const struct event *event)
{
    const struct fault_definition *fault = event->define;
    put_word(members, "fault", fault_word(fault->kind));
    put_word(members, "found_by", found_word(fault->found_by));
    put_hex(members, "address", event->address);
    if (fault->block) {
        put_hex(members, "block", fault->block);
        put_unsigned(members, "block_bytes", fault->block_bytes);
    }
    if (fault->bad_bytes) {
        put_signed(members, "first_bad", fault->first_bad);
        put_unsigned(members, "bad_bytes", fault->bad_bytes);
    }
    put_word(members, "guess", guess_word(fault->guess));
    put_known(members, "stack", event->stack);
    put_known(members, "alloc_stack", fault->alloc_stack);
    put_known(members, "free_stack", fault->free_stack);
    put_known(members, "heap", event->heap);
    if (fault->around && *fault->around)
        put_text(members, "around", fault->around);
}

static void put_stack_use(const struct members *members, const struct event *event)
{
    const struct stack_use_definition *use = event->define;
    put_unsigned(members, "size", use->size);
    put_unsigned(members, "least_free", use->least_free);
    put_unsigned(members, "used", use->used);
    if (use->flags & STACK_CANARY_BROKEN)
        put_bool(members, "canary_broken", true);
}

static void put_heap_use(const struct members *members, const struct event *event)
{
    const struct heap_use_definition *use = event->define;
    put_unsigned(members, "heap", event->heap);
    put_unsigned(members, "used", use->used);
    put_unsigned(members, "free", use->free);
    put_unsigned(members, "largest_free", use->largest_free);
    put_unsigned(members, "least_free", use->least_free);
    put_unsigned(members, "blocks", use->blocks);
}

static void put_pool_use(const struct members *members, const struct event *event)
{
    const struct pool_use_definition *use = event->define;
    put_unsigned(members, "heap", event->heap);
    put_unsigned(members, "block_bytes", use->block_bytes);
    put_unsigned(members, "blocks", use->blocks);
    put_unsigned(members, "used", use->used);
    put_unsigned(members, "peak", use->peak);
    put_unsigned(members, "refused", use->refused);
    put_unsigned(members, "waste", use->waste);
}

static void put_alert(const struct members *members, const struct event *event)
{
    const struct alert_definition *alert = event->define;
    put_word(members, "level", level_word(alert->level));
    put_word(members, "rule", rule_word(alert->rule));
    put_unsigned(members, "value", alert->value);
    put_unsigned(members, "threshold", alert->threshold);
    put_text(members, "text", alert->text);
}

static void put_bandwidth(const struct members *members, const struct event *event)
{
    const struct bandwidth_definition *bandwidth = event->define;
    put_unsigned(members, "heap", event->heap);
    put_unsigned(members, "bytes", bandwidth->bytes);
    put_unsigned(members, "read_sequential", bandwidth->read_sequential);
    put_unsigned(members, "write_sequential", bandwidth->write_sequential);
    put_unsigned(members, "read_random", bandwidth->read_random);
    put_unsigned(members, "write_random", bandwidth->write_random);
}

static void put_dump(const struct members *members, const struct event *event)
{
    put_hex(members, "address", event->address);
    put_text(members, "hex", event->define);
}

static const char *const class_names[CLASS_COUNT] = {"", "direct", "indirect", "possible", "reachable"};

static void put_scan(const struct members *members, const struct event *event)
{
    static const char *const moments[] = {"", "end", "abort", "asked"};
    const struct scan_definition *scan = event->define;
    put_unsigned(members, "scan", scan->id);
    put_word(members, "moment", scan->moment < sizeof moments / sizeof *moments ? moments[scan->moment] : "");
    put_unsigned(members, "held_ns", scan->held_ns);
    put_unsigned(members, "mark_ns", scan->mark_ns);
    put_unsigned(members, "block_bytes", scan->block_bytes);
    put_unsigned(members, "root_bytes", scan->root_bytes);
    put_known(members, "unseen", event->size);
    for (unsigned class = CLASS_DIRECT; class < CLASS_COUNT; class++) {
        char name[32];
        snprintf(name, sizeof name, "%s_bytes", class_names[class]);
        put_unsigned(members, name, scan->of[class].bytes);
        snprintf(name, sizeof name, "%s_count", class_names[class]);
        put_unsigned(members, name, scan->of[class].count);
    }
}

static void put_scan_site(const struct members *members, const struct event *event)
{
    const struct scan_site_definition *site = event->define;
    put_unsigned(members, "scan", site->scan);
    put_word(members, "class", class_names[site->class]);
    put_hex(members, "address", event->address);
    put_unsigned(members, "size", event->size);
    put_unsigned(members, "count", site->count);
    if (site->owner)
        put_hex(members, "owner", site->owner);
    put_known(members, "retained_bytes", site->retained_bytes);
    put_known(members, "retained_count", site->retained_count);
    put_known(members, "cycle", site->cycle);
    put_word(members, "chain", site->chain);
    put_known(members, "stack", event->stack);
}

typedef void put_event(const struct members *, const struct event *);

static put_event *const puts_of_kind[EVENT_KIND_COUNT] = {
    [EVENT_ALLOC] = put_block,
    [EVENT_FREE] = put_address,
    [EVENT_RESIZE_BEGIN] = put_address,
    [EVENT_RESIZE_END] = put_resize_end,
    [EVENT_REFUSE] = put_refuse,
    [EVENT_MAP] = put_map,
    [EVENT_UNMAP] = put_map,
    [EVENT_FRAME] = put_frame,
    [EVENT_MODULE] = put_module,
    [EVENT_THREAD] = put_thread,
    [EVENT_PROCESS] = put_process,
    [EVENT_HEAP] = put_heap,
    [EVENT_SOURCE] = put_source,
    [EVENT_PROCESS_END] = put_process_end,
    [EVENT_MARK] = put_mark,
    [EVENT_STATE] = put_state,
    [EVENT_GAP] = put_gap,
    [EVENT_COST] = put_cost,
    [EVENT_FAULT] = put_fault,
    [EVENT_STACK_USE] = put_stack_use,
    [EVENT_HEAP_USE] = put_heap_use,
    [EVENT_POOL_USE] = put_pool_use,
    [EVENT_ALERT] = put_alert,
    [EVENT_BANDWIDTH] = put_bandwidth,
    [EVENT_DUMP] = put_dump,
    [EVENT_SCAN] = put_scan,
    [EVENT_SCAN_SITE] = put_scan_site,
    [EVENT_SCAN_BLOCK] = put_scan_site,
};

/* A definition without its content says no more than its kind. */
static bool needs_definition(unsigned kind)
{
    return (kind >= EVENT_FRAME && kind <= EVENT_SOURCE) || (kind >= EVENT_COST && kind <= EVENT_DUMP) || kind >= EVENT_SCAN;
}

static void members_put(const struct members *members, const struct event *event)
{
    if (event->kind < EVENT_KIND_COUNT && puts_of_kind[event->kind] && (event->define || !needs_definition(event->kind)))
        puts_of_kind[event->kind](members, event);
    if (event->kind == EVENT_PROCESS_END)
        return;
    if (event->flags & EVENT_TRUNCATED)
        put_bool(members, "truncated", true);
    if (event->flags & EVENT_SAMPLED)
        put_bool(members, "sampled", true);
    if (event->flags & EVENT_INHERITED)
        put_bool(members, "inherited", true);
    if (event->flags & EVENT_INTERRUPT)
        put_bool(members, "interrupt", true);
}

const char *event_line_kind(unsigned kind)
{
    return kind < EVENT_KIND_COUNT && kind_names[kind] ? kind_names[kind] : "?";
}

void event_line_text(FILE *out, const struct event *event)
{
    struct members members = {NULL, out};
    fprintf(out, "%" PRIu64 " %" PRIu64 ".%09" PRIu64 " %" PRIu32 "/%" PRIu32 " %s", event->index, event->time_ns / 1000000000, event->time_ns % 1000000000,
            event->process, event->thread, event_line_kind(event->kind));
    members_put(&members, event);
    putc('\n', out);
}

void event_line_json(FILE *out, const struct event *event)
{
    struct json json = {.out = out};
    struct members members = {&json, out};
    json_object(&json, NULL);
    json_unsigned(&json, "index", event->index);
    json_unsigned(&json, "time_ns", event->time_ns);
    json_unsigned(&json, "process", event->process);
    json_unsigned(&json, "thread", event->thread);
    json_text(&json, "kind", event_line_kind(event->kind));
    members_put(&members, event);
    json_end(&json);
}
