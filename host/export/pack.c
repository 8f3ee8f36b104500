/* pack: in bytes, out the same compressed, through a stream of its own (fopencookie). */
#include "pack.h"

#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

#include "host/base/memory.h"

enum { PACK_ROOM = 1 << 16, PACK_GZIP_WINDOW = 15 + 16, PACK_GZIP_MEMORY = 8, PACK_ZSTD_LEVEL = 3 };

struct packer {
    FILE *out;
    z_stream gzip;
    ZSTD_CStream *zstd;
    unsigned char room[PACK_ROOM];
};

static bool packer_put(struct packer *packer, size_t count)
{
    return fwrite(packer->room, 1, count, packer->out) == count;
}

static bool gzip_step(struct packer *packer, int flush)
{
    int result;
    do {
        packer->gzip.next_out = packer->room;
        packer->gzip.avail_out = PACK_ROOM;
        result = deflate(&packer->gzip, flush);
        if (result == Z_STREAM_ERROR || !packer_put(packer, PACK_ROOM - packer->gzip.avail_out))
            return false;
    } while (packer->gzip.avail_out == 0 || (flush == Z_FINISH && result != Z_STREAM_END));
    return true;
}

static ssize_t gzip_write(void *cookie, const char *bytes, size_t count)
{
    struct packer *packer = cookie;
    packer->gzip.next_in = (unsigned char *)(uintptr_t)bytes;
    packer->gzip.avail_in = (unsigned)count;
    return gzip_step(packer, Z_NO_FLUSH) ? (ssize_t)count : 0;
}

static int gzip_close(void *cookie)
{
    struct packer *packer = cookie;
    packer->gzip.avail_in = 0;
    bool is_good = gzip_step(packer, Z_FINISH);
    deflateEnd(&packer->gzip);
    memory_free(packer);
    return is_good ? 0 : EOF;
}

static bool zstd_step(struct packer *packer, ZSTD_inBuffer *in, ZSTD_EndDirective directive)
{
    size_t left;
    do {
        ZSTD_outBuffer out = {packer->room, PACK_ROOM, 0};
        left = ZSTD_compressStream2(packer->zstd, &out, in, directive);
        if (ZSTD_isError(left) || !packer_put(packer, out.pos))
            return false;
    } while (directive == ZSTD_e_end ? left > 0 : in->pos < in->size);
    return true;
}

static ssize_t zstd_write(void *cookie, const char *bytes, size_t count)
{
    ZSTD_inBuffer in = {bytes, count, 0};
    return zstd_step(cookie, &in, ZSTD_e_continue) ? (ssize_t)count : 0;
}

static int zstd_close(void *cookie)
{
    struct packer *packer = cookie;
    ZSTD_inBuffer in = {NULL, 0, 0};
    bool is_good = zstd_step(packer, &in, ZSTD_e_end);
    ZSTD_freeCStream(packer->zstd);
    memory_free(packer);
    return is_good ? 0 : EOF;
}

static ssize_t plain_write(void *cookie, const char *bytes, size_t count)
{
    return (ssize_t)fwrite(bytes, 1, count, ((struct packer *)cookie)->out);
}

static int plain_close(void *cookie)
{
    memory_free(cookie);
    return 0;
}

/* Nothing that a format writes gets into the stored bytes but what it wrote: no name, no time. */
FILE *pack_open(FILE *out, enum pack pack)
{
    struct packer *packer = memory_new(1, sizeof *packer);
    cookie_io_functions_t functions = {.write = plain_write, .close = plain_close};
    packer->out = out;
    if (pack == PACK_GZIP) {
        functions = (cookie_io_functions_t){.write = gzip_write, .close = gzip_close};
        if (deflateInit2(&packer->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, PACK_GZIP_WINDOW, PACK_GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
            return memory_free(packer), NULL;
    } else if (pack == PACK_ZSTD) {
        functions = (cookie_io_functions_t){.write = zstd_write, .close = zstd_close};
        packer->zstd = ZSTD_createCStream();
        if (!packer->zstd || ZSTD_isError(ZSTD_initCStream(packer->zstd, PACK_ZSTD_LEVEL)))
            return ZSTD_freeCStream(packer->zstd), memory_free(packer), NULL;
    }
    FILE *stream = fopencookie(packer, "w", functions);
    if (!stream)
        functions.close(packer);
    return stream;
}
