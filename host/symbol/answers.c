/* answers: in resolved frames, out the text file of them that a bundle holds for one module, and back.
 *
 * First line: "heaptracer symbols 1", TAB, the module's path. Then a line for each spot: address in the ELF file (hexadecimal), "r" (a return address:
 * the call before it is meant) or "e" (the instruction itself), "i" (inlined into the next line's function) or "-", line number, function, file; TABs
 * between them. Places of one frame stand together, the innermost first. Backslash, TAB and newline in texts are written \\ \t \n. */
#include "answers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[] = "heaptracer symbols 1\t";
enum { ANSWERS_FILE_BYTES = 1 << 30 };

void answers_add_name(struct str *str, const uint8_t *build_id, uint32_t build_id_bytes, const char *path)
{
    for (uint32_t i = 0; i < build_id_bytes; i++)
        str_add_format(str, "%02x", build_id[i]);
    if (!build_id_bytes)
        str_add(str, "path");
    for (; !build_id_bytes && *path; path++)
        str_add_bytes(str, *path == '/' ? "-" : path, 1);
    str_add(str, ".symbols");
}

static void add_escaped(struct str *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '\t' || *text == '\n')
            str_add(out, *text == '\\' ? "\\\\" : *text == '\t' ? "\\t" : "\\n");
        else
            str_add_bytes(out, text, 1);
    }
}

void answers_add_head(struct str *out, const char *path)
{
    str_add(out, magic);
    add_escaped(out, path);
    str_add(out, "\n");
}

void answers_add(struct str *out, uint64_t key, const struct spots *spots)
{
    for (size_t i = 0; i < spots->list.count; i++) {
        const struct spot *spot = &spots->list.at[i];
        str_add_format(out, "%llx\t%c\t%c\t%u\t", (unsigned long long)(key >> 1), key & 1 ? 'e' : 'r', spot->inlined ? 'i' : '-', spot->line);
        add_escaped(out, spot->function ? spot->function : "");
        str_add(out, "\t");
        add_escaped(out, spot->file ? spot->file : "");
        str_add(out, "\n");
    }
}

static bool read_file(struct str *text, const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool good = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < ANSWERS_FILE_BYTES;
    char piece[16384];
    for (ssize_t got = 1; good && got > 0;) {
        got = read(fd, piece, sizeof piece);
        good = got >= 0 && text->count < ANSWERS_FILE_BYTES;
        if (good)
            str_add_bytes(text, piece, (size_t)got);
    }
    if (fd >= 0)
        close(fd);
    return good;
}

/* Line fields: the address and how it is meant, as one key. */
static bool parse_key(const char *line, uint64_t *key, const char **rest)
{
    char *end;
    errno = 0;
    uint64_t address = strtoull(line, &end, 16);
    if (errno || end == line || end[0] != '\t' || (end[1] != 'r' && end[1] != 'e') || end[2] != '\t')
        return false;
    *key = address << 1 | (end[1] == 'e');
    *rest = end + 3;
    return true;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

bool answers_read(struct answers *answers, const char *path)
{
    if (!read_file(&answers->text, path) || strncmp(str_text(&answers->text), magic, sizeof magic - 1) != 0)
        return false;
    const char *start = str_text(&answers->text);
    for (const char *line = next_line(start); *line; line = next_line(line)) {
        uint64_t key;
        const char *rest;
        bool is_new;
        if (!parse_key(line, &key, &rest))
            continue;
        uint64_t *at = map_put(&answers->lines, key, &is_new);
        if (is_new)
            *at = (uint64_t)(line - start) + 1;
    }
    return true;
}

/* The text up to a TAB or the line's end; NULL if it is empty. */
static const char *take_text(struct arena *texts, const char **at)
{
    size_t count = strcspn(*at, "\t\n"), used = 0;
    char *copy = count ? arena_copy_text(texts, *at, count) : NULL;
    for (size_t i = 0; i < count; i++) {
        bool escaped = copy[i] == '\\' && i + 1 < count;
        char next = escaped ? copy[++i] : copy[i];
        copy[used++] = !escaped ? next : next == 't' ? '\t' : next == 'n' ? '\n' : next;
    }
    if (copy)
        copy[used] = 0;
    *at += count + ((*at)[count] == '\t');
    return copy;
}

bool answers_find(struct answers *answers, uint64_t key, struct spots *spots)
{
    uint64_t *start = map_get(&answers->lines, key), this_key;
    const char *rest;
    if (!start)
        return false;
    for (const char *line = answers->text.at + *start - 1; parse_key(line, &this_key, &rest) && this_key == key; line = next_line(line)) {
        struct spot spot = {.inlined = rest[0] == 'i'};
        if (!rest[0] || rest[1] != '\t')
            break;
        char *end;
        spot.line = (uint32_t)strtoul(rest + 2, &end, 10);
        if (*end != '\t')
            break;
        const char *at = end + 1;
        spot.function = take_text(&answers->texts, &at);
        spot.file = take_text(&answers->texts, &at);
        vec_push(&spots->list, spot);
    }
    return spots->list.count > 0;
}

void answers_done(struct answers *answers)
{
    map_done(&answers->lines);
    str_done(&answers->text);
    arena_done(&answers->texts);
}
