/* leak_tracker: between two calls of a firmware, out a report of what was allocated in between and not freed, each with its stack.
 *
 *   leak_tracker_start();           // 1000 records each
 *   leak_tracker_start(3000, 3000); // blocks, stacks
 *   ...
 *   leak_tracker_end();             // prints the report by the port, and gives its buffers back
 *
 * It starts the tracer with a table in memory of the port's allocator (HT_CAPS_TRACKER: what a port has most of, PSRAM where there is some). Where a tracer with a
 * table runs already it uses that one, and reports what is younger than the start. On Linux the two calls are marks in the trace. */
#ifndef HEAPTRACER_LEAK_TRACKER_H
#define HEAPTRACER_LEAK_TRACKER_H

#include "heaptracer.h"

enum { HT_LEAK_RECORDS = 1000 };
#define HT_CAPS_TRACKER 0x80000000u /* as caps of ht_port_malloc */

#ifdef __cplusplus
extern "C" {
#endif
/* 0: HT_LEAK_RECORDS. Returns false, and prints why, when there is no memory or a tracer without a table runs. */
#if HT_ENABLED && HT_FIRMWARE
bool ht_leak_start(size_t heap_records, size_t backtrace_records);
void ht_leak_end(void);
#elif HT_ENABLED
static inline __attribute__((unused)) bool ht_leak_start(size_t heap_records, size_t backtrace_records)
{
    (void)heap_records, (void)backtrace_records;
    ht_mark("leak_tracker_start");
    return true;
}
static inline __attribute__((unused)) void ht_leak_end(void)
{
    ht_mark("leak_tracker_end");
}
#endif
#ifdef __cplusplus
}
#endif

#if !HT_ENABLED
#define leak_tracker_start(...) ((void)0)
#define leak_tracker_end() ((void)0)
#elif defined(__cplusplus)
static inline bool leak_tracker_start(size_t heap_trace_records = HT_LEAK_RECORDS, size_t backtrace_records = HT_LEAK_RECORDS)
{
    return ht_leak_start(heap_trace_records, backtrace_records);
}
static inline void leak_tracker_end()
{
    ht_leak_end();
}
#else
#define HT_LEAK_PICK_(none, heap_records, backtrace_records, ...) (size_t)(heap_records), (size_t)(backtrace_records)
#define leak_tracker_start(...) ht_leak_start(HT_LEAK_PICK_(none, ##__VA_ARGS__, 0, 0, 0))
#define leak_tracker_end() ht_leak_end()
#endif

#endif
