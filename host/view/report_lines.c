/* report_lines: in the sites that matter most and in faults, out the source lines about their frames. Only files that are named like source are opened, since the names
 * come from debug data that may be anybody's. */
#include "report_lines.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frames.h"

enum { SITES_MOST = 500, FAULTS_MOST = 100, ABOUT = 3, FILE_BYTES_MOST = 4 << 20, TEXT_BYTES_MOST = 512 << 10, COLUMNS_MOST = 400 };

struct line_wish {
    const char *file;
    unsigned line;
};

struct lines {
    VEC(struct line_wish) wishes;
    size_t bytes; /* of text so far */
};

static bool file_is_source(const char *file)
{
    static const char *const endings[] = {".c",   ".h",   ".cc", ".cpp", ".cxx", ".C",  ".hh", ".hpp", ".hxx", ".inl", ".ipp", ".tcc", ".tpp", ".inc",
                                          ".def", ".rs",  ".go", ".d",   ".zig", ".nim", ".m", ".mm",  ".S",   ".s",   ".y",   ".l",   ".f90", ".f",
                                          ".pas", ".adb", ".py", ".cu",  ".swift", ".vala"};
    const char *dot = strrchr(file, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (!strcmp(dot, endings[i]))
            return *file == '/';
    return false;
}

static void wishes_add(struct lines *lines, const struct frames *frames)
{
    for (size_t i = 0; i < frames->list.count; i++) {
        const struct frame *frame = &frames->list.at[i];
        if (frame->role == FRAME_PROGRAM && frame->text.file && frame->text.line && file_is_source(frame->text.file))
            vec_push(&lines->wishes, ((struct line_wish){frame->text.file, frame->text.line}));
    }
}

static void stack_wish(struct lines *lines, struct frames *frames, struct symbols *symbols, uint32_t stack)
{
    if (!stack)
        return;
    frames_of_stack(frames, symbols, stack);
    wishes_add(lines, frames);
}

static int wish_order(const void *left, const void *right)
{
    const struct line_wish *a = left, *b = right;
    int way = strcmp(a->file, b->file);
    return way ? way : (a->line > b->line) - (a->line < b->line);
}

static FILE *source_open(const char *path)
{
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return NULL;
    bool is_good = !fstat(file, &about) && S_ISREG(about.st_mode) && about.st_size <= FILE_BYTES_MOST;
    FILE *stream = is_good ? fdopen(file, "r") : NULL;
    if (!stream)
        close(file);
    return stream;
}

static void line_put(struct lines *lines, struct json *json, unsigned number, char *text)
{
    char key[16];
    snprintf(key, sizeof key, "%u", number);
    text[strcspn(text, "\r\n")] = 0;
    if (strlen(text) > COLUMNS_MOST)
        text[COLUMNS_MOST] = 0;
    lines->bytes += strlen(text) + sizeof key;
    json_text(json, key, text);
}

/* The wishes [0, count) are of one file, by line. */
static void file_put(struct lines *lines, struct json *json, const struct line_wish *wish, size_t count)
{
    FILE *stream = source_open(wish->file);
    char *text = NULL;
    size_t room = 0, at = 0;
    if (!stream)
        return;
    json_object(json, wish->file);
    for (unsigned number = 1; at < count && lines->bytes < TEXT_BYTES_MOST && getline(&text, &room, stream) >= 0; number++) {
        while (at < count && wish[at].line + ABOUT < number)
            at++;
        if (at < count && number + ABOUT >= wish[at].line)
            line_put(lines, json, number, text);
    }
    json_end(json);
    free(text);
    fclose(stream);
}

void report_lines_put(struct json *json, const struct report_sites *sites, const struct model *model, struct symbols *symbols)
{
    struct lines lines = {0};
    struct frames frames = {0};
    size_t count, own = sites->count - !!sites->merged;
    const struct site *site = model_sites(model, &count);
    for (size_t i = 0; symbols && i < own && i < SITES_MOST; i++)
        stack_wish(&lines, &frames, symbols, site[sites->order[i]].stack);
    const struct fault *faults = model_faults(model, &count);
    for (size_t i = 0; symbols && i < count && i < FAULTS_MOST; i++) {
        stack_wish(&lines, &frames, symbols, faults[i].told.alloc_stack);
        stack_wish(&lines, &frames, symbols, faults[i].told.free_stack);
        stack_wish(&lines, &frames, symbols, faults[i].stack);
    }
    if (lines.wishes.count)
        qsort(lines.wishes.at, lines.wishes.count, sizeof *lines.wishes.at, wish_order);
    json_object(json, "lines");
    for (size_t from = 0, to; from < lines.wishes.count && lines.bytes < TEXT_BYTES_MOST; from = to) {
        for (to = from + 1; to < lines.wishes.count && !strcmp(lines.wishes.at[to].file, lines.wishes.at[from].file);)
            to++;
        file_put(&lines, json, lines.wishes.at + from, to - from);
    }
    json_end(json);
    vec_done(&lines.wishes);
    frames_done(&frames);
}
