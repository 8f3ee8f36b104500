/* port: what the core of a firmware's tracer asks of the system it runs on. target/os has ports; target/os/template is one to fill in.
 *
 * A port may give some of these as inline functions: HT_PORT_INLINE is then the header that has them, and that names each by a macro of its own name
 * (#define ht_port_now ht_port_now), so that it is not declared here. Where nothing else is said a call may come from any task and any interrupt. */
#ifndef HEAPTRACER_PORT_H
#define HEAPTRACER_PORT_H

#include <heaptracer/heaptracer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uintptr_t ht_lock;

#ifdef HT_PORT_INLINE
#include HT_PORT_INLINE
#endif

/* Ticks, going on all the time and wrapping at 32 bits; monotonic across cores, or nearly. */
#ifndef ht_port_now
uint32_t ht_port_now(void);
#endif
#ifndef ht_port_ticks_per_s
uint32_t ht_port_ticks_per_s(void);
#endif

/* No interrupt and no other core comes between, but for those that no lock holds off. Nested: unlock puts back what lock found. Short. */
#ifndef ht_port_lock
ht_lock ht_port_lock(void);
#endif
#ifndef ht_port_unlock
void ht_port_unlock(ht_lock before);
#endif

/* Number by ht_task_begin of the task that runs; 0: main, an interrupt, or a task that is not known. */
#ifndef ht_port_task
uint8_t ht_port_task(void);
#endif
#ifndef ht_port_in_interrupt
bool ht_port_in_interrupt(void);
#endif

/* One of the walkers of here.h, or one more like them. HT_PORT_AGAIN 1, by the port's header or the compiler's words: it is the one of this processor, so that the
 * core may know a stack again without a walk. */
#ifndef ht_port_walk
unsigned ht_port_walk(const void *here, ht_pc *frames, unsigned most);
#endif

#if !defined(HT_PORT_AGAIN) && defined(ARDUINO)
#define HT_PORT_AGAIN 1
#endif
#if HT_PORT_AGAIN && !HT_WITH_SLICE
#include <heaptracer/again.h>
#endif

/* The allocator itself, not traced. caps 0: as malloc. */
#ifndef ht_port_malloc
void *ht_port_malloc(size_t bytes, uint32_t caps);
#endif
#ifndef ht_port_realloc
void *ht_port_realloc(void *block, size_t bytes, uint32_t caps);
#endif
#ifndef ht_port_free
void ht_port_free(void *block);
#endif

/* From ht_pump, ht_report and their like only, never in an interrupt or under the lock. */
#ifndef ht_port_led
void ht_port_led(enum ht_light light);
#endif
#ifndef ht_port_print
void ht_port_print(char letter);
#endif

/* The program's code as it stands in the ELF, so that the host can tell whether it has the right one; at most the first 4 KiB are looked at. bytes 0: not known. */
struct ht_image {
    const void *start;
    size_t bytes;
};
#ifndef ht_port_image
struct ht_image ht_port_image(void);
#endif

/* What a port may use.
 * ht_task_*, ht_heap_*, ht_stack_* and ht_on_*_from of firmware.h; and: */
/* A stack pointer of a task that does not run, for its current depth; from ht_stacks_check. */
void ht_stack_at(uint8_t task, const void *stack_pointer);

#ifdef __cplusplus
}
#endif
#endif
