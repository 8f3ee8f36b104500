/* json: in values one after another, out a JSON document on a stream. */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "utf8.h"

static void quoted_put(FILE *out, const char *text)
{
    uint32_t point;
    putc('"', out);
    for (size_t count; *text; text += count) {
        count = utf8_next(text, &point);
        if (point == '"' || point == '\\')
            fprintf(out, "\\%c", (char)point);
        else if (point < 0x20 || (point >= 0x7F && point < 0xA0) || (count == 1 && point > 0x7F))
            fprintf(out, "\\u%04" PRIx32, point);
        else
            fwrite(text, 1, count, out);
    }
    putc('"', out);
}

static void line_put(const struct json *json)
{
    if (json->depth <= json->line_depth)
        fprintf(json->out, "\n%*s", (int)json->depth, "");
}

/* Comma, line and key before a value. */
static void value_start(struct json *json, const char *key)
{
    if (json->depth) {
        bool *has_members = &json->has_members[json->depth - 1];
        if (*has_members)
            fputs(json->depth <= json->line_depth ? "," : ", ", json->out);
        *has_members = true;
        line_put(json);
    }
    if (key) {
        quoted_put(json->out, key);
        fputs(": ", json->out);
    }
}

static void container_start(struct json *json, const char *key, char opener, char closer)
{
    value_start(json, key);
    putc(opener, json->out);
    if (json->depth >= JSON_DEPTH_MOST)
        abort(); /* the nesting is ours, not an input's */
    json->has_members[json->depth] = false;
    json->closers[json->depth++] = closer;
}

void json_object(struct json *json, const char *key)
{
    container_start(json, key, '{', '}');
}

void json_array(struct json *json, const char *key)
{
    container_start(json, key, '[', ']');
}

void json_end(struct json *json)
{
    bool had_lines = json->depth <= json->line_depth && json->has_members[json->depth - 1];
    json->depth--;
    if (had_lines)
        fprintf(json->out, "\n%*s", (int)json->depth, "");
    putc(json->closers[json->depth], json->out);
    if (!json->depth)
        putc('\n', json->out);
}

void json_text(struct json *json, const char *key, const char *text)
{
    if (!text) {
        json_null(json, key);
        return;
    }
    value_start(json, key);
    quoted_put(json->out, text);
}

void json_unsigned(struct json *json, const char *key, uint64_t value)
{
    value_start(json, key);
    fprintf(json->out, "%" PRIu64, value);
}

void json_signed(struct json *json, const char *key, int64_t value)
{
    value_start(json, key);
    fprintf(json->out, "%" PRId64, value);
}

void json_real(struct json *json, const char *key, double value)
{
    if (!isfinite(value)) {
        json_null(json, key);
        return;
    }
    value_start(json, key);
    fprintf(json->out, "%.15g", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    value_start(json, key);
    fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
    value_start(json, key);
    fputs("null", json->out);
}

void json_hex(struct json *json, const char *key, uint64_t value)
{
    value_start(json, key);
    fprintf(json->out, "\"0x%" PRIx64 "\"", value);
}
