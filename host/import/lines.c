/* lines: in packed or plain bytes, out lines. */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "host/base/memory.h"
#include "host/base/str.h"

enum { LINES_ROOM = 1 << 16, LINES_FREE_BYTES = 64 << 20, LINES_RATIO = 1000, GZIP_WINDOW = 15 + 16, ZSTD_WINDOW_LOG_MOST = 27 };
enum lines_kind { LINES_NOT_KNOWN, LINES_PLAIN, LINES_GZIP, LINES_ZSTD };

struct lines {
    lines_read read;
    void *context;
    int file; /* of lines_open, else -1 */
    char *name;
    enum lines_kind kind;
    bool has_ended, has_output_ended, is_between; /* between: one packed part is whole, another may follow */
    z_stream gzip;
    ZSTD_DStream *zstd;
    uint8_t packed[LINES_ROOM];
    size_t packed_at, packed_count;
    uint64_t packed_sum, text_sum;
    char text[LINES_ROOM];
    size_t at, count;
    struct str line;
    char head[LINES_HEAD_BYTES + 1];
    uint64_t number;
};

static long file_read(void *context, void *bytes, size_t room)
{
    return read(((struct lines *)context)->file, bytes, room);
}

struct lines *lines_open_stream(lines_read read_bytes, void *context, const char *name)
{
    struct lines *lines = memory_new(1, sizeof *lines);
    lines->read = read_bytes;
    lines->context = context;
    lines->file = -1;
    lines->name = memory_copy_text(name);
    return lines;
}

struct lines *lines_open(const char *path, struct error *error)
{
    bool is_standard = !strcmp(path, "-");
    int file = is_standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_set_errno(error, ERROR_READ, "%s cannot be opened", path), NULL;
    struct lines *lines = lines_open_stream(file_read, NULL, is_standard ? "standard input" : path);
    lines->context = lines;
    lines->file = file;
    return lines;
}

const char *lines_name(const struct lines *lines)
{
    return lines->name;
}

uint64_t lines_number(const struct lines *lines)
{
    return lines->number;
}

bool lines_wrong(const struct lines *lines, struct error *error, const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return error_set(error, ERROR_READ, "%s:%llu: %s", lines->name, (unsigned long long)lines->number, text);
}

/* More packed bytes, if there are none left; false on an error. */
static bool packed_fill(struct lines *lines, struct error *error)
{
    if (lines->packed_at < lines->packed_count || lines->has_ended)
        return true;
    long count;
    do
        count = lines->read(lines->context, lines->packed, LINES_ROOM);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return error_set_errno(error, ERROR_READ, "%s cannot be read", lines->name);
    lines->packed_at = 0;
    lines->packed_count = (size_t)count;
    lines->packed_sum += (size_t)count;
    lines->has_ended = count == 0;
    return true;
}

static bool kind_find(struct lines *lines, struct error *error)
{
    static const uint8_t gzip_magic[] = {0x1f, 0x8b}, zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    if (!packed_fill(lines, error))
        return false;
    lines->kind = LINES_PLAIN;
    if (lines->packed_count >= sizeof gzip_magic && !memcmp(lines->packed, gzip_magic, sizeof gzip_magic)) {
        lines->kind = LINES_GZIP;
        if (inflateInit2(&lines->gzip, GZIP_WINDOW) != Z_OK)
            return error_set(error, ERROR_MEMORY, "out of memory");
    } else if (lines->packed_count >= sizeof zstd_magic && !memcmp(lines->packed, zstd_magic, sizeof zstd_magic)) {
        lines->kind = LINES_ZSTD;
        lines->zstd = ZSTD_createDStream();
        if (!lines->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(lines->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MOST)))
            return error_set(error, ERROR_MEMORY, "out of memory");
    }
    return true;
}

static bool packed_is_wrong(const struct lines *lines, struct error *error)
{
    return error_set(error, ERROR_READ, "%s: the %s data is damaged at about byte %llu", lines->name, lines->kind == LINES_GZIP ? "gzip" : "zstd",
                     (unsigned long long)(lines->packed_sum - lines->packed_count + lines->packed_at));
}

static bool gzip_step(struct lines *lines, struct error *error)
{
    lines->gzip.next_in = lines->packed + lines->packed_at;
    lines->gzip.avail_in = (unsigned)(lines->packed_count - lines->packed_at);
    lines->gzip.next_out = (uint8_t *)lines->text;
    lines->gzip.avail_out = LINES_ROOM;
    int result = inflate(&lines->gzip, Z_NO_FLUSH);
    lines->packed_at = lines->packed_count - lines->gzip.avail_in;
    lines->count = LINES_ROOM - lines->gzip.avail_out;
    lines->is_between = result == Z_STREAM_END;
    if (result == Z_STREAM_END)
        inflateReset(&lines->gzip);
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR || packed_is_wrong(lines, error);
}

static bool zstd_step(struct lines *lines, struct error *error)
{
    ZSTD_inBuffer in = {lines->packed, lines->packed_count, lines->packed_at};
    ZSTD_outBuffer out = {lines->text, LINES_ROOM, 0};
    size_t result = ZSTD_decompressStream(lines->zstd, &out, &in);
    lines->packed_at = in.pos;
    lines->count = out.pos;
    lines->is_between = result == 0;
    return !ZSTD_isError(result) || packed_is_wrong(lines, error);
}

static void plain_step(struct lines *lines)
{
    lines->count = lines->packed_count - lines->packed_at;
    memcpy(lines->text, lines->packed + lines->packed_at, lines->count);
    lines->packed_at = lines->packed_count;
    lines->is_between = true;
}

/* More text, at least a byte unless all is at its end; false on an error. */
static bool text_fill(struct lines *lines, struct error *error)
{
    if (lines->kind == LINES_NOT_KNOWN && !kind_find(lines, error))
        return false;
    lines->at = lines->count = 0;
    while (!lines->count) {
        if (!packed_fill(lines, error))
            return false;
        if (lines->has_ended && lines->packed_at == lines->packed_count && lines->has_output_ended)
            return lines->is_between || !lines->packed_sum || lines_wrong(lines, error, "the %s data is cut", lines->kind == LINES_GZIP ? "gzip" : "zstd");
        bool had_input = lines->packed_at < lines->packed_count;
        if (lines->kind == LINES_PLAIN)
            plain_step(lines);
        else if (!(lines->is_between && !had_input) && !(lines->kind == LINES_GZIP ? gzip_step(lines, error) : zstd_step(lines, error)))
            return false;
        lines->has_output_ended = lines->has_ended && !lines->count;
    }
    lines->text_sum += lines->count;
    if (lines->kind != LINES_PLAIN && lines->text_sum > LINES_FREE_BYTES && lines->text_sum / LINES_RATIO > lines->packed_sum)
        return lines_wrong(lines, error, "unpacks to more than %d times its size: not read any further", LINES_RATIO);
    return true;
}

const char *lines_head(struct lines *lines, struct error *error)
{
    if (!lines->count && !text_fill(lines, error))
        return NULL;
    size_t count = lines->count < LINES_HEAD_BYTES ? lines->count : LINES_HEAD_BYTES;
    memcpy(lines->head, lines->text, count);
    for (size_t i = 0; i < count; i++)
        lines->head[i] = lines->head[i] ? lines->head[i] : ' ';
    return lines->head;
}

static char *line_give(struct lines *lines)
{
    if (lines->line.count && lines->line.at[lines->line.count - 1] == '\r')
        lines->line.at[--lines->line.count] = 0;
    lines->number++;
    return lines->line.at;
}

char *lines_next(struct lines *lines, struct error *error)
{
    str_clear(&lines->line);
    str_add(&lines->line, "");
    for (;;) {
        if (lines->at == lines->count && !text_fill(lines, error))
            return NULL;
        if (lines->at == lines->count)
            return lines->line.count ? line_give(lines) : NULL;
        const char *from = lines->text + lines->at, *end = memchr(from, '\n', lines->count - lines->at);
        size_t count = end ? (size_t)(end - from) : lines->count - lines->at;
        str_add_bytes(&lines->line, from, count);
        lines->at += count + (end != NULL);
        if (lines->line.count > LINES_LINE_BYTES) {
            lines->number++;
            lines_wrong(lines, error, "a line of more than %d bytes", LINES_LINE_BYTES);
            return NULL;
        }
        if (end)
            return line_give(lines);
    }
}

void lines_close(struct lines *lines)
{
    if (!lines)
        return;
    if (lines->kind == LINES_GZIP)
        inflateEnd(&lines->gzip);
    ZSTD_freeDStream(lines->zstd);
    if (lines->file > STDIN_FILENO)
        close(lines->file);
    str_done(&lines->line);
    memory_free(lines->name);
    memory_free(lines);
}
