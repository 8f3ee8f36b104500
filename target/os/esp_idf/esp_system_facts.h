/* esp_system_facts: what the tracer asks of ESP-IDF: which memory an address is in, who runs, whether PSRAM can be read now. */
#ifndef TARGET_OS_ESP_IDF_ESP_SYSTEM_FACTS_H
#define TARGET_OS_ESP_IDF_ESP_SYSTEM_FACTS_H

#include <stdbool.h>
#include <stdint.h>

/* The address by which a block is known from its allocation to its free: executable memory has two, and the heap tells now the one, now the other. The word before
 * the executable one is the other, as the heap itself keeps it. */
const void *ht__esp_block(const void *block);
/* The tracer's number of the heap where it is. */
uint8_t ht__esp_heap(const void *block);
/* Tells the tracer of the task that runs, the first time. */
void ht__esp_task_meet(void);
/* While flash is written neither it nor PSRAM can be read. */
bool ht__esp_cache_is_on(void);
/* The records are in PSRAM, which is off: the event is lost, and counted (ht_esp_lost). */
bool ht__esp_memory_is_off(void);

#endif
