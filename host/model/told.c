/* told: in what firmware tells of itself, out the latest state of its stacks, heaps and pools, and its faults and alerts with what the model knows of them.
 */
#include "state.h"
#include "wire/device.h"

/* The live block that a fault is about, and its heap; NULL: none is known. */
static const struct slot *told_block(const struct model *model, uint32_t process, ht_addr address, uint32_t *heap)
{
    for (const struct heap_state *at = model->process_heaps.at[process]; at; at = at->next_of_process) {
        const struct slot *slot = !*heap || at->heap.id == *heap ? blocks_find(&at->blocks, address) : NULL;
        if (slot) {
            *heap = at->heap.id;
            return slot;
        }
    }
    return NULL;
}

/* The heap in whose memory the address lies, the smallest of them: pools lie in other heaps' blocks. 0: none. */
static uint32_t told_heap_at(const struct model *model, uint32_t process, ht_addr address)
{
    const struct heap *found = NULL;
    for (const struct heap_state *at = model->process_heaps.at[process]; at; at = at->next_of_process)
        if (at->heap.size && address >= at->heap.base && address - at->heap.base < at->heap.size && (!found || at->heap.size < found->size))
            found = &at->heap;
    return found ? found->id : 0;
}

/* Whose stack ran over, where it is known: not who found it. A canary may lie just below. */
static uint32_t told_stack_owner(const struct model *model, const struct event *event, uint32_t process)
{
    enum { BELOW = 64 };
    for (size_t i = 1; i < model->threads.count; i++) {
        const struct thread *thread = model->threads.at + i;
        if (thread->process == process && thread->stack_bytes && event->address + BELOW - thread->stack_base < thread->stack_bytes + BELOW)
            return (uint32_t)i;
    }
    return model_thread_index(model, event->thread);
}

static void told_fault(struct model *model, const struct event *event, uint32_t process)
{
    const struct fault_definition *told = event->define;
    struct fault fault = {.time_ns = event->time_ns,
                          .process = process,
                          .thread = told->kind == HT_FAULT_STACK_OVERFLOW ? told_stack_owner(model, event, process) : model_thread_index(model, event->thread),
                          .heap = event->heap,
                          .stack = event->stack < model->frames.count ? event->stack : 0,
                          .address = event->address,
                          .told = *told};
    model->totals.faults++;
    if (model->faults.count == MODEL_TOLD)
        return;
    model_flush(model);
    const struct slot *slot = told_block(model, process, told->block, &fault.heap);
    fault.heap = fault.heap ? fault.heap : told_heap_at(model, process, event->address);
    if (slot) {
        fault.maker = slot->thread;
        fault.birth_ns = slot->birth_flags >> 8;
        fault.told.alloc_stack = told->alloc_stack ? told->alloc_stack : model->sites.at[slot->site].stack;
    }
    fault.told.alloc_stack = fault.told.alloc_stack < model->frames.count ? fault.told.alloc_stack : 0;
    fault.told.free_stack = told->free_stack < model->frames.count ? told->free_stack : 0;
    fault.around = model_text(model, told->around);
    fault.told.around = NULL;
    vec_push(&model->faults, fault);
}

static void told_alert(struct model *model, const struct event *event, uint32_t process)
{
    struct alert alert = {.time_ns = event->time_ns,
                          .process = process,
                          .thread = model_thread_index(model, event->thread),
                          .told = *(const struct alert_definition *)event->define};
    model->totals.alerts++;
    if (model->alerts.count == MODEL_TOLD)
        return;
    alert.told.text = model_text(model, alert.told.text);
    vec_push(&model->alerts, alert);
}

/* The interrupts' stack is thread 0's. */
static void told_stack(struct model *model, const struct event *event, uint32_t process)
{
    struct thread *thread = model->threads.at + model_thread_index(model, event->thread);
    thread->process = thread->id ? thread->process : process;
    thread->use = *(const struct stack_use_definition *)event->define;
    thread->use_known = true;
}

/* Every second reading goes; those that come later are closer together then. */
static void readings_thin(struct model *model)
{
    size_t kept = 0;
    for (size_t i = 0; i < model->readings.count; i++) {
        const struct heap_reading *reading = model->readings.at + i;
        struct heap *heap = &model_heap_of(model, reading->process, reading->heap)->heap;
        heap->keeps_reading = !heap->keeps_reading;
        if (heap->keeps_reading)
            model->readings.at[kept++] = *reading;
    }
    model->readings.count = kept;
}

static void told_heap(struct model *model, const struct event *event, uint32_t process)
{
    struct heap *heap = &model_heap_of(model, process, event->heap)->heap;
    heap->use = *(const struct heap_use_definition *)event->define;
    heap->use_known = true;
    if (model->readings.count == MODEL_TOLD)
        readings_thin(model);
    if (model->readings.count < MODEL_TOLD)
        vec_push(&model->readings, ((struct heap_reading){event->time_ns, process, event->heap, heap->use}));
}

static void told_pool(struct model *model, const struct event *event, uint32_t process)
{
    struct pool pool = {process, event->heap, event->time_ns, *(const struct pool_use_definition *)event->define};
    for (size_t i = 0; i < model->pools.count; i++) {
        struct pool *known = model->pools.at + i;
        if (known->process == process && known->heap == event->heap && known->use.block_bytes == pool.use.block_bytes) {
            *known = pool;
            return;
        }
    }
    if (model->pools.count < MODEL_POOLS)
        vec_push(&model->pools, pool);
}

void model_told(struct model *model, const struct event *event)
{
    uint32_t process = model_process_index(model, event->process);
    if (model->config.only_process && event->process != model->config.only_process)
        return;
    model->totals.told += event->kind >= EVENT_FAULT;
    if (event->kind == EVENT_FAULT)
        told_fault(model, event, process);
    else if (event->kind == EVENT_ALERT)
        told_alert(model, event, process);
    else if (event->kind == EVENT_STACK_USE)
        told_stack(model, event, process);
    else if (event->kind == EVENT_HEAP_USE)
        told_heap(model, event, process);
    else if (event->kind == EVENT_POOL_USE)
        told_pool(model, event, process);
    else if (event->kind == EVENT_BANDWIDTH) {
        struct heap *heap = &model_heap_of(model, process, event->heap)->heap;
        heap->bandwidth = *(const struct bandwidth_definition *)event->define;
        heap->bandwidth_known = true;
    }
}
