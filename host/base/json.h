/* json: in values one after another, out a JSON document on a stream; nothing is kept in memory. Errors of the stream are the stream's (ferror). */
#ifndef HOST_BASE_JSON_H
#define HOST_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MOST = 32 };

struct json {
    FILE *out;
    unsigned line_depth; /* members of containers nested deeper than this stay on one line */
    unsigned depth;
    bool has_members[JSON_DEPTH_MOST];
    char closers[JSON_DEPTH_MOST];
};

/* `key` is NULL inside arrays and for the document itself. */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_end(struct json *json); /* the innermost object or array; the last one ends the document with a newline */
void json_text(struct json *json, const char *key, const char *text); /* NULL is null; wrong UTF-8 becomes U+FFFD */
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
void json_real(struct json *json, const char *key, double value); /* what is no number becomes null */
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
void json_hex(struct json *json, const char *key, uint64_t value); /* "0x7f00", for addresses */

#endif
