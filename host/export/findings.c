/* findings: in what is wrong with a program, one after the other, out a list of findings. */
#include "findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/path.h"
#include "host/base/sha256.h"

static const char *keep(struct findings *findings, const char *text)
{
    return text ? arena_copy_text(&findings->arena, text, strlen(text)) : NULL;
}

static const char *keep_path(struct findings *findings, const char *path)
{
    struct str plain = {0};
    path_add_plain(&plain, path ? path : "");
    const char *kept = plain.count ? keep(findings, str_text(&plain)) : NULL;
    str_done(&plain);
    return kept;
}

void findings_begin(struct findings *findings, const struct trace_header *header, const char *root)
{
    *findings = (struct findings){.start_unix_ns = header->start_unix_ns};
    findings->about = keep(findings, header->command ? header->command : "");
    findings->root = keep_path(findings, root);
}

void findings_look(struct findings *findings, const struct finding_rule *rule)
{
    for (size_t i = 0; i < findings->rules.count; i++)
        if (findings->rules.at[i] == rule)
            return;
    vec_push(&findings->rules, rule);
}

bool findings_have_room(struct findings *findings)
{
    findings->left_out += findings->list.count >= FINDINGS_MOST;
    return findings->list.count < FINDINGS_MOST;
}

struct finding *findings_add(struct findings *findings, const struct finding_rule *rule, const char *format, ...)
{
    struct str message = {0};
    va_list values;
    va_start(values, format);
    str_add_values(&message, format, values);
    va_end(values);
    findings_look(findings, rule);
    vec_push(&findings->list, ((struct finding){.rule = rule,
                                                .level = rule->level,
                                                .message = keep(findings, str_text(&message)),
                                                .rank = -1,
                                                .first_stack = findings->stacks.count,
                                                .first_detail = findings->details.count}));
    str_done(&message);
    return findings->list.at + findings->list.count - 1;
}

static struct finding *last_of(struct findings *findings)
{
    return findings->list.at + findings->list.count - 1;
}

/* People look for the innermost frame of the program whose file is known; else for its innermost frame. */
static size_t top_of(const struct findings *findings, const struct finding_stack *stack)
{
    size_t top = stack->count;
    for (size_t i = 0; i < stack->count; i++) {
        const struct finding_frame *frame = finding_frame(findings, stack, i);
        if (frame->role == FRAME_PROGRAM && frame->file)
            return i;
        if (frame->role == FRAME_PROGRAM && top == stack->count)
            top = i;
    }
    return top < stack->count ? top : 0;
}

void findings_stack(struct findings *findings, const char *title, struct symbols *symbols, uint32_t id)
{
    struct finding_stack stack = {title, findings->frames.count, 0, 0};
    frames_of_stack(&findings->reused, symbols, id);
    for (size_t i = 0; i < findings->reused.list.count && findings->frames.count - stack.first < FINDING_FRAMES_MOST; i++) {
        const struct frame *frame = findings->reused.list.at + i;
        if (frame->role != FRAME_RECORDER)
            vec_push(&findings->frames, ((struct finding_frame){keep(findings, frame->text.function), keep_path(findings, frame->text.file), keep(findings, frame->text.module),
                                                                frame->text.line, frame->role}));
    }
    stack.count = findings->frames.count - stack.first;
    stack.top = top_of(findings, &stack);
    if (!stack.count)
        return;
    vec_push(&findings->stacks, stack);
    last_of(findings)->stack_count++;
}

void findings_text(struct findings *findings, const char *name, const char *text)
{
    if (!*text)
        return;
    vec_push(&findings->details, ((struct finding_detail){name, keep(findings, text), 0}));
    last_of(findings)->detail_count++;
}

void findings_number(struct findings *findings, const char *name, double number)
{
    vec_push(&findings->details, ((struct finding_detail){name, NULL, number}));
    last_of(findings)->detail_count++;
}

const struct finding_frame *finding_top(const struct findings *findings, const struct finding *finding)
{
    const struct finding_stack *stack = finding_stack(findings, finding, 0);
    return finding->stack_count ? finding_frame(findings, stack, stack->top) : NULL;
}

static void print_add(struct sha256 *sum, const char *text)
{
    sha256_add(sum, (const uint8_t *)text, strlen(text) + 1);
}

void finding_print(const struct findings *findings, const struct finding *finding, struct map *seen, struct str *print)
{
    struct sha256 sum;
    char text[SHA256_TEXT_ROOM], start[17] = "";
    sha256_init(&sum);
    print_add(&sum, finding->rule->id);
    for (size_t i = 0; i < finding->stack_count; i++) {
        const struct finding_stack *stack = finding_stack(findings, finding, i);
        for (size_t j = 0; j < stack->count; j++)
            print_add(&sum, finding_frame(findings, stack, j)->function);
    }
    sha256_text(&sum, text);
    memcpy(start, text, sizeof start - 1);
    str_clear(print);
    str_add_format(print, "%.32s:%llu", text, (unsigned long long)++*map_put(seen, strtoull(start, NULL, 16), NULL));
}

bool findings_is_below(const struct findings *findings, const char *file, const char **name)
{
    size_t count = findings->root ? strlen(findings->root) : 0;
    *name = file;
    if (*file != '/')
        return strncmp(file, "../", 3) != 0;
    if (!count || strncmp(file, findings->root, count) || file[count] != '/' || !file[count + 1])
        return false;
    *name = file + count + 1;
    return true;
}

void findings_done(struct findings *findings)
{
    vec_done(&findings->rules);
    vec_done(&findings->list);
    vec_done(&findings->stacks);
    vec_done(&findings->frames);
    vec_done(&findings->details);
    frames_done(&findings->reused);
    arena_done(&findings->arena);
}
