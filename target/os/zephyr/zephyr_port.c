/* zephyr_port: in Zephyr's threads, stacks and settings, out a tracer that runs. */
#include <heaptracer/port.h>

#include "target/os/calls/calls.h"

#include "heaptracer_zephyr.h"
#include "zephyr_heaps.h"

const void *ht__call_who(void)
{
    return k_is_in_isr() ? (const void *)1 : k_current_get();
}

enum { SENTINEL_BYTES = IS_ENABLED(CONFIG_STACK_SENTINEL) ? 4 : 0 }; /* the kernel's, at a stack's end */

/* The kernel painted its stack. */
static void thread_told(const struct k_thread *thread)
{
    k_tid_t id = (k_tid_t)thread;
    if (ht_task_of(id))
        return;
    uint8_t number = ht_task_begin(id, k_thread_name_get(id), (uint8_t *)thread->stack_info.start + SENTINEL_BYTES, thread->stack_info.size - SENTINEL_BYTES,
                                   (uint8_t)k_thread_priority_get(id));
    if (number)
        ht_stack_watch(number, true);
}

/* There is no hook for a thread's birth: those that are there at start are told then, a later one when it first allocates. */
void ht__zephyr_thread_meet(void)
{
    if (!k_is_in_isr())
        thread_told(k_current_get());
}

static void thread_each(const struct k_thread *thread, void *unused)
{
    (void)unused;
    thread_told(thread);
}

K_KERNEL_STACK_ARRAY_DECLARE(z_interrupt_stacks, CONFIG_MP_MAX_NUM_CPUS, CONFIG_ISR_STACK_SIZE); /* the kernel's */

/* A task only for the table of stacks: what interrupts allocate is told as theirs without it. */
static void interrupts_told(void)
{
    void *stack = K_KERNEL_STACK_BUFFER(z_interrupt_stacks[0]);
    uint8_t number = ht_task_begin(stack, "interrupt stack", stack, K_KERNEL_STACK_SIZEOF(z_interrupt_stacks[0]), 0);
    if (number)
        ht_stack_watch(number, true);
}

void __real_z_impl_k_thread_abort(k_tid_t thread);
void __wrap_z_impl_k_thread_abort(k_tid_t thread);

void __wrap_z_impl_k_thread_abort(k_tid_t thread)
{
    uint8_t number = ht_task_of(thread);
    if (number) {
        ht_stack_check(number);
        ht_task_end(number);
        ht__call_forget(thread);
    }
    __real_z_impl_k_thread_abort(thread);
}

uint8_t ht_port_task(void)
{
    return k_is_in_isr() ? 0 : ht_task_of(k_current_get());
}

__attribute__((weak)) void ht_port_led(enum ht_light light)
{
    (void)light;
}

void ht_port_print(char letter)
{
    printk("%c", letter);
}

__attribute__((weak)) struct ht_image ht_port_image(void)
{
    return (struct ht_image){__text_region_start, (size_t)(__text_region_end - __text_region_start)};
}

static void pump_run(void *a, void *b, void *c)
{
    (void)a, (void)b, (void)c;
    for (;;) {
        while (ht_pump() > 0)
            k_yield();
        k_msleep(1);
    }
}
K_THREAD_STACK_DEFINE(pump_stack, CONFIG_HEAPTRACER_STACK_BYTES);
static struct k_thread pump_thread;

static void pump_begin(void)
{
    k_tid_t thread =
        k_thread_create(&pump_thread, pump_stack, K_THREAD_STACK_SIZEOF(pump_stack), pump_run, NULL, NULL, NULL, K_LOWEST_APPLICATION_THREAD_PRIO, 0, K_NO_WAIT);
    k_thread_name_set(thread, "heaptracer");
}

int ht_zephyr_start(const struct ht_config *config)
{
    static uint8_t memory[CONFIG_HEAPTRACER_MEMORY_BYTES] __aligned(8);
    struct ht_config all = *config;
    if (!all.memory) {
        all.memory = memory;
        all.memory_bytes = sizeof memory;
    }
    ht__walk_stack = (struct ht_walk_stack){(uintptr_t)_image_ram_start, (uintptr_t)_image_ram_end};
    ht__zephyr_heaps_begin();
    int result = ht_start(&all);
    if (result)
        return result;
    pump_begin();
    k_thread_foreach(thread_each, NULL);
    interrupts_told();
    return 0;
}
