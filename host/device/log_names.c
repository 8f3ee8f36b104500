/* log_names: the addresses become frames of one module, which the symbolizer names. */
#include "log_names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/map.h"
#include "host/base/memory.h"
#include "host/base/sha256.h"
#include "host/base/utf8.h"
#include "host/symbol/symbol.h"

enum { MODULE = 1, DIGITS = 8, SUM_LEAST = 8 /* digits of a checksum that are worth comparing */ };
static const char sum_mark[] = "ELF file SHA256:";

struct log_names {
    const struct flash *flash;
    struct symbols *symbols;
    struct map frames; /* of an address, with how it is meant: the frame's id */
    uint32_t frame_count;
    uint64_t seen, named;
    char sum[SHA256_TEXT_ROOM]; /* of the file, once it was asked for */
    bool is_other;
};

struct log_names *log_names_new(const struct flash *flash)
{
    struct log_names *names = memory_new(1, sizeof *names);
    names->flash = flash;
    if (!flash)
        return names;
    struct module_definition module = {.id = MODULE, .path = flash_path(flash)};
    flash_code_range(flash, &module.start, &module.end);
    module.build_id_bytes = flash_build_id(flash, module.build_id);
    names->symbols = symbols_new(NULL);
    symbols_see(names->symbols, &(struct event){.kind = EVENT_MODULE, .define = &module});
    return names;
}

/* Behind an escape sequence that begins there. */
static const char *sequence_end(const char *at)
{
    if (at[1] != '[')
        return at + 1;
    for (at += 2; *at && (*at < '@' || *at > '~'); at++)
        ;
    return *at ? at + 1 : at;
}

void log_names_clean(struct str *out, const char *line)
{
    struct str plain = {0};
    for (const char *at = line; *at;) {
        if (*at == '\33') {
            at = sequence_end(at);
            continue;
        }
        if (*at == '\t')
            str_add(&plain, " ");
        else if (*at != '\r')
            str_add_bytes(&plain, at, 1);
        at++;
    }
    utf8_add_clean(out, str_text(&plain));
    str_done(&plain);
}

static uint32_t frame_of(struct log_names *names, uint64_t address, bool is_return)
{
    bool is_new;
    uint64_t *id = map_put(&names->frames, address << 1 | is_return, &is_new);
    if (!is_new)
        return (uint32_t)*id;
    *id = ++names->frame_count;
    struct frame_definition frame = {.id = names->frame_count, .module = MODULE, .offset = address, .exact = !is_return};
    symbols_see(names->symbols, &(struct event){.kind = EVENT_FRAME, .define = &frame});
    return frame.id;
}

static void address_add(struct log_names *names, uint64_t address, bool is_return, struct str *out)
{
    const struct frame_text *texts;
    size_t count = symbols_frame(names->symbols, frame_of(names, address, is_return), &texts);
    names->named++;
    for (size_t i = 0; i < count; i++) {
        if (i)
            str_add(out, "    (inlined by) ");
        else
            str_add_format(out, "    0x%08llx: ", (unsigned long long)address);
        str_add(out, texts[i].function);
        if (texts[i].file)
            str_add_format(out, " at %s:%u", texts[i].file, texts[i].line);
        str_add(out, "\n");
    }
}

/* The address that begins there, and where it ends; false: none does. */
static bool address_get(const char *at, uint64_t *address)
{
    size_t digits = 0;
    if (at[0] != '0' || (at[1] != 'x' && at[1] != 'X'))
        return false;
    while (digits <= DIGITS && isxdigit((unsigned char)at[2 + digits]))
        digits++;
    *address = strtoull(at, NULL, 16);
    return digits == DIGITS;
}

/* The checksum that the firmware has of its own file, or the beginning of it. */
static void sum_compare(struct log_names *names, const char *line)
{
    const char *sum = strstr(line, sum_mark);
    if (!sum)
        return;
    sum += strlen(sum_mark);
    sum += strspn(sum, " ");
    size_t digits = strspn(sum, "0123456789abcdef");
    if (digits < SUM_LEAST || digits >= SHA256_TEXT_ROOM)
        return;
    if (!*names->sum && !sha256_file(flash_path(names->flash), names->sum))
        return;
    names->is_other |= strncmp(sum, names->sum, digits) != 0;
}

void log_names_add(struct log_names *names, const char *line, struct str *out)
{
    bool is_return = strstr(line, " caller ") || strstr(line, "freed by ");
    uint64_t address;
    if (names->flash)
        sum_compare(names, line);
    for (const char *at = line; *at; at++) {
        if ((at > line && isalnum((unsigned char)at[-1])) || !address_get(at, &address))
            continue;
        names->seen++;
        if (names->flash && flash_is_code(names->flash, address))
            address_add(names, address, is_return, out);
    }
}

uint64_t log_names_count(const struct log_names *names)
{
    return names->named;
}

uint64_t log_names_seen(const struct log_names *names)
{
    return names->seen;
}

bool log_names_is_other(const struct log_names *names)
{
    return names->is_other;
}

void log_names_free(struct log_names *names)
{
    if (names->symbols)
        symbols_free(names->symbols);
    map_done(&names->frames);
    memory_free(names);
}
