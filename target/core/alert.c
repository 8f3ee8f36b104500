/* alert: in thresholds and the state of heaps, stacks and faults, out lights: a line of text, the LED, a notice to the host and the firmware's own call. */
#include "outbox.h"
#include "text.h"

#if HT_WITH_ALERTS

enum { ARE_LESS = 1 << HT_WATCH_FREE | 1 << HT_WATCH_LARGEST | 1 << HT_WATCH_STACK /* passed when fewer */ };

/* All bits of what is passed when fewer: turned over it is worse the larger it is, as the others are. 0 of either is what is not known. */
static uint32_t turn(uint8_t watch)
{
    return 0u - (ARE_LESS >> watch & 1);
}

static void value_look(uint32_t *values, uint8_t watch, size_t value)
{
    uint32_t turned = (uint32_t)value ^ turn(watch);
    if (turned > values[watch])
        values[watch] = turned;
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
        if ((!of->bytes && !of->use) || ht__core.kinds[heap] == HT_MEMORY_POOL || !ht__heap_use(heap, &use))
            continue;
        value_look(values, HT_WATCH_FREE, use.free);
        if (!use.largest_free)
            continue;
        value_look(values, HT_WATCH_LARGEST, use.largest_free);
        value_look(values, HT_WATCH_FRAGMENTATION, fragmentation((uint32_t)use.free, (uint32_t)use.largest_free));
    }
}

static void values_look(uint32_t *values)
{
    const struct ht_counters *counters = &ht__core.counters;
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
            value_look(values, HT_WATCH_STACK, (size_t)ht__core.tasks[task].least_free * HT_STACK_UNIT);
}

static void notify(const struct ht_alert *alert)
{
    const ht_number numbers[HT_ALERT_NUMBERS] = {alert->light, alert->watch, alert->value, alert->threshold};
    unsigned watch = HT_WORD_WATCH_FREE + (unsigned)alert->watch;
    ht__outbox_tell(HT_TOLD_ALERT, numbers, HT_ALERT_NUMBERS, ht__word(watch));
    ht__text(ht_port_print, T_TRACER T_W ": " T_W " " T_U ", threshold " T_U "\n", HT_WORD_LIGHT_OK + (unsigned)alert->light, watch, alert->value,
             alert->threshold);
    if (ht__core.on_alert)
        ht__core.on_alert(ht__core.alert_context, alert);
}

static uint8_t watch_check(uint8_t watch, uint32_t turned)
{
    struct ht_alert alert = {HT_LIGHT_CRITICAL, (enum ht_watch)watch, turned ^ turn(watch), ht__core.thresholds[watch].critical};
    for (; alert.light != HT_LIGHT_OK; alert.light--, alert.threshold = ht__core.thresholds[watch].warn)
        if (alert.threshold && turned >= (alert.threshold ^ turn(watch)) - turn(watch))
            break;
    if (alert.light != ht__core.run->lights[watch]) {
        ht__core.run->lights[watch] = (uint8_t)alert.light;
        notify(&alert);
    }
    return (uint8_t)alert.light;
}

enum ht_light ht_alert_check(void)
{
    uint32_t values[HT_WATCHES] = {0};
    uint8_t worst = HT_LIGHT_NO_DATA;
    if (ht__core.configured && ht__core.running != HT_STATE_IDLE && ht__core.thresholds) {
        worst = HT_LIGHT_OK;
        values_look(values);
        for (uint8_t watch = 0; watch < HT_WATCHES; watch++) {
            uint8_t light = watch_check(watch, values[watch]);
            worst = light > worst ? light : worst;
        }
        if (ht__core.running != HT_STATE_REPORTING)
            ht__state_set(worst == HT_LIGHT_OK ? HT_STATE_TRACKING : HT_STATE_ALERTING);
    }
    if (worst != ht__core.worst)
        ht_port_led((enum ht_light)worst);
    ht__core.worst = worst;
    return (enum ht_light)worst;
}

void ht_alert_baseline(void)
{
    ht__core.baseline = ht__core.counters.live_bytes;
}

#endif
