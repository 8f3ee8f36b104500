/* frame_set: in the stacks of a trace, out lists of frame numbers. */
#include "frame_set.h"

#include <string.h>

#include "host/base/utf8.h"

static bool texts_are_equal(const struct frame_text *a, const struct frame_text *b)
{
    return a->function == b->function && a->file == b->file && a->line == b->line && a->module == b->module;
}

/* Symbols keep one copy of each text, so that equal texts are equal pointers. */
static uint64_t text_digest(const struct frame_text *text)
{
    uint64_t digest = (uint64_t)(uintptr_t)text->function * 0x9E3779B97F4A7C15u;
    digest = (digest ^ (uint64_t)(uintptr_t)text->file ^ text->line) * 0xC2B2AE3D27D4EB4Fu;
    return (digest ^ (uint64_t)(uintptr_t)text->module) * 0x9E3779B97F4A7C15u;
}

uint32_t frame_set_place(struct frame_set *set, const struct frame_text *text)
{
    for (uint64_t key = text_digest(text);; key++) {
        bool is_new;
        uint64_t *place = map_put(&set->places, key, &is_new);
        if (is_new) {
            vec_push(&set->list, *text);
            *place = set->list.count;
        }
        if (texts_are_equal(&set->list.at[*place - 1], text))
            return (uint32_t)*place - 1;
    }
}

void frame_set_take(struct frame_set *set, struct symbols *symbols, uint32_t stack, struct frame_numbers *numbers)
{
    static const struct frame_text no_stack = {.function = "[no stack]", .module = ""}, cut = {.function = "[callers left out]", .module = ""};
    size_t before = numbers->list.count;
    frames_of_stack(&set->frames, symbols, stack);
    for (size_t i = 0; i < set->frames.list.count; i++)
        if (set->frames.list.at[i].role != FRAME_RECORDER)
            vec_push(&numbers->list, frame_set_place(set, &set->frames.list.at[i].text));
    if (set->frames.is_cut)
        vec_push(&numbers->list, frame_set_place(set, &cut));
    if (numbers->list.count == before)
        vec_push(&numbers->list, frame_set_place(set, &no_stack));
}

void frame_set_done(struct frame_set *set)
{
    vec_done(&set->list);
    map_done(&set->places);
    frames_done(&set->frames);
}

void frame_text_add(struct str *out, const struct frame_text *text)
{
    utf8_add_clean(out, text->function);
    if (!text->file && !text->module[0])
        return;
    str_add(out, text->file ? " (" : " (in ");
    utf8_add_clean(out, text->file ? text->file : text->module);
    if (text->file && text->line)
        str_add_format(out, ":%u", text->line);
    str_add(out, ")");
}
