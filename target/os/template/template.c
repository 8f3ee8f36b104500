/* template: a port to fill in: what each answer must be, and what may be left as it is. Copy the folder, rename, and build it instead of target/os/bare.
 *
 * Faster: those that are asked at every allocation (now, lock, unlock, task, in_interrupt, walk) as inline functions in a header: target/os/bare/bare_port.h. */
#include <heaptracer/port.h>

/* The allocator, which the tracer must not see again. If malloc itself is led to ht_malloc, these are what it was before. */
#include <stdlib.h>

/* A counter that goes on in sleep too, 32 bits wide; a microsecond is fine enough, a millisecond makes times coarse and costs nothing. */
uint32_t ht_port_now(void)
{
    return 0;
}

uint32_t ht_port_ticks_per_s(void)
{
    return 1;
}

/* Interrupts off, and on several cores a spin lock that the same core may take again. The answer is handed to unlock. */
ht_lock ht_port_lock(void)
{
    return 0;
}

void ht_port_unlock(ht_lock before)
{
    (void)before;
}

/* What ht_task_begin answered for the task that runs: remembered at each switch, or ht_task_of(handle). */
uint8_t ht_port_task(void)
{
    return 0;
}

bool ht_port_in_interrupt(void)
{
    return false;
}

/* The walker of the processor. It reads within ht__walk_stack only, which is set at start: all memory that has stacks. */
unsigned ht_port_walk(const void *here, ht_pc *frames, unsigned most)
{
    return ht__walk_caller(here, frames, most);
}

/* caps are the system's own words for kinds of memory; 0: as malloc. */
void *ht_port_malloc(size_t bytes, uint32_t caps)
{
    (void)caps;
    return malloc(bytes);
}

void *ht_port_realloc(void *block, size_t bytes, uint32_t caps)
{
    (void)caps;
    return realloc(block, bytes);
}

void ht_port_free(void *block)
{
    free(block);
}

/* A light for people: ok, warn, critical, no data. */
void ht_port_led(enum ht_light light)
{
    (void)light;
}

/* The log, for alerts and ht_report. */
void ht_port_print(char letter)
{
    (void)letter;
}

/* Where the ELF's first loaded bytes stand in memory, so that the host can tell a wrong ELF; nothing if they cannot be read as data. */
struct ht_image ht_port_image(void)
{
    return (struct ht_image){NULL, 0};
}
