/* stack_watch: in a task's stack, out how much of it was never used, and whether it was too small. All our processors' stacks grow down. */
#include "core.h"
#include "outbox.h"

#if HT_WITH_STACKS

enum { PAINT = HT_PAINT, CANARY_BYTES = 8, CANARY_UNITS = CANARY_BYTES / HT_STACK_UNIT };
enum { MARGIN = 64 /* of the stack in use: the painter's own frame, and what an interrupt may have below it */ };

/* ca 9a 51 c4, twice */
static uint8_t canary(uint8_t at)
{
    return (uint8_t)(0xc4519acau >> (at % 4 * 8));
}

static bool is_on(const struct ht_task *task, const uint8_t *place)
{
    return (size_t)(place - task->stack) < stack_bytes(task);
}

/* Of a stack that others painted the lowest bytes are the canary. */
static bool is_whole(const struct ht_task *task)
{
    uint8_t at = 0;
    while (at < CANARY_BYTES && task->stack[at] == (task->stack[0] == PAINT ? PAINT : canary(at)))
        at++;
    return at == CANARY_BYTES;
}

static void paint(struct ht_task *task)
{
    uint8_t *here = __builtin_frame_address(0), *at = task->stack;
    if (!is_on(task, here))
        return;
    for (; at + MARGIN < here; at++) {
        size_t place = (size_t)(at - task->stack);
        *(volatile uint8_t *)at = place < CANARY_BYTES ? canary((uint8_t)place) : PAINT;
    }
}

void ht_stack_main(void *stack, size_t bytes)
{
    struct ht_task *task = &ht__core.tasks[0];
    *task = (struct ht_task){.name = "main", .stack = stack, .units = stack_units(bytes), .least_free = stack_units(bytes), .flags = HT_TASK_USED};
}

void ht_stack_watch(uint8_t number, bool painted)
{
    struct ht_task *task = &ht__core.tasks[number < HT_TASKS ? number : 0];
    if (!(task->flags & HT_TASK_USED) || !task->stack || stack_bytes(task) < 2 * CANARY_BYTES)
        return;
    if (!painted)
        paint(task);
    if (is_whole(task))
        task->flags |= HT_TASK_WATCHED;
}

void ht_stack_at(uint8_t number, const void *stack_pointer)
{
    struct ht_task *task = &ht__core.tasks[number < HT_TASKS ? number : 0];
    if (is_on(task, stack_pointer))
        task->now = stack_units(stack_bytes(task) - (size_t)((const uint8_t *)stack_pointer - task->stack) + HT_STACK_UNIT - 1);
}

void ht__stack_fault(uint8_t number)
{
    struct ht_task *task = &ht__core.tasks[number];
    struct ht_fault fault;
    if (task->flags & HT_TASK_BROKEN)
        return;
    task->flags |= HT_TASK_BROKEN;
    task->least_free = 0;
    ht__fault_set(&fault, HT_FOUND_SCAN);
    fault.kind = HT_FAULT_STACK_OVERFLOW;
    fault.block.address = (uintptr_t)task->stack;
    fault.block.size = stack_bytes(task);
    fault.bytes = task->stack;
    fault.count = CANARY_BYTES;
    fault.bytes_count = task->stack ? CANARY_BYTES : 0;
    ht__hook_fault(NULL, &fault);
}

void ht_on_stack_overflow(uint8_t task)
{
    ht__stack_fault(task < HT_TASKS ? task : 0);
}

static bool is_painted(const uint8_t *place)
{
    uint32_t word;
    __builtin_memcpy(&word, place, sizeof word);
    return word == PAINT * 0x01010101u;
}

/* What was never used only gets less, so only that is looked at. */
size_t ht_stack_check(uint8_t number)
{
    struct ht_task *task = &ht__core.tasks[number < HT_TASKS ? number : 0];
    uint16_t free = CANARY_UNITS;
    if (!(task->flags & HT_TASK_WATCHED))
        return SIZE_MAX;
    while (free < task->least_free && is_painted(task->stack + (size_t)free * HT_STACK_UNIT))
        free++;
    if (!is_whole(task))
        ht__stack_fault(number);
    else
        task->least_free = free == CANARY_UNITS ? 0 : free;
    ht_stack_at(number, __builtin_frame_address(0));
    const ht_number numbers[] = {number, stack_bytes(task), (ht_number)task->least_free * HT_STACK_UNIT, (ht_number)task->now * HT_STACK_UNIT,
                                 task->flags & HT_TASK_BROKEN ? 1 : 0};
    ht__outbox_tell(HT_TOLD_STACK_USE, numbers, HT_STACK_USE_NUMBERS, NULL);
    return (size_t)task->least_free * HT_STACK_UNIT;
}

size_t ht_stacks_check(void)
{
    size_t least = SIZE_MAX;
    for (uint8_t i = 0; i < HT_TASKS; i++) {
        size_t free = ht_stack_check(i);
        least = free < least ? free : least;
    }
    return least;
}

#endif
