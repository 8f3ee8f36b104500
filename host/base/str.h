/* str: in pieces of text, out one NUL-terminated string that grows; zero-filled is the empty string (with `at` NULL: use str_text). */
#ifndef HOST_BASE_STR_H
#define HOST_BASE_STR_H

#include <stdarg.h>
#include <stddef.h>

struct str {
    char *at;      /* NUL-terminated once anything was added */
    size_t count;  /* bytes without the NUL */
    size_t room;
};

void str_add(struct str *str, const char *text);
void str_add_bytes(struct str *str, const char *bytes, size_t count);
void str_add_format(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_add_values(struct str *str, const char *format, va_list values);
/* Whole words up to `width` columns: the first line goes on at `column`, the others start at `indent`; ends with a newline. ASCII. */
void str_add_wrapped(struct str *str, const char *text, size_t column, size_t indent, size_t width);
void str_clear(struct str *str);             /* keeps the memory */
const char *str_text(const struct str *str); /* never NULL */
void str_done(struct str *str);

#endif
