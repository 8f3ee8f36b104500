/* suppress: LeakSanitizer's rules are one line, "leak:PATTERN"; valgrind's are blocks in braces. */
#include "suppress.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/path.h"

static const uint32_t EVERY_CLASS = ~0u;

bool suppress_matches(const char *pattern, const char *text)
{
    const char *star = NULL, *again = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            again = text;
        } else if (*pattern == *text || *pattern == '?') {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* LeakSanitizer's: anywhere in the text, unless '^' and '$' hold it to its ends. */
static bool template_matches(struct arena *arena, const char *pattern, const char *text)
{
    size_t count = strlen(pattern);
    bool at_start = *pattern == '^', at_end = count && pattern[count - 1] == '$';
    char *whole = arena_new(arena, count + 3);
    snprintf(whole, count + 3, "%s%.*s%s", at_start ? "" : "*", (int)(count - at_start - at_end), pattern + at_start, at_end ? "" : "*");
    return *text && suppress_matches(whole, text);
}

static char *trim(char *line)
{
    line += strspn(line, " \t");
    for (size_t count = strlen(line); count && strchr(" \t\r\n", line[count - 1]); count--)
        line[count - 1] = 0;
    return line;
}

static const char *keep(struct suppress *suppress, const char *text)
{
    return arena_copy_text(&suppress->arena, text, strlen(text));
}

static uint32_t read_kinds(const char *kinds)
{
    static const struct {
        const char *word;
        uint32_t classes;
    } known[] = {{"definite", 1u << CLASS_DIRECT}, {"indirect", 1u << CLASS_INDIRECT}, {"possible", 1u << CLASS_POSSIBLE}, {"reachable", 1u << CLASS_REACHABLE}, {"all", ~0u}};
    uint32_t classes = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(kinds, known[i].word))
            classes |= known[i].classes;
    return classes;
}

static const char *const line_words[] = {[SUPPRESS_FUNCTION] = "fun:", [SUPPRESS_OBJECT] = "obj:", [SUPPRESS_SOURCE] = "src:", [SUPPRESS_ANY] = "leak:", [SUPPRESS_REST] = "..."};

void suppress_put_pattern(const struct suppress_rule *rule, struct str *out)
{
    for (size_t i = 0; i < rule->lines.count; i++)
        str_add_format(out, "%s%s%s", i ? " > " : "", line_words[rule->lines.at[i].kind], rule->lines.at[i].pattern);
}

/* False: it is no line of a rule. */
static bool rule_line(struct suppress *suppress, struct suppress_rule *rule, const char *line)
{
    static const char kinds[] = "match-leak-kinds:";
    if (!strncmp(line, kinds, sizeof kinds - 1)) {
        rule->classes = read_kinds(line + sizeof kinds - 1);
        return true;
    }
    if (!strcmp(line, "...")) {
        vec_push(&rule->lines, ((struct suppress_line){SUPPRESS_REST, ""}));
        return true;
    }
    for (int kind = SUPPRESS_FUNCTION; kind <= SUPPRESS_SOURCE; kind++) {
        if (strncmp(line, line_words[kind], 4))
            continue;
        vec_push(&rule->lines, ((struct suppress_line){kind, keep(suppress, line + 4)}));
        return true;
    }
    return strchr(line, ':') != NULL; /* other tools' kinds and what later versions have */
}

/* "Memcheck:Leak", also as one of several tools. */
static bool kind_is_leak(const char *line)
{
    const char *colon = strchr(line, ':'), *tool = strstr(line, "Memcheck");
    return colon && tool && tool < colon && !strcmp(colon, ":Leak");
}

/* Line `place` of what stands in braces, from 0: a name, a kind, then what only a rule about leaks is asked for: others have lines of their own kinds. */
static bool brace_line(struct suppress *suppress, struct suppress_rule *rule, unsigned place, const char *line)
{
    if (place == 0)
        rule->name = keep(suppress, line);
    if (place == 1)
        rule->is_leak = kind_is_leak(line);
    return place < 2 || !rule->is_leak || rule_line(suppress, rule, line);
}

/* From behind the brace to the one that closes. Rules of other kinds of error are read and dropped. */
static bool read_braces(struct suppress *suppress, FILE *in, const char *path, unsigned *number, struct error *error)
{
    struct suppress_rule rule = {.file = keep(suppress, path), .line = *number, .is_stack = true, .classes = EVERY_CLASS};
    bool is_closed = false, is_good = true;
    unsigned place = 0;
    char *text = NULL;
    size_t room = 0;
    while (is_good && !is_closed && getline(&text, &room, in) > 0) {
        char *line = trim(text);
        ++*number;
        if (!*line || *line == '#')
            continue;
        is_closed = !strcmp(line, "}");
        if (!is_closed && !brace_line(suppress, &rule, place++, line))
            is_good = error_set(error, ERROR_USAGE, "%s:%u: '%.80s' is no line of a suppression; write fun:NAME, obj:FILE, src:FILE or ...", path, *number, line);
    }
    free(text);
    if (is_good && !is_closed)
        is_good = error_set(error, ERROR_USAGE, "%s:%u: a suppression is not closed by '}'", path, *number);
    if (is_good && rule.is_leak)
        vec_push(&suppress->rules, rule);
    else
        vec_done(&rule.lines);
    return is_good;
}

bool suppress_read(struct suppress *suppress, FILE *in, const char *path, struct error *error)
{
    bool is_good = true;
    unsigned number = 0;
    char *text = NULL;
    size_t room = 0;
    while (is_good && getline(&text, &room, in) > 0) {
        char *line = trim(text);
        number++;
        if (!*line || *line == '#')
            continue;
        if (!strcmp(line, "{")) {
            is_good = read_braces(suppress, in, path, &number, error);
        } else if (!strncmp(line, "leak:", 5) && line[5]) {
            struct suppress_rule rule = {.name = keep(suppress, line), .file = keep(suppress, path), .line = number, .is_leak = true, .classes = EVERY_CLASS};
            vec_push(&rule.lines, ((struct suppress_line){SUPPRESS_ANY, rule.name + 5}));
            vec_push(&suppress->rules, rule);
        } else if (!strchr(line, ':')) {
            is_good = error_set(error, ERROR_USAGE, "%s:%u: '%.80s' is no suppression; write leak:PATTERN, or valgrind's form in braces", path, number, line);
        }
    }
    free(text);
    return is_good;
}

static bool line_matches(struct suppress *suppress, const struct suppress_line *line, const struct suppress_frame *frame)
{
    switch (line->kind) {
    case SUPPRESS_FUNCTION:
        return suppress_matches(line->pattern, frame->function);
    case SUPPRESS_OBJECT:
        return suppress_matches(path_name(line->pattern), frame->module);
    case SUPPRESS_SOURCE:
        return suppress_matches(line->pattern, frame->file);
    default:
        return template_matches(&suppress->arena, line->pattern, frame->function) || template_matches(&suppress->arena, line->pattern, frame->file) ||
               template_matches(&suppress->arena, line->pattern, frame->module);
    }
}

/* Lines from `line` on against frames from `frame` on; those that are left over may be anything. */
static bool lines_match(struct suppress *suppress, const struct suppress_rule *rule, size_t line, const struct suppress_frame *frames, size_t count)
{
    for (; line < rule->lines.count; line++, frames++, count--) {
        if (rule->lines.at[line].kind == SUPPRESS_REST) {
            for (size_t skip = 0; skip <= count; skip++)
                if (lines_match(suppress, rule, line + 1, frames + skip, count - skip))
                    return true;
            return false;
        }
        if (!count || !line_matches(suppress, rule->lines.at + line, frames))
            return false;
    }
    return true;
}

/* valgrind's stacks begin with the allocating function itself, ours with its caller. */
static bool names_allocator(const struct suppress_rule *rule)
{
    static const char *const names[] = {"malloc", "calloc", "realloc", "memalign", "posix_memalign", "aligned_alloc", "_Znwm", "_Znam", "operator new(unsigned long)"};
    const struct suppress_line *first = rule->lines.at;
    for (size_t i = 0; rule->lines.count && first->kind == SUPPRESS_FUNCTION && i < sizeof names / sizeof *names; i++)
        if (suppress_matches(first->pattern, names[i]))
            return true;
    return false;
}

static bool rule_matches(struct suppress *suppress, const struct suppress_rule *rule, const struct suppress_frame *frames, size_t count)
{
    if (rule->is_stack)
        return lines_match(suppress, rule, 0, frames, count) || (names_allocator(rule) && lines_match(suppress, rule, 1, frames, count));
    for (size_t i = 0; i < count; i++)
        if (line_matches(suppress, rule->lines.at, frames + i))
            return true;
    return false;
}

struct suppress_rule *suppress_find(struct suppress *suppress, enum block_class class, const struct suppress_frame *frames, size_t count)
{
    for (size_t i = 0; i < suppress->rules.count; i++)
        if (suppress->rules.at[i].classes >> class & 1 && rule_matches(suppress, suppress->rules.at + i, frames, count))
            return suppress->rules.at + i;
    return NULL;
}

void suppress_done(struct suppress *suppress)
{
    for (size_t i = 0; i < suppress->rules.count; i++)
        vec_done(&suppress->rules.at[i].lines);
    vec_done(&suppress->rules);
    arena_done(&suppress->arena);
}
