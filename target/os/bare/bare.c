/* bare: what of the port is not worth a place in every call: the allocator, and answers that a firmware may replace. */
#include <heaptracer/port.h>
#include "libc_wrap.h"
#include "quiet.h"

volatile uint8_t ht_bare_task, ht_bare_interrupts;

#ifndef ht_port_malloc
void *ht_port_malloc(size_t bytes, uint32_t caps)
{
    (void)caps;
    return ht__libc_malloc(bytes);
}

void *ht_port_realloc(void *block, size_t bytes, uint32_t caps)
{
    (void)caps;
    return ht__libc_realloc(block, bytes);
}

void ht_port_free(void *block)
{
    ht__libc_free(block);
}
#endif
