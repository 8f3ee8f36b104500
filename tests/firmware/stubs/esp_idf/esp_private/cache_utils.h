/* cache_utils: while flash is written its cache, and PSRAM's, is off. */
#ifndef STUB_ESP_IDF_ESP_PRIVATE_CACHE_UTILS_H
#define STUB_ESP_IDF_ESP_PRIVATE_CACHE_UTILS_H

#include <stdbool.h>

bool spi_flash_cache_enabled(void);

#endif
