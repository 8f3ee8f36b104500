/* suppress: in suppression files of LeakSanitizer and of valgrind, out whether a stack is one of those that they name, and how often each rule matched. */
#ifndef HOST_REACH_SUPPRESS_H
#define HOST_REACH_SUPPRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <heaptracer/trace.h>

#include "host/base/arena.h"
#include "host/base/error.h"
#include "host/base/str.h"
#include "host/base/vec.h"

struct suppress_frame {
    const char *function, *file, *module; /* "" for what is not known */
};

/* A line of a rule: what must be in a frame. */
struct suppress_line {
    enum { SUPPRESS_FUNCTION, SUPPRESS_OBJECT, SUPPRESS_SOURCE, SUPPRESS_ANY, SUPPRESS_REST } kind;
    const char *pattern;
};

struct suppress_rule {
    const char *name, *file;
    unsigned line; /* of the file, in which it begins */
    bool is_leak;       /* rules about other errors are not kept */
    bool is_stack;      /* valgrind's: lines for the frames from the innermost on; else one pattern for any frame */
    uint32_t classes;   /* bits of enum block_class that it is for */
    VEC(struct suppress_line) lines;
    uint64_t sites, blocks, bytes; /* that it matched */
};

struct suppress {
    VEC(struct suppress_rule) rules;
    struct arena arena;
};

/* Adds the rules of a file; both forms may stand in one. False: a line is neither. */
bool suppress_read(struct suppress *suppress, FILE *in, const char *path, struct error *error);
/* The first rule that is for the stack, frames from the innermost on; NULL: none. */
struct suppress_rule *suppress_find(struct suppress *suppress, enum block_class class, const struct suppress_frame *frames, size_t count);
/* "leak:PATTERN", or "fun:malloc > fun:make > ...". */
void suppress_put_pattern(const struct suppress_rule *rule, struct str *out);
/* '*' is any text, '?' any one byte. */
bool suppress_matches(const char *pattern, const char *text);
void suppress_done(struct suppress *suppress);

#endif
