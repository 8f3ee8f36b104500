/* esp_rom_sys: a printf in ROM. */
#ifndef STUB_ESP_IDF_ESP_ROM_SYS_H
#define STUB_ESP_IDF_ESP_ROM_SYS_H

int esp_rom_printf(const char *format, ...);

#endif
