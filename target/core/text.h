/* text: in words and numbers, out letters, one after the other. A text has the letters below for what is to be put in, and for words that many texts have. */
#ifndef TARGET_CORE_TEXT_H
#define TARGET_CORE_TEXT_H

#include "core.h"

#define T_U "\1" /* number */
#define T_D "\2" /* number, in two digits */
#define T_X "\3" /* number in hex with 0x */
#define T_S "\4" /* text: the address of it */
#define T_W "\5" /* word: its number */
/* from T_WORDS on, in the order of text.def */
#define T_RULER "\16"
#define T_BYTES "\17"
#define T_ALLOCATIONS "\20"
#define T_TRACER "\21"
#define T_BACKTRACE "\22"
#define T_NOT_CAPTURED "\23"
#define T_PLACE "\24" /* file, line, function, variable */
#define T_FREE "\25"
#define T_OVERFLOW "\26"
enum { T_WORDS = 14 };

enum ht_word {
#define T_WORD(name, text) HT_WORD_##name,
#include "text.def"
#undef T_WORD
};

/* text: of the letters above and others; what is to be put in, in its order. Returns what follows in `numbers`. */
const ht_number *ht__put(ht_print print, const char *text, const ht_number *numbers);
#define T_TEXT(text) ((ht_number)(uintptr_t)(text))
#define ht__text(print, text, ...) ((void)ht__put(print, text, (const ht_number[]){__VA_ARGS__}))
const char *ht__word(unsigned number);
/* The one of that number in texts that stand one behind the other, each with a 0. */
const char *ht__nth(const char *texts, unsigned number);

#endif
