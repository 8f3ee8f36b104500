/* utf8: in bytes that may be anything, out valid UTF-8 without control characters, its columns, and where it may be cut. */
#ifndef HOST_BASE_UTF8_H
#define HOST_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "str.h"

/* Decodes one code point at `text` (NUL-terminated, not empty) and returns its bytes; a wrong byte is one of U+FFFD. */
size_t utf8_next(const char *text, uint32_t *point);
/* Columns of a terminal: one a code point, none for combining marks, two for wide ones. */
size_t utf8_columns(const char *text);
/* Bytes of `text` that fit in `columns`. */
size_t utf8_fit(const char *text, size_t columns);
/* Appends with wrong bytes as U+FFFD and control characters as '?': no trace can move the cursor or colour a terminal. */
void utf8_add_clean(struct str *str, const char *text);

#endif
