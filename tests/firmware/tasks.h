/* tasks: in functions with stacks of their own, out a scheduler that runs them in turn until all have ended: what a small firmware has instead of an RTOS. */
#ifndef TASKS_H
#define TASKS_H

#include <stdint.h>

struct task {
    void *stack_pointer; /* of the task while others run */
    void (*run)(void);
    uint8_t *stack;
    uint16_t stack_bytes;
    const char *name;
    uint8_t number;      /* the tracer's */
    uint8_t has_ended;
};

/* `stack`: aligned to 16. */
void task_begin(struct task *task, const char *name, void (*run)(void), void *stack, uint16_t bytes);
/* One turn of each task; false: all have ended. */
int tasks_turn(struct task *const *tasks, unsigned count);
/* In a task: the others' turn. */
void task_yield(void);

#endif
