/* fault_words: in numbers that firmware tells, out their words. An unknown one is "?", none is "". */
#ifndef HOST_TRACE_FAULT_WORDS_H
#define HOST_TRACE_FAULT_WORDS_H

#include <stdint.h>

#include <heaptracer/firmware.h>

#include "host/base/str.h"
#include "wire/device.h"

const char *fault_word(uint32_t fault);
const char *guess_word(uint32_t guess);
const char *found_word(uint32_t found);
const char *level_word(uint32_t level);
const char *rule_word(uint32_t rule);
/* The names of the bits of enum ht_cap, joined by "+". */
void caps_words(struct str *to, uint32_t caps);

#endif
