/* baseline: in a trace, or a file that was saved from one, out its figures and sites. */
#include "baseline.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/number.h"
#include "host/base/utf8.h"
#include "host/config/toml_file.h"
#include "host/view/frames.h"
#include "replaying.h"

enum { SITES_MOST = 50, STACK_ROOM = 400 };

void baseline_stack(struct str *text, struct frames *frames, struct symbols *symbols, uint32_t stack)
{
    str_clear(text);
    frames_of_stack(frames, symbols, stack);
    for (size_t i = 0; i < frames->list.count && text->count < STACK_ROOM; i++) {
        if (frames->list.at[i].role != FRAME_PROGRAM)
            continue;
        str_add(text, text->count ? " <- " : "");
        utf8_add_clean(text, frames->list.at[i].text.function);
    }
    if (!text->count)
        str_add(text, "?");
}

static void site_add(struct baseline *baseline, size_t first, struct baseline_site site)
{
    for (size_t i = first; i < baseline->sites.count; i++)
        if (!strcmp(baseline->sites.at[i].stack, site.stack)) {
            baseline->sites.at[i].amount += site.amount;
            return;
        }
    site.stack = arena_copy_text(&baseline->arena, site.stack, strlen(site.stack));
    vec_push(&baseline->sites, site);
}

static void sites_take(struct baseline *baseline, const struct figures *figures, enum figure figure, struct symbols *symbols)
{
    const struct table *who = figures->who[figure];
    struct frames frames = {0};
    struct str text = {0};
    size_t first = baseline->sites.count;
    for (size_t row = 0; who && row < who->row_count && baseline->sites.count - first < SITES_MOST; row++) {
        const union cell *cells = table_at(who, row);
        baseline_stack(&text, &frames, symbols, (uint32_t)cells[figures->who_stack[figure]].u);
        site_add(baseline, first, (struct baseline_site){figure, str_text(&text), (double)cells[figures->who_amount[figure]].u});
    }
    frames_done(&frames);
    str_done(&text);
}

static const char *replay_text(struct baseline *baseline, const struct allocator_wish *replay)
{
    struct str text = {0};
    if (replay)
        str_add(&text, replay->allocator);
    for (size_t i = 0; replay && i < replay->arenas.count; i++)
        str_add_format(&text, " %s", replay->arenas.at[i]);
    const char *kept = arena_copy_text(&baseline->arena, str_text(&text), text.count);
    str_done(&text);
    return kept;
}

void baseline_take(struct baseline *baseline, const struct figures *figures, const struct allocator_wish *replay, struct symbols *symbols)
{
    baseline->replayed = replay_text(baseline, replay);
    for (enum figure figure = 0; figure < FIGURES; figure++) {
        baseline->is_known[figure] = figures->is_known[figure];
        baseline->values[figure] = figures_value(figures, figure);
        if (figure_rules[figure].grows)
            sites_take(baseline, figures, figure, symbols);
    }
}

static bool tables_make(struct reading *reading, struct replaying *replaying, struct error *error)
{
    if (!reading_run(reading, error))
        return false;
    if (reading->problem.kind)
        return error_set(error, ERROR_READ, "the baseline is no whole run: %s", reading->problem.text);
    return !replaying || replaying_add(replaying, reading, error);
}

static bool run_read(struct baseline *baseline, const struct page_options *names, const struct allocator_wish *replay, struct error *error)
{
    struct reading reading = {0};
    struct replaying replaying = {0};
    struct figures figures;
    struct wanted_tables wanted = {0};
    for (enum figure figure = 0; figure < FIGURES; figure++)
        if (figure_rules[figure].grows)
            figure_want(&wanted, figure, replay != NULL);
    vec_push(&wanted.names, NULL);
    struct reading_config config = {.page = names, .tables = wanted.names.at, .event = replay ? replaying_see : NULL, .context = &replaying};
    bool is_good = reading_open(&reading, &config, baseline->path, error) && (!replay || replaying_begin(&replaying, replay, reading.header, true, error)) &&
                   tables_make(&reading, replay ? &replaying : NULL, error);
    if (is_good) {
        figures_take(&figures, &reading);
        baseline_take(baseline, &figures, replay, reading.symbols);
        figures_done(&figures);
    }
    reading_close(&reading);
    replaying_done(&replaying);
    vec_done(&wanted.names);
    return is_good;
}

struct saved {
    struct baseline *baseline;
    struct error *error;
};

/* "figures.peak" or "sites.peak" */
static bool key_find(const char *key, const char *section, enum figure *figure)
{
    size_t count = strlen(section);
    if (strncmp(key, section, count))
        return false;
    for (*figure = 0; *figure < FIGURES; ++*figure)
        if (!strcmp(key + count, figure_rules[*figure].name))
            return true;
    return false;
}

/* What another version of us has saved beside is no mistake; what cannot be read is one. */
static void saved_see(void *context, const struct toml_value *value)
{
    struct saved *saved = context;
    struct baseline *baseline = saved->baseline;
    enum figure figure;
    char *end = NULL;
    double amount = strtod(value->text, &end);
    if (key_find(value->key, "figures.", &figure)) {
        if (value->kind != TOML_NUMBER || amount < 0)
            error_set(saved->error, ERROR_READ, "%s:%u: %s: '%s' is no amount", baseline->path, value->line, value->key, value->text);
        baseline->is_known[figure] = true;
        baseline->values[figure] = amount;
    } else if (key_find(value->key, "sites.", &figure)) {
        if (end == value->text || *end != ' ' || value->kind != TOML_TEXT) {
            error_set(saved->error, ERROR_READ, "%s:%u: %s: '%s' is no amount and stack", baseline->path, value->line, value->key, value->text);
            return;
        }
        vec_push(&baseline->sites, ((struct baseline_site){figure, arena_copy_text(&baseline->arena, end + 1, strlen(end + 1)), amount}));
    } else if (!strcmp(value->key, "replayed_on")) {
        baseline->replayed = arena_copy_text(&baseline->arena, value->text, strlen(value->text));
    }
}

/* Figures of different allocators are no growth. */
static bool replay_check(struct baseline *baseline, const struct allocator_wish *replay, struct error *error)
{
    const char *wanted = replay_text(baseline, replay);
    if (!strcmp(baseline->replayed, wanted))
        return true;
    return error_set(error, ERROR_USAGE, "%s holds figures of %s%s, not of %s%s: save it again, with the same --allocator and --arena", baseline->path,
                     *baseline->replayed ? "a replay on " : "the recorded run", baseline->replayed, *wanted ? "a replay on " : "the recorded run", wanted);
}

static bool saved_read(struct baseline *baseline, struct error *error)
{
    struct saved saved = {baseline, error};
    bool is_good = toml_file_open(baseline->path, saved_see, &saved, error) && !error->kind;
    if (!is_good)
        error->kind = ERROR_READ; /* an input, unlike a configuration */
    bool has_any = false;
    for (enum figure figure = 0; figure < FIGURES; figure++)
        has_any |= baseline->is_known[figure];
    if (is_good && !has_any)
        is_good = error_set(error, ERROR_READ, "%s holds no figures: 'heaptracer check FILE --save-baseline %s' writes them", baseline->path, baseline->path);
    return is_good;
}

bool baseline_read(struct baseline *baseline, const char *path, const struct page_options *names, const struct allocator_wish *replay, struct error *error)
{
    size_t count = strlen(path), ending = strlen(".toml");
    *baseline = (struct baseline){.path = path, .replayed = ""};
    if (count > ending && !strcmp(path + count - ending, ".toml"))
        return saved_read(baseline, error) && replay_check(baseline, replay, error);
    return run_read(baseline, names, replay, error);
}

static void text_put(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', out);
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            fprintf(out, "\\u%04x", (unsigned char)*text);
        else
            putc(*text, out);
    }
}

static void sites_put(FILE *out, const struct baseline *baseline, enum figure figure)
{
    bool has_any = false;
    for (size_t i = 0; i < baseline->sites.count; i++) {
        if (baseline->sites.at[i].figure != figure)
            continue;
        if (!has_any)
            fprintf(out, "%s = [\n", figure_rules[figure].name);
        has_any = true;
        fprintf(out, "  \"%.0f ", baseline->sites.at[i].amount);
        text_put(out, baseline->sites.at[i].stack);
        fputs("\",\n", out);
    }
    if (has_any)
        fputs("]\n", out);
}

void baseline_put(FILE *out, const struct baseline *baseline, const struct trace_header *header)
{
    fputs("# Written by 'heaptracer check --save-baseline': what later runs are compared with. Amounts are bytes and counts.\nprogram = \"", out);
    text_put(out, header->command ? header->command : "");
    if (*baseline->replayed) {
        fputs("\"\nreplayed_on = \"", out);
        text_put(out, baseline->replayed);
    }
    fputs("\"\n\n[figures]\n", out);
    for (enum figure figure = 0; figure < FIGURES; figure++)
        if (baseline->is_known[figure])
            fprintf(out, "%s = %.*f\n", figure_rules[figure].name, baseline->values[figure] == (double)(uint64_t)baseline->values[figure] ? 0 : 6, baseline->values[figure]);
    fputs("\n[sites]\n", out);
    for (enum figure figure = 0; figure < FIGURES; figure++)
        if (figure_rules[figure].grows)
            sites_put(out, baseline, figure);
}

double baseline_before(const struct baseline *baseline, enum figure figure, const char *stack)
{
    for (size_t i = 0; i < baseline->sites.count; i++)
        if (baseline->sites.at[i].figure == figure && !strcmp(baseline->sites.at[i].stack, stack))
            return baseline->sites.at[i].amount;
    return 0;
}

void baseline_done(struct baseline *baseline)
{
    vec_done(&baseline->sites);
    arena_done(&baseline->arena);
}
