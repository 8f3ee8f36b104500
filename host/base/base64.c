/* base64: in bytes written to a stream, out their base64 text on another. */
#include "base64.h"

#include "memory.h"

struct base64 {
    FILE *out;
    unsigned char kept[3]; /* bytes that do not make a group yet */
    size_t kept_count;
};

static void group_put(FILE *out, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned value = (unsigned)bytes[0] << 16 | (count > 1 ? (unsigned)bytes[1] << 8 : 0) | (count > 2 ? bytes[2] : 0);
    putc_unlocked(digits[value >> 18], out);
    putc_unlocked(digits[value >> 12 & 63], out);
    putc_unlocked(count > 1 ? digits[value >> 6 & 63] : '=', out);
    putc_unlocked(count > 2 ? digits[value & 63] : '=', out);
}

static ssize_t base64_write(void *context, const char *bytes, size_t count)
{
    struct base64 *base64 = context;
    for (size_t i = 0; i < count; i++) {
        base64->kept[base64->kept_count++] = (unsigned char)bytes[i];
        if (base64->kept_count == sizeof base64->kept) {
            group_put(base64->out, base64->kept, base64->kept_count);
            base64->kept_count = 0;
        }
    }
    return ferror(base64->out) ? 0 : (ssize_t)count;
}

static int base64_close(void *context)
{
    struct base64 *base64 = context;
    if (base64->kept_count)
        group_put(base64->out, base64->kept, base64->kept_count);
    int result = ferror(base64->out) ? EOF : 0;
    memory_free(base64);
    return result;
}

FILE *base64_open(FILE *out)
{
    struct base64 *base64 = memory_new(1, sizeof *base64);
    base64->out = out;
    FILE *stream = fopencookie(base64, "w", (cookie_io_functions_t){.write = base64_write, .close = base64_close});
    if (!stream)
        memory_free(base64);
    return stream;
}
