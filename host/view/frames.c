/* frames: in a stack id, out its frames with roles and short names. */
#include "frames.h"

#include <string.h>

#include "host/base/utf8.h"

struct frame_name {
    enum frame_role role;
    const char *pattern;
};

static const struct frame_name frame_names[] = {
#define FRAME_NAME(role, pattern) {FRAME_##role, pattern},
#include "frames.def"
#undef FRAME_NAME
};

/* '*' stands for any text; anything else for itself. */
static bool name_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            resume = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static bool is_named(const struct frame *frame, enum frame_role role)
{
    for (size_t i = 0; i < sizeof frame_names / sizeof *frame_names; i++)
        if (frame_names[i].role == role && name_matches(frame_names[i].pattern, frame->text.function))
            return true;
    return false;
}

static void frames_add(struct frames *frames, struct symbols *symbols, uint32_t stack)
{
    const struct frame_text *texts;
    size_t count = symbols_frame(symbols, stack, &texts);
    for (size_t i = 0; i < count; i++) {
        struct frame frame = {texts[i], FRAME_PROGRAM};
        if (!strncmp(frame.text.module, "libheaptracer.so", strlen("libheaptracer.so")))
            frame.role = FRAME_RECORDER;
        vec_push(&frames->list, frame);
    }
}

/* The inner end up to the first frame of the program, and the outer end; one frame stays the program's. */
static void roles_find(struct frames *frames)
{
    size_t inner = 0, outer = frames->list.count;
    for (; inner + 1 < outer; inner++) {
        struct frame *frame = &frames->list.at[inner];
        if (frame->role == FRAME_PROGRAM && !is_named(frame, FRAME_ALLOCATOR))
            break;
        frame->role = frame->role == FRAME_RECORDER ? FRAME_RECORDER : FRAME_ALLOCATOR;
    }
    for (; outer > inner + 1 && is_named(&frames->list.at[outer - 1], FRAME_START); outer--)
        frames->list.at[outer - 1].role = FRAME_START;
}

void frames_of_stack(struct frames *frames, struct symbols *symbols, uint32_t stack)
{
    frames->list.count = 0;
    for (; stack && frames->list.count < FRAMES_MOST; stack = symbols_parent(symbols, stack))
        frames_add(frames, symbols, stack);
    frames->is_cut = stack != 0;
    roles_find(frames);
}

void frames_of_address(struct frames *frames, struct symbols *symbols, uint32_t stack)
{
    frames->list.count = 0;
    frames->is_cut = false;
    if (stack)
        frames_add(frames, symbols, stack);
    for (size_t i = 0; i < frames->list.count; i++) {
        struct frame *frame = &frames->list.at[i];
        if (frame->role == FRAME_PROGRAM)
            frame->role = is_named(frame, FRAME_ALLOCATOR) ? FRAME_ALLOCATOR : is_named(frame, FRAME_START) ? FRAME_START : FRAME_PROGRAM;
    }
}

void frames_done(struct frames *frames)
{
    vec_done(&frames->list);
}

/* Length of "operator<", "operator()" and the like at `text`, whose brackets open nothing; 0 if it is no operator. */
static size_t operator_length(const char *text)
{
    static const char *const signs[] = {"()", "[]", "<=>", "<<=", ">>=", "->*", "<<", ">>", "<=", ">=", "->", "<", ">"};
    size_t word = strlen("operator");
    if (strncmp(text, "operator", word))
        return 0;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (!strncmp(text + word, signs[i], strlen(signs[i])))
            return word + strlen(signs[i]);
    return word;
}

static const char *bracket_end(const char *text, char opener, char closer)
{
    int depth = 0;
    for (; *text; text++) {
        depth += (*text == opener) - (*text == closer && text[-1] != '-');
        if (!depth)
            return text + 1;
    }
    return text;
}

enum { NAME_SHORT_ARGUMENTS = 14 };

static const char *template_add(struct str *out, const char *text, bool has_unicode)
{
    const char *end = bracket_end(text, '<', '>');
    if (end - text <= NAME_SHORT_ARGUMENTS)
        str_add_bytes(out, text, (size_t)(end - text));
    else
        str_add(out, has_unicode ? "<…>" : "<...>");
    return end;
}

/* Parameters go; "(anonymous namespace)" and lambdas' "{lambda(int)#1}" stay. */
static const char *parameters_skip(struct str *out, const char *text)
{
    const char *end = bracket_end(text, '(', ')');
    if (!strncmp(text, "(anonymous", strlen("(anonymous")) || !strncmp(end, "::", 2))
        str_add_bytes(out, text, (size_t)(end - text));
    else if (!strncmp(end, " const", strlen(" const")))
        end += strlen(" const");
    return end;
}

void frames_add_name(struct str *out, const char *function, bool has_unicode)
{
    struct str clean = {0};
    utf8_add_clean(&clean, function);
    const char *at = str_text(&clean);
    while (*at) {
        size_t count = at == str_text(&clean) || strchr(": ", at[-1]) ? operator_length(at) : 0;
        if (count) {
            str_add_bytes(out, at, count);
            at += count;
        } else if (*at == '<' && at != str_text(&clean)) {
            at = template_add(out, at, has_unicode);
        } else if (*at == '{') {
            const char *end = bracket_end(at, '{', '}');
            str_add_bytes(out, at, (size_t)(end - at));
            at = end;
        } else if (*at == '(' && at != str_text(&clean)) {
            at = parameters_skip(out, at);
        } else {
            str_add_bytes(out, at++, 1);
        }
    }
    str_done(&clean);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

void frames_add_place(struct str *out, const struct frame *frame, bool is_whole)
{
    const struct frame_text *text = &frame->text;
    if (text->file) {
        str_add(out, "(");
        utf8_add_clean(out, is_whole ? text->file : base_name(text->file));
        if (text->line)
            str_add_format(out, ":%u", text->line);
        str_add(out, ")");
    } else if (strncmp(text->function, text->module, strlen(text->module))) {
        str_add(out, "[");
        utf8_add_clean(out, text->module);
        str_add(out, "]");
    }
}
