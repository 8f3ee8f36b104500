/* text: in words and numbers, out letters, one after the other. */
#ifndef TARGET_CORE_TEXT_H
#define TARGET_CORE_TEXT_H

#include "core.h"

/* format: %s text, %u uint32_t, %x ht_pc in hex with 0x, %k bytes as KB with two decimals. Nothing else. */
void ht__text(ht_print print, const char *format, ...);

#endif
