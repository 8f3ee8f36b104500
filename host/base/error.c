/* error: in a format and values, out one sentence; the first one set stays. */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool error_fill(struct error *error, enum error_kind kind, int code, const char *format, va_list values)
{
    if (!error || error->kind != ERROR_NONE)
        return false;
    error->kind = kind;
    int used = vsnprintf(error->text, sizeof error->text, format, values);
    if (code && used >= 0 && (size_t)used < sizeof error->text)
        snprintf(error->text + used, sizeof error->text - (size_t)used, ": %s", strerror(code));
    return false;
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    error_fill(error, kind, 0, format, values);
    va_end(values);
    return false;
}

bool error_set_errno(struct error *error, enum error_kind kind, const char *format, ...)
{
    int code = errno;
    va_list values;
    va_start(values, format);
    error_fill(error, kind, code, format, values);
    va_end(values);
    return false;
}

int error_exit_code(const struct error *error)
{
    if (error->kind == ERROR_NONE)
        return 0;
    return error->kind == ERROR_USAGE ? 2 : 3;
}
