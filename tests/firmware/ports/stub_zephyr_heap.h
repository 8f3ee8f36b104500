/* stub_zephyr_heap: Zephyr's heaps as they call their listeners, and what is called above them; each heap gives out from one place, one block at a time. */
#ifndef STUB_ZEPHYR_HEAP_H
#define STUB_ZEPHYR_HEAP_H

#include <zephyr/kernel.h>

#define STUB_HEAP_BYTES 1024
struct stub_memory {
    char bytes[STUB_HEAP_BYTES];
};
extern struct k_heap _system_heap;
extern struct stub_memory stub_system, stub_libc; /* k_malloc's and malloc's; a block is given out at 100, and at 500 when it grew too much to stay */
/* What the kernel does before main: each heap is made. */
void stub_zephyr_boot(void);

/* The linker's wraps of the calls of the program. */
void __wrap_sys_heap_init(struct sys_heap *heap, void *memory, size_t bytes);
void *__wrap_k_malloc(size_t bytes);
void *__wrap_k_calloc(size_t count, size_t bytes);
void *__wrap_k_realloc(void *block, size_t bytes);
void __wrap_k_free(void *block);
void *__wrap_k_heap_alloc(struct k_heap *heap, size_t bytes, k_timeout_t wait);
void __wrap_k_heap_free(struct k_heap *heap, void *block);
void *__wrap_malloc(size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void __wrap_free(void *block);
void __wrap_z_impl_k_thread_abort(k_tid_t thread);

#endif
