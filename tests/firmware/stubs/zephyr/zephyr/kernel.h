/* kernel: threads, the lock, the clock and heaps, as of Zephyr 3.7. */
#ifndef STUB_ZEPHYR_ZEPHYR_KERNEL_H
#define STUB_ZEPHYR_ZEPHYR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_HEAPTRACER_MEMORY_BYTES 1024
#define CONFIG_HEAPTRACER_STACK_BYTES 512
#define CONFIG_COMMON_LIBC_MALLOC_ARENA_SIZE 2048
#define CONFIG_SYS_HEAP_RUNTIME_STATS 1
#define CONFIG_MP_MAX_NUM_CPUS 1
#define CONFIG_ISR_STACK_SIZE 256
#define IS_ENABLED(setting) 1 /* only CONFIG_STACK_SENTINEL is asked for */
#define __aligned(bytes) __attribute__((aligned(bytes)))
#define K_LOWEST_APPLICATION_THREAD_PRIO 14
#define K_NO_WAIT 0
#define K_THREAD_STACK_DEFINE(name, bytes) static char name[bytes]
#define K_THREAD_STACK_SIZEOF(name) sizeof(name)
#define K_KERNEL_STACK_ARRAY_DECLARE(name, count, bytes) extern char name[count][bytes]
#define K_KERNEL_STACK_BUFFER(name) (name)
#define K_KERNEL_STACK_SIZEOF(name) sizeof(name)
typedef struct {
    int64_t ticks;
} k_timeout_t;
struct sys_heap {
    void *heap;
};
struct k_heap {
    struct sys_heap heap;
};
struct k_thread {
    const char *name;
    struct {
        uintptr_t start;
        size_t size;
    } stack_info;
};
typedef struct k_thread *k_tid_t;
extern struct k_thread *stub_running;
extern bool stub_in_interrupt;
static inline unsigned irq_lock(void)
{
    return 7;
}
static inline void irq_unlock(unsigned key)
{
    (void)key;
}
static inline bool k_is_in_isr(void)
{
    return stub_in_interrupt;
}
static inline struct k_thread *k_current_get(void)
{
    return stub_running;
}
static inline const char *k_thread_name_get(struct k_thread *thread)
{
    return thread->name;
}
static inline int k_thread_priority_get(struct k_thread *thread)
{
    (void)thread;
    return 3;
}
static inline uint32_t k_cycle_get_32(void)
{
    return 0;
}
static inline int sys_clock_hw_cycles_per_sec(void)
{
    return 1000;
}
static inline void k_yield(void)
{
}
static inline void k_msleep(int ms)
{
    (void)ms;
}
static inline k_tid_t k_thread_create(struct k_thread *thread, char *stack, size_t bytes, void (*run)(void *, void *, void *), void *a, void *b, void *c,
                                      int priority, int options, int delay)
{
    (void)stack, (void)bytes, (void)run, (void)a, (void)b, (void)c, (void)priority, (void)options, (void)delay;
    return thread;
}
static inline void k_thread_name_set(k_tid_t thread, const char *name)
{
    thread->name = name;
}
static inline void k_thread_foreach(void (*each)(const struct k_thread *thread, void *context), void *context)
{
    each(stub_running, context);
}
static inline void printk(const char *format, char letter)
{
    (void)format, (void)letter;
}

#endif
