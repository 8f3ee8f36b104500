/* judge: an event must be the very one that is due after the gaps that were told. */
#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void wrong(struct judge *judge, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void wrong(struct judge *judge, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    if (!judge->wrong++)
        vsnprintf(judge->first, sizeof judge->first, format, values);
    va_end(values);
}

static void frame_see(struct judge *judge, const struct frame_definition *frame)
{
    if (!judge->frames.count)
        vec_extend(&judge->frames, 1);
    if (frame->id != judge->frames.count)
        wrong(judge, "frame %u defined after %zu", frame->id, judge->frames.count - 1);
    vec_push(&judge->frames, ((struct judge_frame){frame->parent, frame->offset, frame->function != NULL}));
}

static void stack_check(struct judge *judge, uint32_t stack, const struct sim_event *truth, bool is_cut)
{
    ht_number pcs[SIM_DEPTH];
    if (!truth->stack || !stack) {
        if (stack || truth->stack)
            wrong(judge, "event %llu: stack %u, its true number is %u", (unsigned long long)judge->next, stack, truth->stack);
        return;
    }
    judge->stacks++;
    if (judge->frames.at[stack].is_lost) {
        judge->stacks_lost++;
        return;
    }
    sim_pcs(truth->stack, pcs);
    for (unsigned i = 0; i < SIM_DEPTH; i++, stack = judge->frames.at[stack].parent)
        if (!stack || judge->frames.at[stack].pc != pcs[i]) {
            wrong(judge, "event %llu: frame %u of its stack is wrong", (unsigned long long)judge->next, i);
            return;
        }
    if (stack || is_cut != truth->stack % 2)
        wrong(judge, "event %llu: its stack is too long, or wrongly cut", (unsigned long long)judge->next);
}

static uint8_t kind_of(uint8_t told)
{
    static const uint8_t kinds[] = {[HT_TOLD_ALLOC] = EVENT_ALLOC, [HT_TOLD_FREE] = EVENT_FREE, [HT_TOLD_RESIZE] = EVENT_RESIZE_END,
                                    [HT_TOLD_RESIZE_FAILED] = EVENT_RESIZE_END, [HT_TOLD_REFUSE] = EVENT_REFUSE};
    return kinds[told];
}

static void event_check(struct judge *judge, const struct event *event)
{
    const struct sim *sim = judge->sim;
    if (judge->next >= sim->told || judge->next + SIM_KEPT < sim->told) {
        wrong(judge, "an event %llu that is not among the %llu told", (unsigned long long)judge->next, (unsigned long long)sim->told);
        return;
    }
    const struct sim_event *truth = sim->events + judge->next % SIM_KEPT;
    const struct ht_told *told = &truth->told;
    bool is_resize = event->kind == EVENT_RESIZE_END, is_interrupt = told->flags & HT_TOLD_INTERRUPT;
    if (event->kind != kind_of(told->kind) || (told->kind <= HT_TOLD_RESIZE && event->address != told->address) || (told->kind == HT_TOLD_RESIZE_FAILED && event->address) ||
        (told->kind != HT_TOLD_FREE && event->size != told->size) || (is_resize && (event->old_address != told->old_address || judge->begin.address != told->old_address)) ||
        event->usable != told->taken)
        wrong(judge, "event %llu: kind %u address %llx size %llu, but kind %u address %llx size %llu is true", (unsigned long long)judge->next, event->kind,
              (unsigned long long)event->address, (unsigned long long)event->size, told->kind, (unsigned long long)told->address, (unsigned long long)told->size);
    if (is_interrupt != (event->flags == (event->flags | EVENT_INTERRUPT)) || (!is_interrupt && judge->tids.at[event->thread] != told->task))
        wrong(judge, "event %llu: of another task", (unsigned long long)judge->next);
    stack_check(judge, event->stack, truth, event->flags & EVENT_TRUNCATED);
    judge->judged++;
    judge->next++;
}

static void gap_see(struct judge *judge, const struct event *event)
{
    judge->next += event->size;
    judge->missing += event->size;
}

static void judge_put(void *context, const struct event *event)
{
    struct judge *judge = context;
    switch (event->kind) {
    case EVENT_FRAME:
        frame_see(judge, event->define);
        break;
    case EVENT_THREAD:
        vec_extend(&judge->tids, ((const struct thread_definition *)event->define)->id + 1u);
        judge->tids.at[((const struct thread_definition *)event->define)->id] = ((const struct thread_definition *)event->define)->tid;
        break;
    case EVENT_PROCESS:
        judge->processes++;
        judge->next = 0;
        break;
    case EVENT_GAP:
        gap_see(judge, event);
        break;
    case EVENT_RESIZE_BEGIN:
        judge->begin = *event;
        break;
    case EVENT_ALLOC:
    case EVENT_FREE:
    case EVENT_RESIZE_END:
    case EVENT_REFUSE:
        event_check(judge, event);
        break;
    default:
        break;
    }
}

static bool judge_begin(void *context, const struct trace_header *header, struct error *error)
{
    (void)context;
    (void)error;
    return header->pointer_bytes == 4;
}

struct twin_sink judge_sink(struct judge *judge)
{
    return (struct twin_sink){judge_begin, judge_put, judge};
}

void judge_done(struct judge *judge)
{
    vec_done(&judge->frames);
    vec_done(&judge->tids);
}
