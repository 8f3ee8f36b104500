/* arduino_port: Arduino's clock, and the processor, as the core's port. Functions: a library has no flags by which a header could come in. */
#include <heaptracer/port.h>

#include "target/os/bare/processor.h"

void ht_arduino_stacks(void);
unsigned long micros(void);

/* Where the stack's memory is not known, stacks have one frame. */
void ht_arduino_stacks(void)
{
#ifdef __AVR__
    extern uint8_t __stack;
    ht_bare_stacks((const void *)0x100, &__stack + 1);
#endif
}

uint32_t ht_port_now(void)
{
    return (uint32_t)micros();
}

uint32_t ht_port_ticks_per_s(void)
{
    return 1000000;
}

ht_lock ht_port_lock(void)
{
    return ht_processor_lock();
}

void ht_port_unlock(ht_lock before)
{
    ht_processor_unlock(before);
}

uint8_t ht_port_task(void)
{
    return ht_bare_task;
}

bool ht_port_in_interrupt(void)
{
    return ht_processor_in_interrupt();
}

unsigned ht_port_walk(const void *here, ht_pc *frames, unsigned most)
{
    return ht_processor_walk(here, frames, most);
}
