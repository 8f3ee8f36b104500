/* esp_cpu: nothing of it is used by the port but that it is there. */
#ifndef STUB_ESP_IDF_ESP_CPU_H
#define STUB_ESP_IDF_ESP_CPU_H

#include <stdint.h>

#endif
