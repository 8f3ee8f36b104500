/* golden: in a seed, out a small trace with every kind of event; or in a trace, out one line per event, as tests/reader.py prints them.
 * usage: golden make SEED COUNT TICK_NS PATH | golden light PATH | golden dump PATH */
#include <inttypes.h>
#include <stdio.h>

#include "tests/golden/light.h"
#include "tests/unit/trace/story.h"
#include "wire/varint.h"

static int golden_make(char **words)
{
    struct story story = {0};
    struct trace_totals totals;
    story_make(&story, (uint32_t)atoi(words[0]), (size_t)atoi(words[1]));
    story_write(&story, words[3], (struct story_way){(uint64_t)atoll(words[2]), 900, 100}, &totals);
    story_done(&story);
    return 0;
}

static void print_frame(const struct frame_definition *frame)
{
    printf(" %u %u %u %" PRIu64 " %d ", frame->id, frame->parent, frame->module, frame->offset, frame->exact);
    if (frame->function)
        printf("%u %s|%s", frame->line, frame->function, frame->file ? frame->file : "");
}

static void print_module(const struct module_definition *module)
{
    printf(" %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 " ", module->id, module->process, module->start, module->end, module->bias);
    for (uint32_t i = 0; i < module->build_id_bytes; i++)
        printf("%02x", module->build_id[i]);
    printf("|%s", module->path);
}

static void print_cost(const struct cost_definition *cost)
{
    const uint64_t *numbers = (const uint64_t *)cost;
    for (size_t i = 0; i < offsetof(struct cost_definition, clock) / sizeof *numbers; i++)
        printf(" %" PRIu64, numbers[i]);
    printf(" %u ", cost->clock);
}

static void print_fault(const struct fault_definition *f)
{
    printf(" %u %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u %s", f->kind, f->found_by, f->guess, f->block, f->block_bytes,
           ht_zigzag(f->first_bad), f->bad_bytes, f->alloc_stack, f->free_stack, f->around);
}

static void print_heap_use(const struct heap_use_definition *use)
{
    printf(" %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " ", use->used, use->free, use->largest_free, use->least_free, use->blocks);
}

static void print_pool_use(const struct pool_use_definition *use)
{
    printf(" %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " ", use->block_bytes, use->blocks, use->used, use->peak, use->refused,
           use->waste);
}

static void print_bandwidth(const struct bandwidth_definition *b)
{
    printf(" %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " ", b->bytes, b->read_sequential, b->write_sequential, b->read_random, b->write_random);
}

static void print_scan(const struct scan_definition *scan)
{
    printf(" %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, scan->id, scan->moment, scan->held_ns, scan->mark_ns, scan->block_bytes, scan->root_bytes);
    for (int class = CLASS_DIRECT; class < CLASS_COUNT; class++)
        printf(" %" PRIu64 " %" PRIu64, scan->of[class].bytes, scan->of[class].count);
    printf(" ");
}

static void print_scan_site(const struct scan_site_definition *site)
{
    printf(" %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %s", site->scan, site->class, site->count, site->owner, site->retained_bytes,
           site->retained_count, site->cycle, site->chain);
}

/* What firmware tells of itself, and what scans found; false: the event is something else. */
static bool print_device(const struct event *event)
{
    const struct stack_use_definition *use = event->define;
    const struct alert_definition *alert = event->define;
    if (event->kind == EVENT_FAULT)
        print_fault(event->define);
    else if (event->kind == EVENT_STACK_USE)
        printf(" %" PRIu64 " %" PRIu64 " %" PRIu64 " %u ", use->size, use->least_free, use->used, use->flags);
    else if (event->kind == EVENT_HEAP_USE)
        print_heap_use(event->define);
    else if (event->kind == EVENT_POOL_USE)
        print_pool_use(event->define);
    else if (event->kind == EVENT_ALERT)
        printf(" %u %u %" PRIu64 " %" PRIu64 " %s", alert->level, alert->rule, alert->value, alert->threshold, alert->text);
    else if (event->kind == EVENT_BANDWIDTH)
        print_bandwidth(event->define);
    else if (event->kind == EVENT_SCAN)
        print_scan(event->define);
    else if (event->kind == EVENT_SCAN_SITE || event->kind == EVENT_SCAN_BLOCK)
        print_scan_site(event->define);
    else
        return false;
    return true;
}

static void print_define(const struct event *event)
{
    const struct thread_definition *thread = event->define;
    const struct process_definition *process = event->define;
    const struct heap_definition *heap = event->define;
    const struct source_definition *source = event->define;
    if (print_device(event))
        return;
    if (event->kind == EVENT_FRAME)
        print_frame(event->define);
    else if (event->kind == EVENT_MODULE)
        print_module(event->define);
    else if (event->kind == EVENT_THREAD)
        printf(" %u %u %u %" PRIu64 " %" PRIu64 " %u %s", thread->id, thread->process, thread->tid, thread->stack_base, thread->stack_bytes, thread->priority,
               thread->name);
    else if (event->kind == EVENT_PROCESS)
        printf(" %u %u %u %u %s", process->id, process->parent, process->pid, process->how, process->command);
    else if (event->kind == EVENT_HEAP)
        printf(" %u %u %u %" PRIu64 " %" PRIu64 " %u %s", heap->id, heap->process, heap->kind, heap->base, heap->size, heap->caps, heap->name);
    else if (event->kind == EVENT_SOURCE)
        printf(" %u %u %u %u %s|%s|%s", source->id, source->line, source->caps, source->api, source->file, source->function, source->variable);
    else if (event->kind == EVENT_COST)
        print_cost(event->define);
    else
        printf(" %s", event->define ? (const char *)event->define : "");
}

static void print_event(const struct event *e)
{
    printf("%" PRIu64 " %u %u %u %u %u %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u", e->index, e->kind, e->api, e->flags,
           e->alignment_log2, e->heap, e->process, e->thread, e->time_ns, e->address, e->size, e->usable, e->old_address, e->stack, e->source);
    print_define(e);
    putchar('\n');
}

static int golden_dump(const char *path)
{
    struct error error = {0};
    struct event event;
    struct trace_reader *reader = trace_open(path, &error);
    if (!reader) {
        fprintf(stderr, "%s\n", error.text);
        return 3;
    }
    const struct trace_header *h = trace_get_header(reader);
    printf("header|%u|%u|%u|%d|%" PRIu64 "|%" PRIu64 "|%" PRIu64 "|%s|%s|%s|%s|%s|%s\n", h->version, h->pointer_bytes, h->page_bytes, h->big_endian, h->tick_ns,
           h->sample_bytes, h->start_unix_ns, h->command, h->machine, h->system, h->directory, h->recorder, h->environment);
    while (trace_next(reader, &event, &error))
        print_event(&event);
    trace_close(reader);
    return error_exit_code(&error);
}

int main(int count, char **words)
{
    if (count == 6 && !strcmp(words[1], "make"))
        return golden_make(words + 2);
    if (count == 3 && !strcmp(words[1], "light"))
        return light_write(words[2]), 0;
    if (count == 3 && !strcmp(words[1], "dump"))
        return golden_dump(words[2]);
    fprintf(stderr, "usage: golden make SEED COUNT TICK_NS PATH | golden light PATH | golden dump PATH\n");
    return 2;
}
