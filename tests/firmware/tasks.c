/* tasks: round robin; a task gives up the processor by itself. */
#include <heaptracer/port.h>
#include <string.h>

#include "target/os/bare/bare.h"
#include "task_switch.h"
#include "tasks.h"

static void *scheduler;
static struct task *running;

static void task_run(void)
{
    running->run();
    running->has_ended = 1;
    for (;;)
        task_yield();
}

void task_begin(struct task *task, const char *name, void (*run)(void), void *stack, uint16_t bytes)
{
    *task = (struct task){.run = run, .stack = stack, .stack_bytes = bytes, .name = name};
    memset(stack, 0xa5, bytes); /* the paint that ht_stack_watch knows */
    task->stack_pointer = task_stack(task->stack + bytes, task_run);
    task->number = ht_task_begin(task, name, stack, bytes, 1);
    ht_stack_watch(task->number, true);
}

void task_yield(void)
{
    task_switch(&running->stack_pointer, scheduler);
}

int tasks_turn(struct task *const *tasks, unsigned count)
{
    int alive = 0;
    for (unsigned at = 0; at < count; at++) {
        if (tasks[at]->has_ended)
            continue;
        running = tasks[at];
        ht_bare_task = running->number;
        task_switch(&scheduler, running->stack_pointer);
        ht_bare_task = 0;
        ht_stack_at(running->number, running->stack_pointer);
        alive |= !running->has_ended;
    }
    return alive;
}
