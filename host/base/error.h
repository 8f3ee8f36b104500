/* error: in a format and values, out one sentence that names what failed, why and the mend. Library code fills it; only cmd/ prints it. */
#ifndef HOST_BASE_ERROR_H
#define HOST_BASE_ERROR_H

#include <stdbool.h>

enum error_kind {
    ERROR_NONE,
    ERROR_USAGE,    /* the caller asked for something that cannot be; exit code 2 */
    ERROR_READ,     /* an input cannot be read or is damaged; exit code 3 */
    ERROR_WRITE,    /* an output cannot be written; exit code 3 */
    ERROR_MEMORY,   /* out of memory; exit code 3 */
};

struct error {
    enum error_kind kind;
    char text[1024];
};

/* Fills `error` (may be NULL) and returns false, so that a function can `return error_set(...)`. The first error stays: later calls change nothing. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with ": strerror(errno)" appended. */
bool error_set_errno(struct error *error, enum error_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* 0 for ERROR_NONE, 2 for ERROR_USAGE, 3 else. */
int error_exit_code(const struct error *error);

#endif
