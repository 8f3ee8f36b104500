/* str: in pieces of text, out one NUL-terminated string that grows. */
#include "str.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vec.h"

static void str_reserve(struct str *str, size_t more)
{
    if (str->room < str->count + more + 1)
        vec__grow((void **)&str->at, &str->room, str->count + more + 1, 1);
}

void str_add_bytes(struct str *str, const char *bytes, size_t count)
{
    str_reserve(str, count);
    memcpy(str->at + str->count, bytes, count);
    str->count += count;
    str->at[str->count] = 0;
}

void str_add(struct str *str, const char *text)
{
    str_add_bytes(str, text, strlen(text));
}

void str_add_format(struct str *str, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    str_add_values(str, format, values);
    va_end(values);
}

void str_add_values(struct str *str, const char *format, va_list values)
{
    va_list again;
    va_copy(again, values);
    int bytes = vsnprintf(NULL, 0, format, values);
    if (bytes > 0) {
        str_reserve(str, (size_t)bytes);
        vsnprintf(str->at + str->count, (size_t)bytes + 1, format, again);
        str->count += (size_t)bytes;
    }
    va_end(again);
}

void str_add_wrapped(struct str *str, const char *text, size_t column, size_t indent, size_t width)
{
    for (bool is_first = true; *text; is_first = false) {
        size_t count = strcspn(text, " ");
        if (!is_first && column + 1 + count > width) {
            str_add_format(str, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!is_first) {
            str_add(str, " ");
            column++;
        }
        str_add_bytes(str, text, count);
        column += count;
        text += count + (text[count] == ' ');
    }
    str_add(str, "\n");
}

void str_clear(struct str *str)
{
    str->count = 0;
    if (str->at)
        str->at[0] = 0;
}

const char *str_text(const struct str *str)
{
    return str->at ? str->at : "";
}

void str_done(struct str *str)
{
    memory_free(str->at);
    *str = (struct str){0};
}
