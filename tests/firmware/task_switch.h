/* task_switch: in two stacks, out the processor on the other one. */
#ifndef TASK_SWITCH_H
#define TASK_SWITCH_H

#include <stdint.h>

/* Keeps what a call keeps on the running stack and its pointer in *from, and goes on where `to` was left. */
void task_switch(void **from, void *to);
/* A stack on which `run`, which does not return, begins: its pointer. Its caller is nobody. */
void *task_stack(uint8_t *end, void (*run)(void));

#endif
