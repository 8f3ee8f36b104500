/* alert: in thresholds and the state of heaps, stacks and faults, out lights: a line of text, the LED, a notice to the host and the firmware's own call. */
#include "outbox.h"
#include "text.h"

#if HT_WITH_ALERTS

#define UNKNOWN UINT32_MAX

static const char *const names[HT_WATCHES] = {"free memory", "largest free block", "fragmentation", "live blocks",       "growth", "refused allocations",
                                               "stack left",  "memory faults",      "lost by the tracer"};
static const char *const lights[] = {"ok", "warning", "critical", "no data"};

static bool is_less(uint8_t watch)
{
    return watch == HT_WATCH_FREE || watch == HT_WATCH_LARGEST || watch == HT_WATCH_STACK;
}

static void worse(uint8_t watch, uint32_t *value, uint32_t now)
{
    if (*value == UNKNOWN || (is_less(watch) ? now < *value : now > *value))
        *value = now;
}

/* Percent. */
static uint32_t fragmentation(uint32_t free, uint32_t largest)
{
    uint32_t part = free < UINT32_MAX / 100 ? largest * 100 / (free ? free : 1) : largest / (free / 100);
    return part > 100 ? 0 : 100 - part;
}

static void heaps_look(uint32_t *values)
{
    struct ht_heap_use use;
    for (uint8_t heap = 0; heap < HT_HEAPS; heap++) {
        const struct ht_heap *of = &ht__core.heaps[heap];
        if ((!of->bytes && !of->use) || of->kind == HT_MEMORY_POOL || !ht__heap_use(heap, &use))
            continue;
        worse(HT_WATCH_FREE, &values[HT_WATCH_FREE], (uint32_t)use.free);
        if (!use.largest_free)
            continue;
        worse(HT_WATCH_LARGEST, &values[HT_WATCH_LARGEST], (uint32_t)use.largest_free);
        worse(HT_WATCH_FRAGMENTATION, &values[HT_WATCH_FRAGMENTATION], fragmentation((uint32_t)use.free, (uint32_t)use.largest_free));
    }
}

static void values_look(uint32_t *values)
{
    const struct ht_counters *counters = &ht__core.counters;
    for (uint8_t watch = 0; watch < HT_WATCHES; watch++)
        values[watch] = UNKNOWN;
    heaps_look(values);
    if (core_keeps()) {
        values[HT_WATCH_LIVE] = counters->live_blocks;
        values[HT_WATCH_GROWTH] = counters->live_bytes > ht__core.baseline ? counters->live_bytes - ht__core.baseline : 0;
    }
    values[HT_WATCH_REFUSED] = counters->refused;
    values[HT_WATCH_FAULTS] = counters->faults;
    values[HT_WATCH_TRACER] = counters->lost_events + counters->table_full;
    for (uint8_t task = 0; task < HT_TASKS; task++)
        if (ht__core.tasks[task].flags & HT_TASK_WATCHED)
            worse(HT_WATCH_STACK, &values[HT_WATCH_STACK], (uint32_t)ht__core.tasks[task].least_free);
}

static bool passes(uint8_t watch, uint32_t value, uint32_t threshold)
{
    return threshold && value != UNKNOWN && (is_less(watch) ? value < threshold : value >= threshold);
}

static void notify(const struct ht_alert *alert)
{
    const ht_number numbers[] = {alert->light, alert->watch + 1u, alert->value, alert->threshold};
    ht__outbox_tell(HT_TOLD_ALERT, numbers, HT_ALERT_NUMBERS, names[alert->watch]);
    ht__text(ht_port_print, "heaptracer: %s: %s %u, threshold %u\n", lights[alert->light], names[alert->watch], alert->value, alert->threshold);
    if (ht__core.on_alert)
        ht__core.on_alert(ht__core.alert_context, alert);
}

static uint8_t watch_check(uint8_t watch, uint32_t value)
{
    const struct ht_threshold *threshold = &ht__core.thresholds[watch];
    uint8_t light = passes(watch, value, threshold->critical) ? HT_LIGHT_CRITICAL : passes(watch, value, threshold->warn) ? HT_LIGHT_WARN : HT_LIGHT_OK;
    if (light == ht__core.lights[watch])
        return light;
    ht__core.lights[watch] = light;
    const struct ht_alert alert = {(enum ht_light)light, (enum ht_watch)watch, value, light == HT_LIGHT_CRITICAL ? threshold->critical : threshold->warn};
    notify(&alert);
    return light;
}

enum ht_light ht_alert_check(void)
{
    uint32_t values[HT_WATCHES];
    uint8_t worst = HT_LIGHT_OK;
    if (!ht__core.configured || ht__core.running == HT_STATE_IDLE || !ht__core.thresholds)
        worst = HT_LIGHT_NO_DATA;
    else
        values_look(values);
    for (uint8_t watch = 0; watch < HT_WATCHES && worst != HT_LIGHT_NO_DATA; watch++) {
        uint8_t light = watch_check(watch, values[watch]);
        worst = light > worst ? light : worst;
    }
    if (worst != ht__core.worst)
        ht_port_led((enum ht_light)worst);
    ht__core.worst = worst;
    if (worst != HT_LIGHT_NO_DATA && ht__core.running != HT_STATE_REPORTING)
        ht__state_set(worst == HT_LIGHT_OK ? HT_STATE_TRACKING : HT_STATE_ALERTING);
    return (enum ht_light)worst;
}

void ht_alert_baseline(void)
{
    ht__core.baseline = ht__core.counters.live_bytes;
}

#endif
