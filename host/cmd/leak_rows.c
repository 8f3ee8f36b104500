/* leak_rows: in the table reach and what the user knows of leaks, out its rows that are worth a look. */
#include "leak_rows.h"

#include <stdio.h>
#include <string.h>

#include "host/base/number.h"
#include "host/symbol/demangle.h"
#include "host/view/frames.h"
#include "leak_findings.h"

/* Frames of a stack for rules: the recorder's own are none. */
struct rule_frames {
    struct frames frames;
    VEC(struct suppress_frame) list;
};

static void rule_frames_of(struct rule_frames *rule, struct symbols *symbols, uint32_t stack)
{
    rule->list.count = 0;
    frames_of_stack(&rule->frames, symbols, stack);
    for (size_t i = 0; i < rule->frames.list.count; i++) {
        const struct frame *frame = rule->frames.list.at + i;
        if (frame->role != FRAME_RECORDER)
            vec_push(&rule->list, ((struct suppress_frame){frame->text.function, frame->text.file ? frame->text.file : "", frame->text.module}));
    }
}

static void rule_frames_done(struct rule_frames *rule)
{
    frames_done(&rule->frames);
    vec_done(&rule->list);
}

static enum block_class class_of(const char *name)
{
    static const char *const names[CLASS_COUNT] = {"", "direct", "indirect", "possible", "reachable"};
    for (int class = 0; class < CLASS_COUNT; class++)
        if (!strcmp(names[class], name))
            return class;
    return CLASS_NONE;
}

static void resource_count(struct leak_rows *rows, const char *what)
{
    for (size_t i = 0; i < rows->resources.count; i++)
        if (!strcmp(rows->resources.at[i].what, what)) {
            rows->resources.at[i].stacks++;
            return;
        }
    vec_push(&rows->resources, ((struct leak_resource){what, 1}));
}

/* What a thread needs for itself is found by pointers into it only while it runs; of those that ended the C library keeps a few for the next ones, of which
 * nothing is known. */
static double thread_sure(enum block_class class, uint64_t count)
{
    enum { CACHED_MOST = 5 }; /* stacks of 8 MiB in glibc's 40 MiB */
    return class == CLASS_DIRECT && count > CACHED_MOST ? 0.6 : 0.1;
}

/* It comes first in a chain only where nobody else leads to the block. */
static bool is_known_to_libc_only(const char *chain)
{
    return !strncmp(chain, "libc.so.", strlen("libc.so.")) || !strncmp(chain, "libc-2.", strlen("libc-2."));
}

/* What its functions tell of it. */
static void row_name(const struct leak_rows *rows, union cell *row, const struct rule_frames *frames)
{
    static const char thread[] = "thread's own memory";
    const struct leak_name *name = leak_names_find(&rows->names, frames->list.at, frames->list.count);
    enum block_class class = class_of(row[rows->at.class].text);
    if (!name)
        return;
    if (class != CLASS_INDIRECT || !strcmp(row[rows->at.pattern].text, "goes with its owner"))
        row[rows->at.pattern].text = name->what;
    if (!strcmp(name->what, thread) && (class == CLASS_POSSIBLE || class == CLASS_DIRECT))
        row[rows->at.confidence].f = thread_sure(class, row[rows->at.count].u);
    if (!name->is_resource)
        return;
    row[rows->at.resource].text = name->what;
    row[rows->at.kind].text = "resource";
    if (class == CLASS_REACHABLE && is_known_to_libc_only(row[rows->at.chain].text)) {
        row[rows->at.confidence].f = 0.6;
        row[rows->at.evidence].text = "only the C library's own list still leads to it";
    }
}

static void row_count_kind(struct leak_rows *rows, const union cell *row)
{
    if (!strcmp(row[rows->at.kind].text, "resource") && row[rows->at.confidence].f > LEAK_WATCH)
        resource_count(rows, row[rows->at.resource].text);
    if (strcmp(row[rows->at.kind].text, "fragmentation"))
        return;
    rows->pins++;
    rows->pinned_bytes += row[rows->at.pinned].u;
}

void leak_rows_put_kinds(const struct leak_rows *rows, struct str *out)
{
    char bytes[NUMBER_ROOM];
    for (size_t i = 0; i < rows->resources.count; i++) {
        const struct leak_resource *resource = rows->resources.at + i;
        str_add_format(out, "%s%s: %llu stack%s", i ? ", " : "resources lost: ", resource->what, (unsigned long long)resource->stacks, resource->stacks == 1 ? "" : "s");
    }
    if (rows->pins)
        str_add_format(out, "%sfragmentation: %llu stack%s keep%s %s of pages from going back", out->count ? "; " : "", (unsigned long long)rows->pins,
                       rows->pins == 1 ? "" : "s", rows->pins == 1 ? "s" : "", number_bytes(bytes, rows->pinned_bytes));
}

/* The rule that leaves the row out, or NULL. */
static const struct suppress_rule *row_suppress(struct leak_rows *rows, const union cell *row, const struct rule_frames *frames)
{
    struct suppress_rule *rule = suppress_find(&rows->suppress, class_of(row[rows->at.class].text), frames->list.at, frames->list.count);
    if (!rule)
        return NULL;
    rule->sites++;
    rule->blocks += row[rows->at.count].u;
    rule->bytes += row[rows->at.bytes].u;
    return rule;
}

struct chooser {
    struct symbols *symbols;
    struct findings *findings;
    struct rule_frames frames;
};

static bool row_is_shown(struct leak_rows *rows, union cell *row, struct chooser *chooser)
{
    rule_frames_of(&chooser->frames, chooser->symbols, (uint32_t)row[rows->at.stack].u);
    row_name(rows, row, &chooser->frames);
    if (!phase_has(&rows->phase, (uint32_t)row[rows->at.stack].u))
        return false;
    bool is_worth = row[rows->at.confidence].f > LEAK_WATCH;
    const struct suppress_rule *rule = row_suppress(rows, row, &chooser->frames);
    if (is_worth && chooser->findings && findings_have_room(chooser->findings))
        leak_findings_add(chooser->findings, &rows->at, row, chooser->symbols, rule ? rule->name : NULL);
    if (rule)
        return false;
    row_count_kind(rows, row);
    if (rows->shows_all || is_worth)
        return true;
    rows->hidden_bytes += row[rows->at.bytes].u;
    rows->hidden_count += row[rows->at.count].u;
    return false;
}

static void columns_find_all(struct leak_columns *at, const struct table *table)
{
    at->stack = table_find_column(table, "stack");
    at->class = table_find_column(table, "class");
    at->bytes = table_find_column(table, "bytes");
    at->count = table_find_column(table, "count");
    at->retained = table_find_column(table, "retained_bytes");
    at->retained_count = table_find_column(table, "retained_count");
    at->pattern = table_find_column(table, "pattern");
    at->confidence = table_find_column(table, "confidence");
    at->evidence = table_find_column(table, "evidence");
    at->kind = table_find_column(table, "kind");
    at->resource = table_find_column(table, "resource");
    at->pinned = table_find_column(table, "pinned_bytes");
    at->chain = table_find_column(table, "chain");
}

bool leak_rows_choose(struct leak_rows *rows, struct table *table, struct symbols *symbols, struct findings *findings, struct error *error)
{
    struct chooser chooser = {.symbols = symbols, .findings = findings};
    size_t kept = 0;
    if (!phase_end(&rows->phase, error))
        return false;
    if (findings)
        leak_findings_look(findings);
    columns_find_all(&rows->at, table);
    for (size_t row = 0; row < table->row_count; row++) {
        union cell *cells = table_at(table, row);
        if (row_is_shown(rows, cells, &chooser))
            memmove(table_at(table, kept++), cells, table->column_count * sizeof *cells);
    }
    table->row_count = kept;
    rule_frames_done(&chooser.frames);
    return true;
}

void leak_rows_name(struct table *table, struct symbols *symbols)
{
    struct leak_rows rows = {0};
    struct rule_frames frames = {0};
    if (strcmp(table->name, "reach"))
        return;
    columns_find_all(&rows.at, table);
    for (size_t row = 0; row < table->row_count; row++) {
        rule_frames_of(&frames, symbols, (uint32_t)table_at(table, row)[rows.at.stack].u);
        row_name(&rows, table_at(table, row), &frames);
    }
    rule_frames_done(&frames);
}

void leak_rows_suppressions(const struct leak_rows *rows, struct table *table)
{
    static const struct column columns[] = {
        {"rule", "Suppression", "", "the rule", COLUMN_TEXT},
        {"sites", "Sites", "", "call stacks that it left out", COLUMN_COUNT},
        {"blocks", "Blocks", "", "their blocks", COLUMN_COUNT},
        {"bytes", "Bytes", "", "bytes of these blocks", COLUMN_BYTES},
        {"pattern", "Pattern", "", "what it asks of a stack, innermost frame first", COLUMN_TEXT},
        {"file", "File", "", "where it stands", COLUMN_TEXT},
        {"line", "Line", "id", "in which line it begins", COLUMN_COUNT},
    };
    table_init(table, "suppressions", "Suppressions", "How often each rule of --suppressions matched; one that never does may be out of date.", TABLE_ROWS, columns,
               sizeof columns / sizeof *columns);
    for (size_t i = 0; i < rows->suppress.rules.count; i++) {
        const struct suppress_rule *rule = rows->suppress.rules.at + i;
        struct str pattern = {0};
        union cell *row = table_row(table);
        suppress_put_pattern(rule, &pattern);
        row[0].text = table_text(table, "%s", rule->name ? rule->name : "");
        row[1].u = rule->sites;
        row[2].u = rule->blocks;
        row[3].u = rule->bytes;
        row[4].text = table_text(table, "%s", str_text(&pattern));
        row[5].text = table_text(table, "%s", rule->file);
        row[6].u = rule->line;
        str_done(&pattern);
    }
}

/* valgrind's rules name functions of C++ as the linker does, our frames as the source does. */
static void rules_demangle(struct suppress *suppress)
{
    for (size_t i = 0; i < suppress->rules.count; i++)
        for (size_t j = 0; j < suppress->rules.at[i].lines.count; j++) {
            struct suppress_line *line = suppress->rules.at[i].lines.at + j;
            if (line->kind == SUPPRESS_FUNCTION && demangle_knows(line->pattern) && !strpbrk(line->pattern, "*?"))
                line->pattern = demangle_name(&suppress->arena, line->pattern);
        }
}

bool leak_rows_open(struct leak_rows *rows, const struct leak_options *options, struct error *error)
{
    const struct opt_list *files = &options->suppressions;
    *rows = (struct leak_rows){.options = options};
    bool is_good = !options->names || leak_names_read(&rows->names, options->names, error);
    for (size_t i = 0; is_good && i < files->count; i++) {
        FILE *in = fopen(files->at[i], "re");
        if (!in)
            return error_set_errno(error, ERROR_USAGE, "cannot read %s", files->at[i]);
        is_good = suppress_read(&rows->suppress, in, files->at[i], error);
        fclose(in);
    }
    rules_demangle(&rows->suppress);
    return is_good;
}

void leak_rows_begin(struct leak_rows *rows, const struct model *model)
{
    phase_begin(&rows->phase, model, rows->options->since, rows->options->between, rows->options->iteration);
}

void leak_rows_done(struct leak_rows *rows)
{
    phase_done(&rows->phase);
    vec_done(&rows->resources);
    suppress_done(&rows->suppress);
    leak_names_done(&rows->names);
}
