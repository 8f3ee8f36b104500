/* decode: in the text that a serial monitor captured, out the text with its addresses named, and a trace of the frames in it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "device_trace.h"
#include "host/base/number.h"
#include "host/device/log_names.h"
#include "host/device/memory_dump.h"
#include "host/import/lines.h"

enum { DUMP_MOST = 1 << 30 };

struct decode_values {
    const char *output, *elf;
    bool force, quiet, is_memory;
};

static const struct opt decode_options[] = {
    {OPT_TEXT, 'e', "elf", offsetof(struct decode_values, elf), "FILE", "the firmware as the linker wrote it: names and lines are read from it", NULL, NULL, NULL},
    {OPT_TEXT, 'o', "output", offsetof(struct decode_values, output), "FILE", "the trace, if the log has frames", "the log's name with .htrc, in this folder", NULL,
     NULL},
    {OPT_FLAG, 'f', "force", offsetof(struct decode_values, force), NULL, "replace a trace that is there", NULL, NULL, NULL},
    {OPT_FLAG, 'm', "memory", offsetof(struct decode_values, is_memory), NULL, "LOG is a dump of the device's memory, with a ring that survived its reset", NULL, NULL,
     NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct decode_values, quiet), NULL, "print no text, say nothing but errors", NULL, NULL, NULL},
    {0},
};

static const struct opt_example decode_examples[] = {
    {"heaptracer decode monitor.log --elf build/app.elf", "a panic's backtrace, with functions and lines"},
    {"heaptracer decode uart.log --elf app.elf -q -o app.htrc", "the frames that a firmware printed as text, as a trace"},
    {"heaptracer decode --memory ram.bin --elf app.elf", "what a firmware's post-mortem ring still holds"},
    {0},
};

const struct opt_command cmd_decode_table = {
    .name = "heaptracer decode",
    .usage = "[options] LOG",
    .about = "Name the addresses in a firmware's log, and make a trace of the frames in it",
    .manual = "LOG ('-' is standard input) is text as a serial monitor captured it, plain or packed by gzip or zstd. It is printed, without colours, and below each line the "
              "code addresses in it (0x and eight hexadecimal digits) with function, file and line: those of a 'Backtrace:', of a register dump, of ESP-IDF's "
              "heap_trace_dump().\n\n"
              "Lines with 'HT:' are frames of a traced firmware whose sink prints them; they are not printed but become a trace.\n\n"
              "With --memory it is a core dump, or what a debugger saved of the RAM: the frames in each ring that sink_postmortem keeps there become a trace.\n\n"
              "A log that tells the checksum of another ELF file ('ELF file SHA256:') is warned of, and so are frames of another firmware.",
    .options = decode_options,
    .examples = decode_examples,
    .see_also = "heaptracer listen, heaptracer import",
    .least_words = 1,
    .most_words = 1,
};

struct decoder {
    const struct decode_values *values;
    struct device_trace trace;
    struct log_names *names;
    bool has_dump; /* of ESP-IDF's heap tracing */
};

static void line_print(struct decoder *decoder, const char *line)
{
    struct str out = {0};
    decoder->has_dump |= strstr(line, " bytes (@ 0x") != NULL;
    if (!decoder->values->quiet)
        log_names_clean(&out, line);
    str_add(&out, "\n");
    log_names_add(decoder->names, line, &out);
    if (!decoder->values->quiet)
        fputs(str_text(&out), stdout);
    str_done(&out);
}

/* A line with a mark that is no frame is shown as it is. */
static void line_take(struct decoder *decoder, const char *line)
{
    struct splitter *splitter = &decoder->trace.receiver.splitter;
    uint64_t broken = splitter->broken;
    if (strstr(line, HT_LINE_MARK) && strlen(line) < SPLITTER_ROOM / 2) {
        receiver_put(&decoder->trace.receiver, (const uint8_t *)line, strlen(line));
        receiver_put(&decoder->trace.receiver, (const uint8_t *)"\n", 1);
        splitter->count = splitter->line = splitter->told = 0;
        if (splitter->broken == broken)
            return;
    }
    line_print(decoder, line);
}

static void result_say(const struct decoder *decoder, const char *path)
{
    char named[NUMBER_ROOM], seen[NUMBER_ROOM];
    const struct log_names *names = decoder->names;
    if (decoder->values->quiet)
        return;
    if (log_names_is_other(names))
        fprintf(stderr, "heaptracer: note: the log is of another ELF file than '%s': names and lines will be wrong\n", decoder->values->elf);
    if (decoder->values->elf)
        fprintf(stderr, "heaptracer: %s of %s addresses are code of '%s'\n", number_count(named, log_names_count(names)), number_count(seen, log_names_seen(names)),
                decoder->values->elf);
    else if (log_names_seen(names))
        fprintf(stderr, "heaptracer: note: addresses are not named: say which firmware it is with --elf FILE\n");
    if (decoder->has_dump)
        fprintf(stderr, "heaptracer: note: it has a dump of ESP-IDF's heap trace; heaptracer import %s makes a trace of it\n", path);
}

static void decode_log(struct decoder *decoder, const char *path, struct error *error)
{
    struct lines *lines = lines_open(path, error);
    if (!lines)
        return;
    decoder->names = log_names_new(decoder->trace.flash);
    for (const char *line; (line = lines_next(lines, error));)
        line_take(decoder, line);
    fflush(stdout);
    result_say(decoder, path);
    if (ferror(stdout))
        error_set(error, ERROR_WRITE, "cannot write the text");
    device_trace_close(&decoder->trace, error);
    log_names_free(decoder->names);
    lines_close(lines);
}

/* Each ring by itself: its first bytes may be the rest of a frame, and its last ones the beginning of another. */
static void rings_take(struct decoder *decoder, const uint8_t *dump, size_t bytes, const char *path, struct error *error)
{
    struct receiver *receiver = &decoder->trace.receiver;
    struct memory_ring ring;
    size_t place = 0, rings = 0;
    for (; memory_dump_next(dump, bytes, &place, &ring); rings++) {
        receiver_put(receiver, ring.first, ring.first_bytes);
        receiver_put(receiver, ring.second, ring.second_bytes);
        receiver_put(receiver, (const uint8_t *)"", 1);
    }
    if (rings)
        device_trace_close(&decoder->trace, error);
    else
        error_set(error, ERROR_READ, "there is no post-mortem ring of a traced firmware in '%s'", path);
}

static void decode_memory(struct decoder *decoder, const char *path, struct error *error)
{
    FILE *file = fopen(path, "rb");
    struct stat is;
    if (!file || fstat(fileno(file), &is)) {
        error_set(error, ERROR_READ, "cannot read '%s': %s", path, strerror(errno));
    } else if (!S_ISREG(is.st_mode) || is.st_size > DUMP_MOST) {
        error_set(error, ERROR_USAGE, "'%s' is no file, or larger than %d MiB: save only the RAM", path, DUMP_MOST >> 20);
    } else {
        uint8_t *dump = memory_new(1, (size_t)is.st_size + 1);
        size_t bytes = fread(dump, 1, (size_t)is.st_size, file);
        rings_take(decoder, dump, bytes, path, error);
        memory_free(dump);
    }
    if (file)
        fclose(file);
}

int cmd_decode(int argc, char **argv)
{
    struct decode_values values = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_decode_table, &values, argc, argv, &words, &exit_code))
        return exit_code;
    struct error error = {0};
    struct decoder *decoder = memory_new(1, sizeof *decoder);
    const char *named_for = strcmp(words.at[0], "-") ? words.at[0] : "firmware";
    decoder->values = &values;
    decoder->trace.may_replace = values.force;
    decoder->trace.is_quiet = values.quiet;
    if (device_trace_open(&decoder->trace, values.elf, values.output, named_for, words.at[0], &error))
        (values.is_memory ? decode_memory : decode_log)(decoder, words.at[0], &error);
    device_trace_done(&decoder->trace);
    memory_free(decoder);
    opt_words_done(&words);
    return error.kind ? cmd_fail(&error) : CMD_DONE;
}
