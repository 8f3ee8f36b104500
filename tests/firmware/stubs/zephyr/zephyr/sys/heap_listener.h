/* heap_listener: listeners have a heap, an event and a call; they are called inside the heap's lock, with the chunk's size. */
#ifndef STUB_ZEPHYR_ZEPHYR_SYS_HEAP_LISTENER_H
#define STUB_ZEPHYR_ZEPHYR_SYS_HEAP_LISTENER_H

#include <stddef.h>
#include <stdint.h>

enum heap_event_types { HEAP_EVT_UNKNOWN, HEAP_RESIZE, HEAP_ALLOC, HEAP_FREE };
struct heap_listener {
    void *node;
    uintptr_t heap_id;
    enum heap_event_types event;
    union {
        void (*alloc_cb)(uintptr_t id, void *block, size_t bytes);
        void (*free_cb)(uintptr_t id, void *block, size_t bytes);
    };
};
#define HEAP_ID_FROM_POINTER(heap) ((uintptr_t)(heap))
void heap_listener_register(struct heap_listener *listener);

#endif
