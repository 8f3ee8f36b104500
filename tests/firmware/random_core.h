/* random_core: in a seed, out whether the tracer's core and a reference model that knows nothing of it stay the same over random events. Freestanding. */
#ifndef TESTS_FIRMWARE_RANDOM_CORE_H
#define TESTS_FIRMWARE_RANDOM_CORE_H

#include <stdint.h>

#include <heaptracer/heaptracer.h>

/* What one event was, for a host that reads the stream too. */
struct ht_test_event {
    uint8_t kind; /* of ht_test_kind */
    uint8_t heap, task;
    bool in_interrupt;
    uint16_t source; /* 0: none */
    uint8_t frames;  /* of the stack */
    const ht_pc *pcs;
    uintptr_t address, old_address;
    uint32_t size;
};
enum ht_test_kind { HT_TEST_ALLOC = 1, HT_TEST_FREE, HT_TEST_RESIZE, HT_TEST_RESIZE_FAILED, HT_TEST_REFUSE };

/* Starts the tracer (mode both, with `sink`; without one the table alone), and makes `events` random events, after which table and model must be the same.
 * `each`: told of every event before it is made: it may let the port answer with the event's task, interrupt and stack; NULL: these are what they are.
 * Prints by the port a line with a digest of what happened, which is the same on all machines of one HT_FRAMES. Returns the number of differences. */
int ht_test_random(uint32_t seed, uint32_t events, const struct ht_sink *sink, void (*each)(const struct ht_test_event *event));

#endif
