/* watch: a breakpoint at each function that gives out memory, and one where it returns to; of functions that call each other the outermost counts. */
#include "watch.h"

#include "host/base/now.h"
#include "wire/api.h"

static bool state_read(struct watch *watch, struct error *error)
{
    uint8_t bytes[REMOTE_REGISTER_BYTES];
    size_t count = remote_registers(watch->remote, bytes);
    watch->stack_bytes = 0;
    if (!watch->remote->is_lost && !machine_read(watch->firmware->machine, bytes, count, &watch->state))
        return error_set(error, ERROR_READ, "the emulator's registers are not those of %s", watch->firmware->machine->name);
    return !watch->remote->is_lost;
}

/* The stack is read by the piece. */
static size_t memory_read(void *context, uint64_t address, uint8_t *bytes, size_t count)
{
    struct watch *watch = context;
    if (address < watch->stack_from || address + count > watch->stack_from + watch->stack_bytes) {
        watch->stack_from = address;
        watch->stack_bytes = remote_memory(watch->remote, address, watch->stack, WATCH_STACK);
        if (!watch->stack_bytes) /* the memory may end within */
            watch->stack_bytes = remote_memory(watch->remote, address, watch->stack, count);
    }
    if (watch->stack_bytes < count)
        return 0;
    for (size_t i = 0; i < count; i++)
        bytes[i] = watch->stack[address - watch->stack_from + i];
    return count;
}

static uint32_t stack_intern(struct watch *watch, uint64_t ra, uint8_t *flags)
{
    struct caller_memory memory = {memory_read, watch};
    struct callers callers;
    uint32_t stack = 0;
    caller_walk(&watch->walk, &watch->state, ra, &memory, &callers);
    for (unsigned i = callers.count; i > 0; i--)
        stack = builder_frame(watch->builder, stack, &(struct builder_place){.offset = callers.pc[i - 1], .module = watch->module});
    *flags = callers.is_cut ? EVENT_TRUNCATED : 0;
    watch->cut += callers.is_cut;
    return stack;
}

static void event_put(struct watch *watch, struct event event)
{
    builder_time(watch->builder, (uint64_t)((double)*watch->instructions * watch->ns_per_instruction));
    builder_put(watch->builder, event);
    watch->events++;
}

static bool break_set(struct watch *watch, uint64_t address, struct error *error)
{
    bool is_new;
    map_put(&watch->returns, address, &is_new);
    return !is_new || remote_break(watch->remote, address, watch->firmware->machine->code_bytes) || watch->remote->is_lost ||
           error_set(error, ERROR_READ, "the emulator takes no breakpoint at 0x%llx", (unsigned long long)address);
}

static uint64_t argument(const struct watch *watch, int index)
{
    return index < 0 ? 0 : machine_argument(watch->firmware->machine, &watch->state, (unsigned)index);
}

static struct watch_call call_read(const struct watch *watch, const struct allocator *allocator)
{
    const struct machine *machine = watch->firmware->machine;
    uint64_t ra = watch->state.registers[machine->ra];
    struct watch_call call = {.allocator = allocator, .ra = machine->elf == EM_ARM ? ra & ~(uint64_t)1 : ra, .sp = watch->state.sp, .size = argument(watch, allocator->size)};
    if (allocator->role != ALLOCATOR_ALLOC)
        call.block = argument(watch, allocator->other);
    else if (allocator->other >= 0)
        call.size *= argument(watch, allocator->other);
    return call;
}

/* It was called, or jumped to, by another function of them that is still to return. */
static bool is_inner(const struct watch *watch, const struct watch_call *call)
{
    for (unsigned i = 0; i < watch->call_count; i++)
        if (watch->calls[i].ra == call->ra && watch->calls[i].sp == call->sp)
            return true;
    return firmware_is_inside(watch->firmware, call->ra) || (watch->freed.ra == call->ra && watch->freed.sp == call->sp && watch->freed.block == call->block);
}

static bool call_push(struct watch *watch, const struct watch_call *call, struct error *error)
{
    if (watch->call_count == WATCH_CALLS) { /* tasks that were deleted in the middle of one */
        watch->lost_calls++;
        for (unsigned i = 1; i < WATCH_CALLS; i++)
            watch->calls[i - 1] = watch->calls[i];
        watch->call_count--;
    }
    watch->calls[watch->call_count++] = *call;
    return break_set(watch, call->ra, error);
}

static bool entry_take(struct watch *watch, const struct allocator *allocator, struct error *error)
{
    struct watch_call call = call_read(watch, allocator);
    bool ends = allocator->role == ALLOCATOR_FREE || (allocator->role == ALLOCATOR_RESIZE && call.block && !call.size);
    if (is_inner(watch, &call))
        return true;
    if (ends && call.block)
        event_put(watch, (struct event){.kind = EVENT_FREE, .api = allocator->api, .address = call.block});
    else if (!ends && call.block)
        event_put(watch, (struct event){.kind = EVENT_RESIZE_BEGIN, .api = allocator->api, .address = call.block});
    watch->freed = ends ? call : (struct watch_call){0};
    if (allocator->role == ALLOCATOR_RESIZE && ends)
        call.block = 0;
    return allocator->role == ALLOCATOR_FREE || call_push(watch, &call, error);
}

static void result_take(struct watch *watch, const struct watch_call *call)
{
    struct event event = {.kind = EVENT_ALLOC, .api = call->allocator->api, .size = call->size, .address = machine_result(watch->firmware->machine, &watch->state)};
    if (call->block) {
        event.kind = EVENT_RESIZE_END;
        event.old_address = call->block;
    } else if (!event.address && call->allocator->role == ALLOCATOR_RESIZE && !call->size)
        return; /* realloc to 0 bytes was a free */
    else if (!event.address) {
        event.kind = EVENT_REFUSE;
        watch->refused++;
    }
    event.stack = stack_intern(watch, call->ra, &event.flags);
    event_put(watch, event);
}

/* Where calls return to, the one that came from a stack of this height did. */
static void return_take(struct watch *watch)
{
    for (unsigned i = watch->call_count; i > 0; i--) {
        struct watch_call call = watch->calls[i - 1];
        if (call.ra != watch->state.pc || call.sp != watch->state.sp)
            continue;
        watch->call_count--;
        for (unsigned j = i - 1; j < watch->call_count; j++)
            watch->calls[j] = watch->calls[j + 1];
        result_take(watch, &call);
        return;
    }
}

static bool stop_take(struct watch *watch, struct error *error)
{
    if (!state_read(watch, error))
        return false;
    const struct allocator *allocator = firmware_allocator(watch->firmware, watch->state.pc);
    if (!allocator || watch->freed.ra != watch->state.registers[watch->firmware->machine->ra])
        watch->freed = (struct watch_call){0};
    return_take(watch);
    return !allocator || entry_take(watch, allocator, error);
}

bool watch_begin(struct watch *watch, struct error *error)
{
    caller_walk_open(&watch->walk, watch->firmware->flash, watch->firmware->machine);
    if (!state_read(watch, error) && !watch->remote->is_lost) /* a board with another core */
        return false;
    for (size_t i = 0; i < watch->firmware->allocators.count; i++)
        if (!break_set(watch, watch->firmware->allocators.at[i].low, error))
            return false;
    return !watch->remote->is_lost || error_set(error, ERROR_READ, "the emulator ended before it began");
}

enum watch_end watch_run(struct watch *watch, int timeout_ms, struct error *error)
{
    int64_t until = (int64_t)(now_ns() / 1000000) + timeout_ms;
    for (;;) {
        int64_t left = timeout_ms < 0 ? -1 : until - (int64_t)(now_ns() / 1000000);
        enum remote_stop stop = timeout_ms >= 0 && left <= 0 ? REMOTE_TIME_OUT : remote_go(watch->remote, false, (int)left);
        if (stop == REMOTE_STOPPED && stop_take(watch, error))
            stop = remote_go(watch->remote, true, -1); /* off the breakpoint */
        if (error->kind)
            return WATCH_FAILED;
        if (stop != REMOTE_STOPPED)
            return stop == REMOTE_TIME_OUT ? WATCH_TIME_OUT : WATCH_ENDED;
        if (watch->remote->is_lost)
            return WATCH_ENDED;
    }
}

void watch_done(struct watch *watch)
{
    caller_walk_close(&watch->walk);
    map_done(&watch->returns);
}
