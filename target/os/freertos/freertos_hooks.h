/* freertos_hooks: in FreeRTOS' own trace macros, out the tracer's calls. The last line of FreeRTOSConfig.h: #include "target/os/freertos/freertos_hooks.h".
 *
 * Tasks are always told. The heap is told by the linker's --wrap=pvPortMalloc,--wrap=pvPortCalloc,--wrap=vPortFree (HT_FREERTOS_WRAP=1: sizes as asked for, guard
 * bands, callers), or without a word to the linker by traceMALLOC and traceFREE (HT_FREERTOS_MACROS=1: heap_2, 4 and 5 tell the block's real size, not what was
 * asked for; a refused request has no size; no guard bands; the heap itself is the innermost frame). */
#ifndef TARGET_OS_FREERTOS_FREERTOS_HOOKS_H
#define TARGET_OS_FREERTOS_FREERTOS_HOOKS_H

#if !defined(__ASSEMBLER__) && (!defined(HT_ENABLED) || HT_ENABLED)
#include <stddef.h>

#ifndef HT_FREERTOS_MACROS
#define HT_FREERTOS_MACROS 0
#endif

void ht_freertos_task_created(void *task, const char *name, void *stack, const void *stack_end, unsigned priority);
void ht_freertos_task_ends(void *task); /* the one that runs, if NULL */
void ht_freertos_task_deleted(void *task);
void ht_freertos_task_in(void *task);
void ht_freertos_task_out(const void *stack_pointer);
void ht_freertos_alloc(void *block, size_t bytes);
void ht_freertos_free(void *block);

/* Where the stack begins: known by configRECORD_STACK_HIGH_ADDRESS, else by the first stack pointer, which stands a few registers below it. */
#if defined(configRECORD_STACK_HIGH_ADDRESS) && configRECORD_STACK_HIGH_ADDRESS
#define HT_FREERTOS_STACK_END(tcb) ((tcb)->pxEndOfStack + 1)
#else
#define HT_FREERTOS_STACK_END(tcb) ((tcb)->pxTopOfStack)
#endif
#define traceTASK_CREATE(tcb) ht_freertos_task_created((tcb), (tcb)->pcTaskName, (tcb)->pxStack, (const void *)HT_FREERTOS_STACK_END(tcb), (unsigned)(tcb)->uxPriority)
#define traceENTER_vTaskDelete(task) ht_freertos_task_ends(task) /* since V11; before, nothing tells outside of the kernel's lock */
#define traceTASK_DELETE(tcb) ht_freertos_task_deleted(tcb)
#define traceTASK_SWITCHED_IN() ht_freertos_task_in((void *)pxCurrentTCB)
#define traceTASK_SWITCHED_OUT() ht_freertos_task_out((const void *)pxCurrentTCB->pxTopOfStack)
#if HT_FREERTOS_MACROS
#define traceMALLOC(block, bytes) ht_freertos_alloc(block, bytes)
#define traceFREE(block, bytes) ht_freertos_free(block)
#endif

#endif
#endif
