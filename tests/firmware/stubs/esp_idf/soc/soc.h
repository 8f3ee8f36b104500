/* soc: where memory is. */
#ifndef STUB_ESP_IDF_SOC_SOC_H
#define STUB_ESP_IDF_SOC_SOC_H

#define SOC_DRAM_LOW 0x1000
#define SOC_DRAM_HIGH 0x2000
#define SOC_EXTRAM_DATA_LOW 0x3000
#define SOC_EXTRAM_DATA_HIGH 0x4000

#endif
