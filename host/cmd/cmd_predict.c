/* cmd_predict: in a trace and names of targets, out whether the same run would fit there, when it fails, and how sure that is. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "builtin_profiles.h"
#include "host/base/number.h"
#include "host/config/toml_file.h"
#include "host/predict/predict_table.h"
#include "host/view/columns.h"
#include "host/view/gate.h"
#include "page.h"
#include "pass.h"

struct predict_options {
    struct page_options page;
    const char *targets, *elf, *tables;
    struct opt_list profiles, fail_on;
    uint64_t arena, process;
    bool list, no_types;
};

static const char predict_tables[] = "predict|predict_refusals|predict_sites|predict_warnings";

static const struct opt predict_options[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "What to predict", NULL, NULL, NULL},
    {OPT_TEXT, 0, "targets", offsetof(struct predict_options, targets), "NAME,...", "these targets or groups of them; --list names them",
     "esp32,stm32,avr,arm32,arm64,x86,x86_64", "esp32|stm32|avr|arm32|arm64|x86|x86_64|riscv32", NULL},
    {OPT_SIZE, 0, "arena", offsetof(struct predict_options, arena), "SIZE", "memory that the heap has there", "as the profile says", NULL, NULL},
    {OPT_TEXT, 0, "elf", offsetof(struct predict_options, elf), "FILE", "the program with its debug data, where the one that ran has none", NULL, NULL, NULL},
    {OPT_LIST, 0, "profile", offsetof(struct predict_options, profiles), "FILE", "targets of your own and hints about sizes, as TOML; may be given again", NULL,
     NULL, NULL},
    {OPT_COUNT, 0, "process", offsetof(struct predict_options, process), "ID", "that process, by its number in the table processes",
     "the one with the highest peak", NULL, NULL},
    {OPT_FLAG, 0, "no-types", offsetof(struct predict_options, no_types), NULL, "use no debug data: only rules about sizes, with their intervals", NULL, NULL,
     NULL},
    {OPT_FLAG, 'l', "list", offsetof(struct predict_options, list), NULL, "list the targets", NULL, NULL, NULL},
    {OPT_TEXT, 't', "table", offsetof(struct predict_options, tables), "NAME,...", "these tables, or all", "predict", predict_tables, NULL},
    {OPT_WORDS, 0, "fail-on", offsetof(struct predict_options, fail_on), "CONDITION", "end with 1 if a row fulfils TABLE.COLUMN>VALUE; may be given again", NULL,
     NULL, NULL},
    PAGE_OPTIONS(struct predict_options, page),
    PAGE_STACK_OPTIONS(struct predict_options, page),
    {0},
};

static const struct opt_example predict_examples[] = {
    {"heaptracer predict app.htrc --targets esp32,stm32", "would it fit on these boards"},
    {"heaptracer predict app.htrc --targets stm32-nano --arena 20K", "and in this much memory"},
    {"heaptracer predict app.htrc --targets avr -t predict_sites", "each site: what it allocates, how that is known, and its size there"},
    {"heaptracer predict app.htrc --targets board --profile board.toml", "a target of your own"},
    {"heaptracer predict app.htrc --targets avr --fail-on 'predict.refusals>0'", "a gate for a build: ends with 1"},
    {0},
};

const struct opt_command cmd_predict_table = {
    .name = "heaptracer predict",
    .usage = "[options] FILE",
    .about = "Say whether the recorded run would fit on another machine",
    .manual =
        "Reads the trace FILE and finds out what each site allocates: from the source line of the call (sizeof, n * sizeof *p, new T), from the type that the "
        "result is assigned to, or from a hint. The size there follows from the debug data and the target's rules for pointers, long, enum, padding. Where "
        "nothing is known the size lies between a half (all pointers) and the whole, and the answer has that interval: low, likely, high.\n\n"
        "Then the requests are replayed on a model of the target's allocator: peak, headroom, overhead, the first refusal and who asked.\n\n"
        "The program must be compiled with -g, and its source be where it was. docs/predict.md has the measured errors.",
    .options = predict_options,
    .examples = predict_examples,
    .see_also = "heaptracer replay, heaptracer analyze",
    .most_words = 1,
};

enum { TARGETS_MOST = 64 };

struct predict {
    const struct predict_options *options;
    const char *path;
    struct trace_reader *reader;
    struct requests requests;
    struct stack_book book;
    struct source_texts texts;
    struct target_profiles profiles;
    const struct target_profile *targets[TARGETS_MOST];
    size_t target_count;
    struct data_model host;
    VEC(struct prediction) predictions;
    struct page page;
    bool has_found;
};

struct profile_reading {
    struct target_profiles *profiles;
    const char *file;
    struct error *error;
};

static void value_see(void *context, const struct toml_value *value)
{
    struct profile_reading *reading = context;
    char place[300];
    snprintf(place, sizeof place, "%s:%u", reading->file, value->line);
    if (!reading->error->kind)
        target_profiles_take(reading->profiles, value->key, value->text, place, reading->error);
}

static bool profiles_read(struct predict *predict, struct error *error)
{
    struct profile_reading reading = {&predict->profiles, "built-in profiles", error};
    bool is_good = toml_read(reading.file, builtin_profiles, (size_t)(builtin_profiles_end - builtin_profiles), value_see, &reading, error) && !error->kind &&
                   target_profiles_end(&predict->profiles, reading.file, error);
    for (size_t i = 0; is_good && i < predict->options->profiles.count; i++) {
        reading.file = predict->options->profiles.at[i];
        is_good = toml_file_open(reading.file, value_see, &reading, error) && !error->kind && target_profiles_end(&predict->profiles, reading.file, error);
    }
    return is_good;
}

static bool targets_choose(struct predict *predict, struct error *error)
{
    const char *rest = predict->options->targets ? predict->options->targets : "esp32,stm32,avr,arm32,arm64,x86,x86_64", *word;
    size_t bytes;
    while (opt_next_word(&rest, ',', &word, &bytes))
        if (!target_profiles_find(&predict->profiles, word, bytes, predict->targets, TARGETS_MOST, &predict->target_count, error))
            return false;
    return predict->target_count || error_set(error, ERROR_USAGE, "--targets names no target");
}

static void event_see(void *context, const struct event *event)
{
    struct predict *predict = context;
    if (event->define) {
        page_see(&predict->page, event);
        stack_book_see(&predict->book, event);
    }
    requests_put(&predict->requests, event);
}

/* The heap of one process: the others would be other programs there. */
static uint32_t heap_choose(const struct predict *predict)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < predict->requests.heaps.count; i++)
        if (predict->requests.heaps.at[i].peak_bytes > predict->requests.heaps.at[best].peak_bytes)
            best = i;
    return best;
}

/* That of the program that ran, else what its pointers tell. */
static void host_choose(struct predict *predict)
{
    const struct trace_header *header = trace_get_header(predict->reader);
    if (stack_book_model(&predict->book, &predict->host))
        return;
    data_model_find(&predict->host, header->pointer_bytes == 2 ? "avr" : header->pointer_bytes == 4 ? "i386" : "x86_64");
}

static void predictions_make(struct predict *predict)
{
    struct prediction_input input = {.requests = &predict->requests,
                                     .heap = heap_choose(predict),
                                     .book = &predict->book,
                                     .texts = &predict->texts,
                                     .host = &predict->host,
                                     .hints = &predict->profiles.hints,
                                     .arena_bytes = predict->options->arena,
                                     .ignores_debug = predict->options->no_types};
    for (size_t i = 0; i < predict->target_count; i++) {
        vec_extend(&predict->predictions, i + 1);
        prediction_make(&predict->predictions.at[i], &input, predict->targets[i]);
    }
}

static bool is_plain(const struct predict *predict)
{
    const struct page_options *page = &predict->options->page;
    return !page->json && !page->csv && !page->columns;
}

/* Where nothing is refused, people need not read so. */
static bool is_asked(const struct predict *predict, const struct table *table)
{
    const char *tables = predict->options->tables;
    bool is_usual = !strcmp(table->name, "predict") || (!strcmp(table->name, "predict_refusals") && is_plain(predict) && table->row_count);
    if (!tables)
        return is_usual || (predict->options->page.json && strcmp(table->name, "predict_sites"));
    return !strcmp(tables, "all") || opt_has_word(tables, ',', table->name, strlen(table->name));
}

static bool table_put(struct predict *predict, struct table *table, struct error *error)
{
    bool is_good = gate_look_all(&predict->options->fail_on, table, &predict->has_found, error);
    if (is_good && is_asked(predict, table))
        is_good = page_table(&predict->page, table, 0, error);
    table_done(table);
    return is_good;
}

/* The figures for programs, or what people look at first; the gate knows the former. */
static bool targets_put(struct predict *predict, struct error *error)
{
    struct table table, page;
    struct columns columns = {0};
    const char *shown;
    predict_table(&table, predict->predictions.at, predict->predictions.count);
    if (!is_plain(predict) || !is_asked(predict, &table))
        return table_put(predict, &table, error);
    bool is_good = gate_look_all(&predict->options->fail_on, &table, &predict->has_found, error);
    table_done(&table);
    predict_table_page(&page, predict->predictions.at, predict->predictions.count, &shown);
    is_good = is_good && columns_take(&columns, &page, shown, error) && page_table(&predict->page, &columns.table, 0, error);
    columns_done(&columns);
    table_done(&page);
    return is_good;
}

static void lines_put(struct predict *predict, const char *text)
{
    const char *end;
    for (; (end = strchr(text, '\n')); text = end + 1)
        page_line(&predict->page, "%.*s", (int)(end - text), text);
}

static bool answers_put(struct predict *predict, struct error *error)
{
    struct table table;
    struct str said = {0};
    page_start(&predict->page, predict->path, trace_get_header(predict->reader));
    bool is_good = targets_put(predict, error);
    predict_table_refusals(&table, predict->predictions.at, predict->predictions.count);
    is_good = is_good && table_put(predict, &table, error);
    predict_table_sites(&table, predict->predictions.at, predict->predictions.count);
    is_good = is_good && table_put(predict, &table, error);
    predict_table_warnings(&table, predict->predictions.at, predict->predictions.count);
    is_good = is_good && table_put(predict, &table, error);
    for (size_t i = 0; is_good && i < predict->predictions.count; i++)
        lines_put(predict, str_text(&predict->predictions.at[i].warnings));
    requests_say(&predict->requests, &said);
    lines_put(predict, str_text(&said));
    if (predict->requests.heaps.count > 1)
        page_line(&predict->page, "the trace has %zu heaps; this is the one with the highest peak", predict->requests.heaps.count);
    str_done(&said);
    return is_good;
}

static bool hints_check(const struct predict *predict)
{
    for (size_t i = 0; i < predict->profiles.hints.list.count; i++)
        if (!predict->profiles.hints.list.at[i].uses)
            fprintf(stderr, "heaptracer: note: %s: the hint for '%s' explains no site: no such function or line allocates, or its sizes are others\n",
                    predict->profiles.hints.list.at[i].place, predict->profiles.hints.list.at[i].at);
    return true;
}

static bool predict_run(struct predict *predict, struct error *problem, struct error *error)
{
    requests_init(&predict->requests, trace_get_header(predict->reader));
    predict->requests.only_process = (uint32_t)predict->options->process;
    pass_events(predict->reader, predict->path, event_see, predict, problem);
    if (!predict->requests.list.count)
        return error_set(error, ERROR_READ, "'%s' has no request for memory", predict->path);
    host_choose(predict);
    predictions_make(predict);
    return hints_check(predict) && answers_put(predict, error);
}

static int predict_end(struct predict *predict, struct error *problem, struct error *error)
{
    page_close(&predict->page, problem->kind ? problem->text : NULL, error);
    for (size_t i = 0; i < predict->predictions.count; i++)
        prediction_done(&predict->predictions.at[i]);
    vec_done(&predict->predictions);
    requests_done(&predict->requests);
    stack_book_done(&predict->book);
    source_texts_done(&predict->texts);
    target_profiles_done(&predict->profiles);
    if (predict->reader)
        trace_close(predict->reader);
    return error->kind ? cmd_fail(error) : problem->kind ? cmd_fail(problem) : predict->has_found ? CMD_FOUND : CMD_DONE;
}

static int predict_file(const struct predict_options *options, const char *path)
{
    struct error error = {0}, problem = {0};
    struct predict predict = {.options = options, .path = path};
    predict.book.search =
        (struct object_search){.folders = options->page.debug_paths.at, .sysroot = options->page.sysroot, .debuginfod = options->page.debuginfod};
    predict.book.elf = options->elf;
    bool is_good = !options->page.csv || options->tables || error_set(&error, ERROR_USAGE, "--csv writes one table: choose it with --table NAME");
    is_good = is_good && profiles_read(&predict, &error) && targets_choose(&predict, &error);
    predict.reader = is_good ? trace_open(path, &error) : NULL;
    if (predict.reader && page_open(&predict.page, &options->page, path, &error))
        predict_run(&predict, &problem, &error);
    return predict_end(&predict, &problem, &error);
}

static int targets_list(const struct predict_options *options)
{
    struct predict predict = {.options = options};
    struct error error = {0};
    struct str out = {0};
    bool is_good = profiles_read(&predict, &error);
    for (size_t i = 0; is_good && i < predict.profiles.list.count; i++) {
        const struct target_profile *profile = &predict.profiles.list.at[i];
        char arena[NUMBER_ROOM] = "no limit";
        if (profile->arena_bytes)
            number_bytes(arena, profile->arena_bytes);
        str_add_format(&out, "%-18s %-9s %-44s %s, %s\n", profile->name, profile->group ? profile->group : "", profile->title, profile->allocator, arena);
    }
    target_profiles_done(&predict.profiles);
    if (!is_good)
        return cmd_fail(&error);
    return cmd_print(&out);
}

int cmd_predict(int argc, char **argv)
{
    struct predict_options options = {0};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_predict_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    if (options.list)
        exit_code = targets_list(&options);
    else if (words.count)
        exit_code = predict_file(&options, words.at[0]);
    else
        exit_code = error_set(&error, ERROR_USAGE, "heaptracer predict needs a FILE") ? CMD_DONE : cmd_fail(&error);
    opt_words_done(&words);
    return exit_code;
}
