/* frames: in a stack id, out its frames with roles and short names. */
#include "frames.h"

#include <string.h>

#include "host/base/path.h"
#include "host/base/utf8.h"

enum { FRAME_INSIDE = FRAME_START + 1 }; /* a pattern's role; a frame is then FRAME_LIBRARY */

struct frame_name {
    int role;
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

static bool is_named(const struct frame *frame, int role)
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

/* A name like "symbol+0x12" is only the nearest one: of a function without a name of its own. */
static bool is_guess(const struct frame *frame)
{
    return strstr(frame->text.function, "+0x") != NULL;
}

/* How many frames of the inner end are allocation wrappers: up to the last that is named so, with none between that has another name. */
static size_t wrappers_count(const struct frames *frames)
{
    size_t count = 0;
    for (size_t i = 0; i < frames->list.count; i++) {
        const struct frame *frame = &frames->list.at[i];
        if (frame->role == FRAME_RECORDER || is_named(frame, FRAME_ALLOCATOR))
            count = i + 1;
        else if (!is_guess(frame))
            break;
    }
    return count < frames->list.count ? count : frames->list.count ? frames->list.count - 1 : 0;
}

/* From a wrapper on: frames of the library that another frame of it called. */
static size_t library_count(const struct frames *frames, size_t inner)
{
    size_t i = inner;
    while (i + 1 < frames->list.count && is_named(&frames->list.at[i], FRAME_LIBRARY) && is_named(&frames->list.at[i + 1], FRAME_LIBRARY))
        i++;
    return i - inner;
}

/* The same for what runs before main, at the outer end: the count of frames that are not that. */
static size_t start_find(const struct frames *frames, size_t inner)
{
    size_t outer = frames->list.count;
    for (size_t i = outer; i > inner + 1; i--) {
        const struct frame *frame = &frames->list.at[i - 1];
        if (is_named(frame, FRAME_START))
            outer = i - 1;
        else if (!is_guess(frame))
            break;
    }
    return outer;
}

static void roles_find(struct frames *frames)
{
    size_t inner = wrappers_count(frames), library = library_count(frames, inner), outer = start_find(frames, inner + library);
    for (size_t i = 0; i < inner; i++)
        if (frames->list.at[i].role == FRAME_PROGRAM)
            frames->list.at[i].role = FRAME_ALLOCATOR;
    for (size_t i = inner; i < inner + library; i++)
        frames->list.at[i].role = FRAME_LIBRARY;
    for (size_t i = inner + library + 1; i < outer; i++)
        if (is_named(&frames->list.at[i], FRAME_INSIDE))
            frames->list.at[i].role = FRAME_LIBRARY;
    for (size_t i = outer; i < frames->list.count; i++)
        frames->list.at[i].role = FRAME_START;
}

void frames_of_stack(struct frames *frames, struct symbols *symbols, uint32_t stack)
{
    frames->list.count = 0;
    for (; stack && frames->list.count < FRAMES_MOST; stack = symbols_parent(symbols, stack))
        frames_add(frames, symbols, stack);
    frames->is_cut = stack != 0;
    roles_find(frames);
}

static enum frame_role role_by_name(const struct frame *frame)
{
    return is_named(frame, FRAME_ALLOCATOR) ? FRAME_ALLOCATOR : is_named(frame, FRAME_START) ? FRAME_START : FRAME_PROGRAM;
}

/* Whether the innermost frame of the stack is a wrapper by name. */
static bool is_wrapper(struct symbols *symbols, uint32_t stack)
{
    const struct frame_text *texts;
    if (!stack || !symbols_frame(symbols, stack, &texts))
        return false;
    struct frame frame = {texts[0], FRAME_PROGRAM};
    return is_named(&frame, FRAME_ALLOCATOR);
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
            frame->role = is_guess(frame) && is_wrapper(symbols, symbols_parent(symbols, stack)) ? FRAME_ALLOCATOR : role_by_name(frame);
    }
}

void frames_done(struct frames *frames)
{
    vec_done(&frames->list);
}

bool frames_are_same(const struct frame *a, const struct frame *b)
{
    return a->text.line == b->text.line && !strcmp(a->text.function, b->text.function) && !strcmp(a->text.file ? a->text.file : "", b->text.file ? b->text.file : "");
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

/* Templates are demangled with their return type in front; operators, lambdas and the like have spaces of their own. */
static size_t return_type_length(const char *name)
{
    const char *space = NULL;
    int depth = 0;
    for (const char *at = name; *at; at++) {
        depth += (*at == '<') - (*at == '>');
        space = *at == ' ' && !depth ? at : space;
    }
    bool has_own = *name == '<' || strstr(name, "operator") || strpbrk(name, "({[");
    return space && !has_own ? (size_t)(space + 1 - name) : 0;
}

static void name_shorten(struct str *out, const char *function, bool has_unicode)
{
    struct str clean = {0};
    utf8_add_clean(&clean, function);
    const char *at = str_text(&clean);
    while (*at) {
        bool begins = at == str_text(&clean) || strchr(": ", at[-1]);
        size_t count = begins ? operator_length(at) : 0;
        if (begins && !strncmp(at, "__cxx11::", strlen("__cxx11::"))) {
            at += strlen("__cxx11::");
        } else if (begins && !strncmp(at, "basic_string<char", strlen("basic_string<char"))) {
            str_add(out, "string");
            at = bracket_end(at + strlen("basic_string"), '<', '>');
        } else if (count) {
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

void frames_add_name(struct str *out, const char *function, bool has_unicode)
{
    struct str name = {0};
    name_shorten(&name, function, has_unicode);
    str_add(out, str_text(&name) + return_type_length(str_text(&name)));
    str_done(&name);
}

/* "libc.so.6" is "libc" to people. */
static size_t module_length(const char *module)
{
    const char *suffix = strstr(module, ".so");
    return suffix && suffix > module && (!suffix[3] || suffix[3] == '.') ? (size_t)(suffix - module) : strlen(module);
}

void frames_add_place(struct str *out, const struct frame *frame, bool is_whole)
{
    const struct frame_text *text = &frame->text;
    if (!is_whole && text->file && is_named(frame, FRAME_LIBRARY))
        return;
    if (text->file) {
        str_add(out, "(");
        utf8_add_clean(out, is_whole ? text->file : path_name(text->file));
        if (text->line)
            str_add_format(out, ":%u", text->line);
        str_add(out, ")");
    } else if (strncmp(text->function, text->module, strlen(text->module))) {
        struct str module = {0};
        str_add_bytes(&module, text->module, is_whole ? strlen(text->module) : module_length(text->module));
        str_add(out, "[");
        utf8_add_clean(out, str_text(&module));
        str_add(out, "]");
        str_done(&module);
    }
}
