/* define: in events that are rare (definitions, marks, gaps, odd ones), out records, and back. */
#ifndef HOST_TRACE_DEFINE_H
#define HOST_TRACE_DEFINE_H

#include <heaptracer/trace.h>

#include "wire/record.h"

union define_any {
    struct frame_definition frame;
    struct module_definition module;
    struct thread_definition thread;
    struct process_definition process;
    struct heap_definition heap;
    struct source_definition source;
    struct cost_definition cost;
    struct fault_definition fault;
    struct stack_use_definition stack_use;
    struct heap_use_definition heap_use;
    struct pool_use_definition pool_use;
    struct alert_definition alert;
    struct bandwidth_definition bandwidth;
    struct scan_definition scan;
    struct scan_site_definition scan_site;
};

/* `text` (at least 41 bytes) holds a build-id while the record is used. */
void define_to_record(const struct event *event, struct ht_record *record, char *text);
/* False if the kind is not an event's. All but time and index are filled; texts are the record's; `any` is what event->define may point to. */
bool define_from_record(const struct ht_record *record, struct event *event, union define_any *any);

/* define_device.c: of what firmware tells of itself; other kinds are left alone, from a record with false. */
void define_device_to_record(const struct event *event, struct ht_record *record);
bool define_device_from_record(const struct ht_record *record, union define_any *any);

void define_cost_to_record(const struct cost_definition *cost, struct ht_record *record);
void define_cost_from_record(const struct ht_record *record, struct cost_definition *cost);

/* define_scan.c: of what looks at a process found; likewise. */
void define_scan_to_record(const struct event *event, struct ht_record *record);
bool define_scan_from_record(const struct ht_record *record, union define_any *any);

#endif
