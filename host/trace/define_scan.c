/* define_scan: in what a look at a process found, out records, and back. */
#include "define.h"

#include <string.h>

static void scan_to(const struct scan_definition *scan, struct ht_record *record)
{
    const uint64_t numbers[] = {scan->id, scan->moment, scan->held_ns, scan->mark_ns, scan->block_bytes, scan->root_bytes};
    memcpy(record->numbers, numbers, sizeof numbers);
    for (unsigned class = CLASS_DIRECT, at = sizeof numbers / sizeof *numbers; class < CLASS_COUNT; class++) {
        record->numbers[at++] = scan->of[class].bytes;
        record->numbers[at++] = scan->of[class].count;
    }
}

static void scan_from(const struct ht_record *record, struct scan_definition *scan)
{
    const uint64_t *n = record->numbers;
    *scan = (struct scan_definition){.id = (uint32_t)n[0], .moment = (uint32_t)n[1], .held_ns = n[2], .mark_ns = n[3], .block_bytes = n[4], .root_bytes = n[5]};
    for (unsigned class = CLASS_DIRECT, at = 6; class < CLASS_COUNT; class++, at += 2)
        scan->of[class] = (struct class_sum){n[at], n[at + 1]};
}

static void site_to(const struct scan_site_definition *site, struct ht_record *record)
{
    const uint64_t numbers[] = {site->scan, site->class, site->count, site->owner, site->retained_bytes, site->retained_count, site->cycle};
    memcpy(record->numbers, numbers, sizeof numbers);
    record->texts[0] = site->chain;
}

static void site_from(const struct ht_record *record, struct scan_site_definition *site)
{
    const uint64_t *n = record->numbers;
    *site = (struct scan_site_definition){(uint32_t)n[0], n[1] < CLASS_COUNT ? (uint32_t)n[1] : CLASS_NONE, n[2], n[3], n[4], n[5], (uint32_t)n[6], record->texts[0]};
}

void define_scan_to_record(const struct event *event, struct ht_record *record)
{
    if (event->kind == EVENT_SCAN)
        scan_to(event->define, record);
    else if (event->kind == EVENT_SCAN_SITE || event->kind == EVENT_SCAN_BLOCK)
        site_to(event->define, record);
}

bool define_scan_from_record(const struct ht_record *record, union define_any *any)
{
    if (record->kind == HT_RECORD_SCAN)
        scan_from(record, &any->scan);
    else if (record->kind == HT_RECORD_SCAN_SITE || record->kind == HT_RECORD_SCAN_BLOCK)
        site_from(record, &any->scan_site);
    else
        return false;
    return true;
}
