/* site_size: first the source is read, in all ways that it can be read, until one explains every size that was seen; then the types of variables; then rules.
 */
#include "site_size.h"

#include <dwarf.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block_type.h"
#include "host/base/path.h"
#include "library_block.h"

enum { RUNS_MOST = 48, CONTENT_RUNS_MOST = 16, SKIP_MOST = 6, LIKE_MOST = 400 };

struct like {
    struct layout *layout;
    double ratios[LIKE_MOST];
    unsigned count;
};

void site_sizer_init(struct site_sizer *sizer, struct stack_book *book, struct source_texts *texts, const struct data_model *host,
                     const struct data_model *target, const struct size_hints *hints)
{
    *sizer = (struct site_sizer){.book = book, .texts = texts, .host = host, .target = target, .hints = hints, .layout = {.host = host, .target = target}};
}

static struct both pointer_of(const struct site_sizer *sizer)
{
    return (struct both){sizer->host->pointer_bytes, sizer->target->pointer_bytes};
}

static bool fits_all(const struct site_sizer *sizer, const struct form *form, const uint64_t *sizes, size_t count)
{
    struct estimate estimate;
    for (size_t i = 0; i < count; i++)
        if (!form_solve(form, sizes[i], pointer_of(sizer), &estimate))
            return false;
    return true;
}

/* new T, new (std::nothrow) T[n]: an array of what must be destroyed has its length before it. */
static struct form new_form(struct sizing *sizing, const struct call_text *call)
{
    const struct token *at = call->words[0], *end = at + call->counts[0];
    struct value_type type;
    struct both size;
    if (at < end && token_is(at, "("))
        while (at < end && !token_is(at++, ")"))
            ;
    size_t taken = size_read_type(sizing, call->scope, at, (size_t)(end - at), &type);
    if (!taken || !value_type_size(sizing, &type, &size))
        return (struct form){0};
    struct form whole = form_both(size.host, size.target);
    at += taken;
    bool is_counted = at < end && token_is(at, "[");
    if (is_counted) {
        struct form number = form_number(77, true);
        whole = form_join("*", 1, &whole, &number);
    }
    if ((is_counted || type.elements) && choices_take(&sizing->choices, 2)) {
        struct form cookie = form_both(sizing->layout->host->size_bytes, sizing->layout->target->size_bytes);
        whole = form_join("+", 1, &whole, &cookie);
    }
    return whole;
}

static struct form call_form(struct sizing *sizing, const struct call_text *call)
{
    struct form first, second;
    switch (call->rule) {
    case ALLOC_BYTES:
        return form_number(1, true);
    case ALLOC_NEW:
        return new_form(sizing, call);
    case ALLOC_ONE:
        return size_read(sizing, call->scope, call->words[call->first], call->counts[call->first]).form;
    case ALLOC_PRODUCT:
        first = size_read(sizing, call->scope, call->words[call->first], call->counts[call->first]).form;
        second = size_read(sizing, call->scope, call->words[call->second], call->counts[call->second]).form;
        return form_join("*", 1, &first, &second);
    default:
        return (struct form){0};
    }
}

static void text_put(struct site_size *site, const struct call_text *call)
{
    size_t used = 0;
    const struct token *at = call->rule == ALLOC_NEW ? call->words[0] - 1 : call->all, *end = call->rule == ALLOC_NEW ? at + 4 : at + call->all_count;
    for (const struct token *last = NULL; at && at < end && used + at->count + 2 < SITE_TEXT_BYTES; last = at++) {
        bool parts = last && last->kind != TOKEN_MARK && at->kind != TOKEN_MARK;
        bool spaced = last && (token_is(last, ",") || token_is(last, "+") || token_is(last, "*") || token_is(at, "+") || token_is(at, "*"));
        if (parts || spaced)
            site->text[used++] = ' ';
        memcpy(site->text + used, at->at, at->count);
        used += at->count;
    }
    site->text[used] = 0;
}

/* The block is an array of what it is assigned to. */
static bool element_fits(struct sizing *sizing, const struct value_type *type, const uint64_t *sizes, size_t count, struct both *size)
{
    if (!value_type_size(sizing, type, size) || size->host <= 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (sizes[i] % (uint64_t)size->host)
            return false;
    return true;
}

static const char *type_text(const struct value_type *type)
{
    Dwarf_Die die = type->die;
    const char *name = type->has_die ? dwarf_diename(&die) : NULL;
    return name ? name : type->stars ? "pointer" : type->scalar.host == 1 ? "char" : "number";
}

static bool scope_begin(struct sizing *sizing, struct size_scope *scope)
{
    for (unsigned skip = 0; skip < SKIP_MOST && skip < sizing->frame_count; skip++)
        if (call_scope(sizing, skip, scope))
            return true;
    return false;
}

/* What is taken if no way through the text explains more. */
struct
try {
    struct form bytes;
    bool has_bytes;
    struct both element;
    struct value_type type;
    bool has_element;
};

/* Sums of numbers without a type, and sizes that no array of words can have: they count bytes. */
static bool is_bytes(const struct site_size *site)
{
    bool is_plain = site->form.is_known && site->is_ragged && !site->form.is_typed && site->form.constant.host <= 8;
    for (unsigned i = 0; i < site->form.count; i++)
        is_plain &= site->form.terms[i].unit.host == 1;
    return is_plain && site->form.count;
}

static void element_take(struct sizing *sizing, const struct site_size *site, const struct call_text *call, const uint64_t *sizes, size_t count,
                         struct try *try)
{
    struct value_type type;
    struct both size;
    if (!block_type_find(sizing, call, &type) || !element_fits(sizing, &type, sizes, count, &size))
        return;
    Dwarf_Die die = type.die, peeled;
    /* Words of an allocator's own heads are numbers: they say nothing of what follows. */
    bool is_number = !type.stars && size.host > 1 && (!type.has_die || (layout_peel(&die, &peeled) && dwarf_tag(&peeled) == DW_TAG_base_type));
    /* So many times a size that the text does not tell: the type would have to be of that size. */
    bool is_other = site->times > 1 && sizes[0] != (uint64_t)(site->times * size.host);
    if (!is_number && !is_other)
        try->element = size, try->type = type, try->has_element = true;
}

/* One way through the text. */
static bool run_once(struct site_sizer *sizer, struct sizing *sizing, const uint64_t *sizes, size_t count, struct site_size *site, struct try *try)
{
    struct size_scope scope;
    struct call_text call;
    if (!scope_begin(sizing, &scope) || !call_text_alloc(sizing, &scope, &call))
        return false;
    site->form = call_form(sizing, &call);
    if (!try->has_bytes && is_bytes(site) && fits_all(sizer, &site->form, sizes, count)) {
        try->bytes = site->form;
        try->has_bytes = true;
        text_put(site, &call);
    }
    if (site->form.is_known && site->form.count == 1 && !site->form.constant.host && site->form.terms[0].unit.host > 1)
        site->times = site->form.terms[0].unit.host;
    if (form_tells(&site->form) && fits_all(sizer, &site->form, sizes, count)) {
        text_put(site, &call);
        return true;
    }
    if (!try->has_element)
        element_take(sizing, site, &call, sizes, count, try);
    return false;
}

static bool source_find(struct site_sizer *sizer, struct sizing *sizing, const uint64_t *sizes, size_t count, struct site_size *site)
{
    struct try try = {.has_element = false};
    for (unsigned run = 0; run < RUNS_MOST; run++) {
        bool is_good = run_once(sizer, sizing, sizes, count, site, &try);
        arena_done(&sizing->arena);
        sizing->arena = (struct arena){0};
        if (is_good)
            return true;
        if (sizing->steps > SIZING_STEPS_MOST || !choices_next(&sizing->choices))
            break;
    }
    site->form = try.bytes;
    for (unsigned i = 0; i < site->form.count; i++)
        site->form.terms[i].is_trusted = true;
    if (try.has_bytes || !try.has_element)
        return try.has_bytes;
    site->element = try.element;
    snprintf(site->text, sizeof site->text, "n * sizeof(%s)", type_text(&try.type));
    return true;
}

/* What the function that fills the pool was asked for when it did: the more a type takes of a pool, the more often it is the one that needs another block. */
static bool content_once(struct sizing *sizing, struct site_size *site)
{
    struct size_scope scope;
    struct call_text call;
    if (!scope_begin(sizing, &scope) || !call_text_alloc(sizing, &scope, &call))
        return false;
    unsigned params = call_frame_params(call.scope->frame);
    for (unsigned i = 0; i < params; i++) {
        struct form form = size_read_param(sizing, call.scope, i, i + 1);
        if (!form.is_known || form.count > 1 || !(form.count ? form.terms[0].is_typed : form.is_typed))
            continue;
        site->content = form.count ? form.terms[0].unit : form.constant;
        return site->content.host > 0;
    }
    return false;
}

static void content_find(struct sizing *sizing, struct site_size *site)
{
    sizing->choices = (struct choices){.count = 0};
    for (unsigned run = 0; run < CONTENT_RUNS_MOST; run++) {
        bool is_found = content_once(sizing, site);
        arena_done(&sizing->arena);
        sizing->arena = (struct arena){0};
        if (is_found || sizing->steps > SIZING_STEPS_MOST || !choices_next(&sizing->choices))
            return;
    }
}

/* Pointers to records of that size among the variables of the calling functions: the type, if they agree on what it becomes. */
struct candidates {
    struct site_sizer *sizer;
    uint64_t size;
    struct both found;
    char *text;
    unsigned count;
    bool differ;
};

static void candidate_see(struct candidates *candidates, Dwarf_Die *variable)
{
    Dwarf_Die type, peeled, to, record;
    struct shape shape;
    if (!layout_type_of(variable, &type) || !layout_peel(&type, &peeled) || dwarf_tag(&peeled) != DW_TAG_pointer_type || !layout_type_of(&peeled, &to) ||
        !layout_peel(&to, &record))
        return;
    int tag = dwarf_tag(&record);
    if ((tag != DW_TAG_structure_type && tag != DW_TAG_class_type && tag != DW_TAG_union_type) || !layout_type(&candidates->sizer->layout, &record, &shape) ||
        shape.host.size != candidates->size)
        return;
    candidates->differ |= candidates->count && candidates->found.target != (int64_t)shape.target.size;
    candidates->found = (struct both){(int64_t)shape.host.size, (int64_t)shape.target.size};
    candidates->count++;
    const char *name = dwarf_diename(&record) ? dwarf_diename(&record) : dwarf_diename(&to);
    snprintf(candidates->text, SITE_TEXT_BYTES, "sizeof(%s), by a variable of that type", name ? name : "?");
}

static void block_see(struct candidates *candidates, Dwarf_Die *block)
{
    Dwarf_Die child;
    if (dwarf_child(block, &child) != 0)
        return;
    do {
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_variable || tag == DW_TAG_formal_parameter)
            candidate_see(candidates, &child);
    } while (dwarf_siblingof(&child, &child) == 0);
}

static bool variable_find(struct site_sizer *sizer, struct sizing *sizing, const uint64_t *sizes, size_t count, struct site_size *site)
{
    struct candidates candidates = {.sizer = sizer, .size = sizes[0], .text = site->text};
    if (count != 1)
        return false;
    for (unsigned i = 0; i < sizing->frame_count && i < 4 && !candidates.count; i++) {
        struct call_frame *frame = &sizing->frames[i];
        for (unsigned j = 0; j < frame->block_count; j++)
            block_see(&candidates, &frame->blocks[j]);
        if (frame->block_count)
            candidate_see(&candidates, call_frame_function(frame));
    }
    site->element = candidates.found;
    return candidates.count && !candidates.differ;
}

static void like_see(void *context, Dwarf_Die *type)
{
    struct like *like = context;
    struct shape shape;
    if (like->count < LIKE_MOST && layout_type(like->layout, type, &shape) && shape.host.size)
        like->ratios[like->count++] = (double)shape.target.size / (double)shape.host.size;
}

static int compare_reals(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* What records of that size become: the program may have made one of them. */
static void like_find(struct site_sizer *sizer, struct sizing *sizing, const uint64_t *sizes, size_t count, struct site_size *site)
{
    struct like like = {.layout = &sizer->layout};
    for (unsigned i = 0; count == 1 && i < sizing->frame_count && !like.count; i++)
        if (sizing->frames[i].module && sizing->frames[i].module->dwarf)
            debug_module_sized(sizing->frames[i].module, site->times > 1 ? sizes[0] / (uint64_t)site->times : sizes[0], like_see, &like);
    if (!like.count)
        return;
    qsort(like.ratios, like.count, sizeof *like.ratios, compare_reals);
    site->has_like = true;
    site->like_low = like.ratios[0];
    site->like_middle = like.ratios[like.count / 2];
    site->like_high = like.ratios[like.count - 1];
}

static bool hint_matches(const struct size_hint *hint, const struct call_frame *frame)
{
    char place[300];
    if (frame->function && !fnmatch(hint->at, frame->function, 0))
        return true;
    snprintf(place, sizeof place, "%s:%u", frame->file ? path_name(frame->file) : "", frame->line);
    return frame->file && !fnmatch(hint->at, place, 0);
}

static bool hint_apply(struct site_sizer *sizer, struct sizing *sizing, struct size_hint *hint, unsigned number, const uint64_t *sizes, size_t count,
                       struct site_size *site)
{
    if (!strcmp(hint->size, "bytes")) {
        site->form = form_number(1, true);
    } else if (!strcmp(hint->size, "pointers")) {
        struct form pointer = form_both(sizer->host->pointer_bytes, sizer->target->pointer_bytes), n = form_number(1, true);
        site->form = form_join("*", 1, &pointer, &n);
    } else {
        struct source_text text = {.text = (char *)hint->size};
        struct size_scope scope = {.frame = &sizing->frames[number], .number = number};
        source_text_lex(&text);
        site->form = size_read(sizing, &scope, text.tokens.list.at, text.tokens.list.count).form;
        for (unsigned i = 0; i < site->form.count; i++)
            site->form.terms[i].is_trusted = true;
        source_text_end(&text);
    }
    snprintf(site->text, sizeof site->text, "%.*s", SITE_TEXT_BYTES - 1, hint->size);
    hint->uses++;
    return fits_all(sizer, &site->form, sizes, count);
}

static bool hint_find(struct site_sizer *sizer, struct sizing *sizing, const uint64_t *sizes, size_t count, struct site_size *site)
{
    for (unsigned i = 0; sizer->hints && i < sizing->frame_count; i++)
        for (size_t j = 0; j < sizer->hints->list.count; j++)
            if (hint_matches(&sizer->hints->list.at[j], &sizing->frames[i]) && hint_apply(sizer, sizing, &sizer->hints->list.at[j], i, sizes, count, site))
                return true;
    return false;
}

static void sizes_look(struct site_size *site, const uint64_t *sizes, size_t count)
{
    site->least = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        site->least = sizes[i] < site->least ? sizes[i] : site->least;
        site->most = sizes[i] > site->most ? sizes[i] : site->most;
        site->is_ragged |= sizes[i] % 4 != 0;
    }
}

static bool is_same_model(const struct site_sizer *sizer)
{
    const struct data_model *a = sizer->host, *b = sizer->target;
    if (b->types.count && sizer->has_other_libc)
        return false;
    return a->pointer_bytes == b->pointer_bytes && a->size_bytes == b->size_bytes && a->int_bytes == b->int_bytes && a->long_bytes == b->long_bytes &&
           a->double_bytes == b->double_bytes && a->long_double_bytes == b->long_double_bytes && a->wchar_bytes == b->wchar_bytes &&
           a->align_most == b->align_most && a->short_enums == b->short_enums;
}

bool site_size_is_pool(const struct site_size *site)
{
    return site->how == SITE_TYPE && form_is_constant(&site->form) && !site->form.is_typed && site->form.constant.host >= 256;
}

/* What a stream of glibc allocates when it is first used. */
static bool is_stdio(const struct site_sizer *sizer, const struct sizing *sizing)
{
    for (unsigned i = 0; sizer->has_other_libc && i < sizing->frame_count; i++)
        if (sizing->frames[i].function && !strcmp(sizing->frames[i].function, "_IO_file_doallocate"))
            return true;
    return false;
}

static bool library_find(const struct site_sizer *sizer, const struct sizing *sizing, const uint64_t *sizes, size_t count, struct site_size *site)
{
    struct form form;
    const char *text = library_block_find(sizing->frames, sizing->frame_count, sizer->host, sizer->target, sizes[0], &form);
    if (!text || !fits_all(sizer, &form, sizes, count))
        return false;
    site->form = form;
    snprintf(site->text, sizeof site->text, "%s", text);
    return true;
}

void site_size_find(struct site_sizer *sizer, uint32_t stack, const uint64_t *sizes, size_t count, struct site_size *site)
{
    struct call_frame frames[CALL_FRAMES_MOST];
    *site = (struct site_size){.how = SITE_SAME};
    sizes_look(site, sizes, count);
    if (is_same_model(sizer))
        return;
    struct sizing sizing = {.layout = &sizer->layout, .texts = sizer->texts, .frames = frames, .leads = &sizer->leads, .seen_bytes = count == 1 ? sizes[0] : 0};
    if (!sizer->ignores_debug)
        sizing.frame_count = stack_book_frames(sizer->book, stack, frames, CALL_FRAMES_MOST);
    if (hint_find(sizer, &sizing, sizes, count, site))
        site->how = SITE_HINT;
    else if (is_stdio(sizer, &sizing))
        site->how = SITE_STDIO;
    else if (library_find(sizer, &sizing, sizes, count, site))
        site->how = SITE_TYPE;
    else if (source_find(sizer, &sizing, sizes, count, site)) {
        site->how = SITE_TYPE;
        if (site_size_is_pool(site))
            content_find(&sizing, site);
    } else if (variable_find(sizer, &sizing, sizes, count, site))
        site->how = SITE_VARIABLE;
    else {
        site->how = SITE_GUESS;
        site->text[0] = 0;
        like_find(sizer, &sizing, sizes, count, site);
    }
    arena_done(&sizing.arena);
}

/* Something in between is likely: see docs/predict.md, "Rules". */
static struct estimate guess(const struct site_sizer *sizer, const struct site_size *site, uint64_t size)
{
    double least = (double)sizer->target->pointer_bytes / sizer->host->pointer_bytes;
    if (least >= 1)
        return (struct estimate){size, size, size};
    uint64_t low = (uint64_t)((double)size * least);
    if (site->is_ragged) /* bytes behind a head that is no longer than the shortest block */
        return (struct estimate){size - (uint64_t)((double)site->least * (1 - least)), size, size};
    bool is_buffer = size >= 512 && (size % 1024 == 0 || (size & (size - 1)) == 0);
    double middle = is_buffer ? 1 : site->has_like ? site->like_middle : (1 + 2 * least) / 3;
    return (struct estimate){low, (uint64_t)((double)size * middle), size};
}

/* Fewer blocks of the same size are as many smaller ones. */
static struct estimate pool_guess(const struct site_sizer *sizer, const struct site_size *site, uint64_t size)
{
    uint64_t least = size * sizer->target->pointer_bytes / sizer->host->pointer_bytes;
    uint64_t likely = site->content.host > 0 ? size * (uint64_t)site->content.target / (uint64_t)site->content.host : size;
    return (struct estimate){likely < least ? likely : least, likely, likely > size ? likely : size};
}

struct estimate site_size_of(const struct site_sizer *sizer, const struct site_size *site, uint64_t size)
{
    struct estimate estimate = {size, size, size};
    if (site->how == SITE_POOL)
        return pool_guess(sizer, site, size);
    if (site->how == SITE_STDIO)
        return (struct estimate){0, 0, size};
    if (site->how == SITE_SAME || !size)
        return estimate;
    if (site->form.is_known && form_solve(&site->form, size, pointer_of(sizer), &estimate))
        return estimate;
    if (site->element.host > 0 && size % (uint64_t)site->element.host == 0) {
        uint64_t there = size / (uint64_t)site->element.host * (uint64_t)site->element.target;
        return (struct estimate){there, there, there};
    }
    return guess(sizer, site, size);
}

const char *site_how_word(enum site_how how)
{
    static const char *const words[] = {"same widths", "hint", "source", "variable", "pool", "C library", "rule"};
    return words[how];
}

void site_sizer_done(struct site_sizer *sizer)
{
    layout_done(&sizer->layout);
    map_done(&sizer->leads);
}
