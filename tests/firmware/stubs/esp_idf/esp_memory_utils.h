/* esp_memory_utils: executable memory has a second address; PSRAM is a range. */
#ifndef STUB_ESP_IDF_ESP_MEMORY_UTILS_H
#define STUB_ESP_IDF_ESP_MEMORY_UTILS_H

#include <stdbool.h>

bool esp_ptr_external_ram(const void *p);
bool esp_ptr_in_diram_iram(const void *p);
bool esp_ptr_in_diram_dram(const void *p);

#endif
