/* course: in refusals, page maps, ends and gaps, out their counts and what ending processes leave. */
#include "step.h"

void apply_refuse(struct model *model, const struct event *event)
{
    if (model_is_left_out(model, event))
        return;
    uint32_t site = model_site(model, event->stack);
    model->totals.refused++;
    model->processes.at[event->process].refused++;
    model->threads.at[event->thread].refused++;
    model->sites.at[site].refused++;
    model_heap_of(model, event->process, event->heap)->heap.refused++;
    model_change(model, CHANGE_REFUSE, event)->site = site;
}

static void model_count_pages(struct model *model, uint64_t before, const struct event *event)
{
    struct process *owner = model->processes.at + event->process;
    owner->mapped_bytes = model->pages.at[event->process].bytes;
    model->totals.mapped_bytes += owner->mapped_bytes - before;
    if (owner->mapped_bytes > owner->mapped_peak_bytes)
        owner->mapped_peak_bytes = owner->mapped_bytes;
    if (model->totals.mapped_bytes <= model->totals.mapped_peak_bytes)
        return;
    model->totals.mapped_peak_bytes = model->totals.mapped_bytes;
    model->totals.mapped_peak_time_ns = event->time_ns;
}

static ht_addr range_end(ht_addr start, uint64_t size)
{
    return start + size < start ? UINT64_MAX : start + size;
}

void apply_map(struct model *model, const struct event *event)
{
    if (model_is_left_out(model, event))
        return;
    struct pages *pages = model->pages.at + event->process;
    uint64_t before = pages->bytes;
    uint32_t site = model_site(model, event->stack);
    pages_map(pages, &(struct page_range){event->address, range_end(event->address, event->size), event->time_ns, site, event->thread, event->process});
    model->totals.maps++;
    model->sites.at[site].maps++;
    model_count_pages(model, before, event);
    model_change(model, CHANGE_MAP, event)->site = site;
}

void apply_unmap(struct model *model, const struct event *event)
{
    struct pages *pages = model->pages.at + event->process;
    uint64_t before = pages->bytes;
    pages_unmap(pages, event->address, range_end(event->address, event->size));
    model->totals.unmaps++;
    model_count_pages(model, before, event);
    model_change(model, CHANGE_UNMAP, event);
}

static void model_leave_heap(struct model *model, const struct event *event, struct heap_state *heap)
{
    struct process *process = model->processes.at + heap->heap.process;
    for (size_t i = 0; i < heap->blocks.room; i++) {
        if (!heap->blocks.at[i].address)
            continue;
        struct tally amount = model_take(model, CHANGE_LEAVE, event, heap, heap->blocks.at + i)->amount;
        process->left.bytes += amount.bytes;
        process->left.count += amount.count;
        struct site *site = model->sites.at + heap->blocks.at[i].site;
        site->left.bytes += amount.bytes;
        site->left.count += amount.count;
        model->totals.left.bytes += amount.bytes;
        model->totals.left.count += amount.count;
        model_slot_drop(model, heap->blocks.at + i);
    }
    blocks_done(&heap->blocks);
}

void model_process_over(struct model *model, const struct event *event, uint32_t number)
{
    struct process *process = model->processes.at + number;
    if (!number || process->ended)
        return;
    process->ended = true;
    process->end_ns = event->time_ns;
    model_restore_flights(model, event, number);
    for (struct heap_state *heap = model->process_heaps.at[number]; heap; heap = heap->next_of_process)
        model_leave_heap(model, event, heap);
    model->totals.mapped_bytes -= model->pages.at[number].bytes;
    pages_done(model->pages.at + number);
}

void apply_course(struct model *model, const struct event *event)
{
    uint32_t process = event->process, thread = event->thread;
    if (event->kind == EVENT_THREAD_END && thread) {
        model->threads.at[thread].ended = true;
        model->threads.at[thread].end_ns = event->time_ns;
        model->threads.at[thread].end_event = model->totals.events;
    }
    if (event->kind == EVENT_PROCESS_END && process) {
        model->processes.at[process].status = event->size;
        model->processes.at[process].status_known = !(event->flags & 1);
        model_process_over(model, event, process);
    }
    if (event->kind == EVENT_GAP) {
        model->totals.gaps++;
        model->totals.lost_events += event->size;
        model->totals.lost_bytes += event->address;
    }
    model_change(model, CHANGE_NONE, event);
}
