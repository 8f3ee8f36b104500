/* define_device: to and from record stand side by side, per kind, of what firmware tells of itself. */
#include <string.h>

#include "define.h"
#include "wire/varint.h"

static void fault_to(const struct fault_definition *fault, struct ht_record *record)
{
    const uint64_t numbers[] = {fault->kind,      fault->found_by,    fault->guess,     fault->block, fault->block_bytes, ht_zigzag(fault->first_bad),
                                fault->bad_bytes, fault->alloc_stack, fault->free_stack};
    memcpy(record->numbers, numbers, sizeof numbers);
    record->texts[0] = fault->around;
}

static void fault_from(const struct ht_record *record, struct fault_definition *fault)
{
    const uint64_t *n = record->numbers;
    *fault = (struct fault_definition){(uint32_t)n[0],    (uint32_t)n[1], (uint32_t)n[2], n[3],           n[4],
                                       ht_unzigzag(n[5]), n[6],           (uint32_t)n[7], (uint32_t)n[8], record->texts[0]};
}

static void stack_use_to(const struct stack_use_definition *use, struct ht_record *record)
{
    const uint64_t numbers[] = {use->size, use->least_free, use->used, use->flags};
    memcpy(record->numbers, numbers, sizeof numbers);
}

static void stack_use_from(const struct ht_record *record, struct stack_use_definition *use)
{
    const uint64_t *n = record->numbers;
    *use = (struct stack_use_definition){n[0], n[1], n[2], (uint32_t)n[3]};
}

static void heap_use_to(const struct heap_use_definition *use, struct ht_record *record)
{
    const uint64_t numbers[] = {use->used, use->free, use->largest_free, use->least_free, use->blocks};
    memcpy(record->numbers, numbers, sizeof numbers);
}

static void heap_use_from(const struct ht_record *record, struct heap_use_definition *use)
{
    const uint64_t *n = record->numbers;
    *use = (struct heap_use_definition){n[0], n[1], n[2], n[3], n[4]};
}

static void pool_use_to(const struct pool_use_definition *use, struct ht_record *record)
{
    const uint64_t numbers[] = {use->block_bytes, use->blocks, use->used, use->peak, use->refused, use->waste};
    memcpy(record->numbers, numbers, sizeof numbers);
}

static void pool_use_from(const struct ht_record *record, struct pool_use_definition *use)
{
    const uint64_t *n = record->numbers;
    *use = (struct pool_use_definition){n[0], n[1], n[2], n[3], n[4], n[5]};
}

static void alert_to(const struct alert_definition *alert, struct ht_record *record)
{
    const uint64_t numbers[] = {alert->level, alert->rule, alert->value, alert->threshold};
    memcpy(record->numbers, numbers, sizeof numbers);
    record->texts[0] = alert->text;
}

static void alert_from(const struct ht_record *record, struct alert_definition *alert)
{
    const uint64_t *n = record->numbers;
    *alert = (struct alert_definition){(uint32_t)n[0], (uint32_t)n[1], n[2], n[3], record->texts[0]};
}

static void bandwidth_to(const struct bandwidth_definition *bandwidth, struct ht_record *record)
{
    const uint64_t numbers[] = {bandwidth->bytes, bandwidth->read_sequential, bandwidth->write_sequential, bandwidth->read_random, bandwidth->write_random};
    memcpy(record->numbers, numbers, sizeof numbers);
}

static void bandwidth_from(const struct ht_record *record, struct bandwidth_definition *bandwidth)
{
    const uint64_t *n = record->numbers;
    *bandwidth = (struct bandwidth_definition){n[0], n[1], n[2], n[3], n[4]};
}

void define_device_to_record(const struct event *event, struct ht_record *record)
{
    if (event->kind == EVENT_FAULT)
        fault_to(event->define, record);
    else if (event->kind == EVENT_STACK_USE)
        stack_use_to(event->define, record);
    else if (event->kind == EVENT_HEAP_USE)
        heap_use_to(event->define, record);
    else if (event->kind == EVENT_POOL_USE)
        pool_use_to(event->define, record);
    else if (event->kind == EVENT_ALERT)
        alert_to(event->define, record);
    else if (event->kind == EVENT_BANDWIDTH)
        bandwidth_to(event->define, record);
}

bool define_device_from_record(const struct ht_record *record, union define_any *any)
{
    switch (record->kind) {
    case HT_RECORD_FAULT:
        return fault_from(record, &any->fault), true;
    case HT_RECORD_STACK_USE:
        return stack_use_from(record, &any->stack_use), true;
    case HT_RECORD_HEAP_USE:
        return heap_use_from(record, &any->heap_use), true;
    case HT_RECORD_POOL_USE:
        return pool_use_from(record, &any->pool_use), true;
    case HT_RECORD_ALERT:
        return alert_from(record, &any->alert), true;
    case HT_RECORD_BANDWIDTH:
        return bandwidth_from(record, &any->bandwidth), true;
    default:
        return false;
    }
}
