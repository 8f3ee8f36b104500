/* sdkconfig: what menuconfig would have chosen. */
#ifndef STUB_ESP_IDF_SDKCONFIG_H
#define STUB_ESP_IDF_SDKCONFIG_H

#define CONFIG_SPIRAM 1
#define CONFIG_HEAPTRACER_MEMORY_BYTES 1024
#define CONFIG_HEAPTRACER_PSRAM 1
#define CONFIG_HEAPTRACER_OWN_TASK 1

#endif
