/* task: in what the system says of its tasks, out their numbers and names. Number 0 is main and the interrupts. */
#include "core.h"
#include "outbox.h"

uint8_t ht_task_begin(const void *handle, const char *name, void *stack, size_t bytes, uint8_t priority)
{
    uint8_t task = 1;
    if (!ht__enter())
        return 0;
    while (task < HT_TASKS && ht__core.tasks[task].flags & HT_TASK_USED)
        task++;
    if (task == HT_TASKS)
        task = 0;
    else
        ht__core.tasks[task] = (struct ht_task){handle, name, stack, stack_units(bytes), stack_units(bytes), 0, priority, HT_TASK_USED};
#if HT_WITH_STREAM
    if (task && ht__core.running != HT_STATE_IDLE && core_streams())
        ht__task_tell(task);
#endif
    ht__leave();
    return task;
}

void ht_task_end(uint8_t task)
{
    const ht_number number = task;
    if (!task || task >= HT_TASKS)
        return;
    ht__core.tasks[task].flags = 0;
    ht__outbox_tell(HT_TOLD_TASK_END, &number, 1, NULL);
}

uint8_t ht_task_of(const void *handle)
{
    for (uint8_t task = 1; task < HT_TASKS; task++)
        if (ht__core.tasks[task].flags & HT_TASK_USED && ht__core.tasks[task].handle == handle)
            return task;
    return 0;
}

#if HT_WITH_STREAM
bool ht__task_tell(uint8_t task)
{
    const struct ht_task *of = &ht__core.tasks[task];
    const ht_number numbers[] = {task, (uintptr_t)of->handle, (uintptr_t)of->stack, (ht_number)of->units * HT_STACK_UNIT, of->priority};
    if (!task || !(of->flags & HT_TASK_USED))
        return true;
    return ht__outbox_rare(HT_TOLD_TASK, numbers, HT_TASK_NUMBERS, of->name, of->name ? __builtin_strlen(of->name) : 0);
}
#endif
