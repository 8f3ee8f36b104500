/* definitions: in events that define, out the names and trees that later events refer to. Ids come in order of appearance, so the tables grow only as
 * the trace itself does; an id that jumps is damage and is left out. */
#include "state.h"

#include <string.h>

const char *model_text(struct model *model, const char *text)
{
    return text ? arena_copy_text(&model->texts, text, strlen(text)) : "";
}

static void define_frame(struct model *model, const struct frame_definition *frame)
{
    if (frame->id != model->frames.count || frame->parent >= frame->id)
        return;
    vec_push(&model->frames, ((struct frame_node){frame->parent, 0}));
}

static void define_module(struct model *model, const struct module_definition *module)
{
    struct module made = {.id = module->id,
                          .process = module->process,
                          .start = module->start,
                          .end = module->end,
                          .bias = module->bias,
                          .build_id_bytes = module->build_id_bytes,
                          .path = model_text(model, module->path)};
    if (made.build_id_bytes > sizeof made.build_id)
        made.build_id_bytes = sizeof made.build_id;
    memcpy(made.build_id, module->build_id, made.build_id_bytes);
    vec_push(&model->modules, made);
}

static void define_thread(struct model *model, const struct event *event)
{
    const struct thread_definition *thread = event->define;
    if (!thread->id || thread->id > model->threads.count)
        return;
    if (thread->id == model->threads.count) {
        vec_push(&model->threads, ((struct thread){.id = thread->id, .begin_ns = event->time_ns}));
        model->totals.threads = thread->id;
    }
    struct thread *made = model->threads.at + thread->id;
    made->process = thread->process;
    made->tid = thread->tid;
    made->name = model_text(model, thread->name);
    made->stack_base = thread->stack_base;
    made->stack_bytes = thread->stack_bytes;
    made->priority = thread->priority;
}

static void define_process(struct model *model, const struct event *event)
{
    const struct process_definition *process = event->define;
    if (!process->id || process->id > model->processes.count)
        return;
    if (process->id == model->processes.count) {
        vec_push(&model->processes, ((struct process){.id = process->id, .begin_ns = event->time_ns}));
        model->totals.processes = process->id;
        vec_extend(&model->process_heaps, process->id + 1);
        vec_extend(&model->pages, process->id + 1);
    }
    struct process *made = model->processes.at + process->id;
    made->parent = process->parent;
    made->pid = process->pid;
    made->how = process->how;
    made->command = model_text(model, process->command);
}

static void define_heap(struct model *model, const struct heap_definition *heap)
{
    struct heap *made = &model_heap_of(model, model_process_index(model, heap->process), heap->id)->heap;
    made->kind = heap->kind;
    made->base = heap->base;
    made->size = heap->size;
    made->name = model_text(model, heap->name);
    made->caps = heap->caps;
}

static void define_source(struct model *model, const struct source_definition *source)
{
    if (source->id != model->sources.count)
        return;
    vec_push(&model->sources,
             ((struct source){source->line, model_text(model, source->file), model_text(model, source->function), model_text(model, source->variable),
                              source->caps}));
}

static void define_mark(struct model *model, const struct event *event)
{
    if (model->marks.count < MODEL_MARKS)
        vec_push(&model->marks, ((struct mark){event->time_ns, event->process, event->thread, model_text(model, event->define)}));
}

static void define_scan(struct model *model, const struct event *event)
{
    const struct scan_definition *scan = event->define;
    vec_push(&model->scans, ((struct scan_result){*scan, model_process_index(model, event->process), event->time_ns, event->size, model->totals.events + model->queued}));
}

static void define_scan_finding(struct model *model, const struct event *event)
{
    struct scan_finding made = {*(const struct scan_site_definition *)event->define, model_process_index(model, event->process), event->stack, event->address, event->size};
    if (made.stack >= model->frames.count)
        made.stack = 0;
    made.found.chain = model_text(model, made.found.chain);
    if (event->kind == EVENT_SCAN_SITE)
        vec_push(&model->scan_sites, made);
    else
        vec_push(&model->scan_blocks, made);
}

void model_define(struct model *model, const struct event *event)
{
    switch (event->kind) {
    case EVENT_FRAME:
        define_frame(model, event->define);
        break;
    case EVENT_MODULE:
        define_module(model, event->define);
        break;
    case EVENT_THREAD:
        define_thread(model, event);
        break;
    case EVENT_PROCESS:
        define_process(model, event);
        break;
    case EVENT_HEAP:
        define_heap(model, event->define);
        break;
    case EVENT_SOURCE:
        define_source(model, event->define);
        break;
    case EVENT_MARK:
        define_mark(model, event);
        break;
    case EVENT_COST:
        model->totals.cost = *(const struct cost_definition *)event->define;
        model->totals.cost_known = true;
        break;
    case EVENT_SCAN:
        define_scan(model, event);
        break;
    case EVENT_SCAN_SITE:
    case EVENT_SCAN_BLOCK:
        define_scan_finding(model, event);
        break;
    default:
        model_told(model, event);
        break;
    }
}
