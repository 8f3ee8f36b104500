/* esp_idf: what a program on ESP-IDF calls besides heaptracer.h: one start, one pump. */
#ifndef TARGET_OS_ESP_IDF_ESP_IDF_H
#define TARGET_OS_ESP_IDF_ESP_IDF_H

#include <heaptracer/heaptracer.h>

#ifdef __cplusplus
extern "C" {
#endif

#if HT_ENABLED
/* Tells the tracer of the internal heap and of PSRAM, takes its memory by the settings of menuconfig (HeapTracer) and starts it. The fields of `config` that are not
 * zero go before those settings. Returns what ht_start returns. */
int ht_esp_start(const struct ht_config *config);
/* A task that pumps; ht_esp_start makes one, unless CONFIG_HEAPTRACER_OWN_TASK is off. */
void ht_esp_pump(void *unused);
/* Events lost because the records are in PSRAM and its cache was off. */
uint32_t ht_esp_lost(void);
#else
#define ht_esp_start(config) ht_nothing_(HT_NOT_HERE)
#define ht_esp_lost() ((uint32_t)ht_nothing_(0))
#endif

#ifdef __cplusplus
}
#endif
#endif
