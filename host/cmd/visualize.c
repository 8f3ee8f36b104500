/* visualize: in a trace and a type of picture, out an SVG file. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "cmd.h"
#include "host/base/utf8.h"
#include "host/view/picture.h"
#include "output.h"
#include "reading.h"

struct visualize_options {
    struct page_options page;
    const char *type;
    int metric, theme, order, shade, format;
    bool force, quiet;
    uint64_t width, height, from_ns, to_ns, process, thread;
};

#define PICTURE(name, about, tables, has_metric, has_slices) "|" #name
static const char type_names[] = ""
#include "host/view/picture.def"
    ;
#undef PICTURE
#define PICTURE(name, about, tables, has_metric, has_slices) " " #name
static const char type_about[] = "what to draw:"
#include "host/view/picture.def"
    ;
#undef PICTURE

static const struct opt visualize_table[] = {
    {OPT_TEXT, 't', "type", offsetof(struct visualize_options, type), "TYPE", type_about, NULL, type_names + 1, NULL},
    {OPT_TEXT, 'o', "output", offsetof(struct visualize_options, page.output), "FILE", "write there; '-' is standard output",
     "the trace's name with .TYPE.svg, in this folder", NULL, NULL},
    {OPT_FLAG, 'f', "force", offsetof(struct visualize_options, force), NULL, "replace a file that is there", NULL, NULL, NULL},
    {OPT_CHOICE, 'm', "metric", offsetof(struct visualize_options, metric), "METRIC", "what flame, treemap, sites and heatmap count", "peak",
     "peak|leaked|allocated|temporary|allocations", NULL},
    {OPT_CHOICE, 0, "theme", offsetof(struct visualize_options, theme), "THEME", "colours; auto: as the reader's system wants it", "auto", "auto|light|dark", NULL},
    {OPT_CHOICE, 0, "order", offsetof(struct visualize_options, order), "ORDER",
     "how heap_map lays out addresses: hilbert, so that what lies near in memory lies near in the picture, or in rows", "hilbert", "hilbert|rows", NULL},
    {OPT_CHOICE, 0, "format", offsetof(struct visualize_options, format), "FORMAT",
     "svg; text: of heap_map, a sign for each piece of memory, on standard output unless -o says otherwise", "svg", "svg|text", NULL},
    {OPT_CHOICE, 0, "shade", offsetof(struct visualize_options, shade), "SHADE", "what the signs of a text tell: how full a piece is, or how old what lies there", "fill",
     "fill|age", NULL},
    {OPT_COUNT, 'w', "width", offsetof(struct visualize_options, width), "N", "pixels; of text columns", "what suits the type; 80 columns", NULL, NULL},
    {OPT_COUNT, 0, "height", offsetof(struct visualize_options, height), "N", "pixels", "what suits the type", NULL, NULL},
    {OPT_FLAG, 0, "all-frames", offsetof(struct visualize_options, page.all_frames), NULL, "also frames of allocation wrappers, of the recorder and before main",
     NULL, NULL, NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct visualize_options, quiet), NULL, "say nothing but errors", NULL, NULL, NULL},
    {OPT_SECTION, 0, NULL, 0, NULL, "What to draw", NULL, NULL, NULL},
    READING_RANGE_OPTIONS(struct visualize_options),
    PAGE_NAME_OPTIONS(struct visualize_options, page),
    {0},
};

static const struct opt_example visualize_examples[] = {
    {"heaptracer visualize app.htrc --type memory_usage", "app.memory_usage.svg: live memory over time"},
    {"heaptracer visualize app.htrc -t flame -m leaked -o leaks.svg", "a flame graph of what was never freed"},
    {"heaptracer visualize app.htrc -t heap_map --to 12.5s", "where blocks lay then, and what was free between them"},
    {"heaptracer visualize app.htrc -t heap_map --format text --shade age", "the same as text, by age"},
    {"heaptracer visualize app.htrc -t treemap --theme dark -o peak.svg", "who held the peak, for dark pages"},
    {0},
};

const struct opt_command cmd_visualize_table = {
    .name = "heaptracer visualize",
    .usage = "[options] --type TYPE FILE",
    .about = "Draw a recorded run as an SVG picture",
    .manual = "Reads the trace FILE ('-' is standard input) and draws one picture:\n\n"
#define PICTURE(name, about, tables, has_metric, has_slices) #name ": " about ".\n\n"
#include "host/view/picture.def"
#undef PICTURE
              "The picture is one SVG file without scripts or outer parts; its texts are texts, and it has a title and a description for screen readers. Pointing at a bar, "
              "tile or frame shows its figures. The same trace gives the same bytes.\n\n"
              "A file that is there is not overwritten without --force. A trace that was cut or damaged is drawn as far as it can be read; the exit code is then 3.",
    .options = visualize_table,
    .examples = visualize_examples,
    .see_also = "heaptracer report, heaptracer analyze",
    .least_words = 1,
    .most_words = 1,
};

enum { FORMAT_SVG, FORMAT_TEXT, TEXT_COLUMNS = 80 };

static const struct picture_type *type_choose(const char *name, struct error *error)
{
    const struct picture_type *type = picture_types;
    if (!name)
        error_set(error, ERROR_USAGE, "which picture? name it with --type TYPE, one of %s", type_names + 1);
    if (!name || !choice_check("picture", type_names + 1, name, error))
        return NULL;
    while (strcmp(type->name, name))
        type++;
    return type;
}

static bool sizes_check(const struct visualize_options *options, struct error *error)
{
    enum { LEAST = 200, MOST = 20000, COLUMNS_LEAST = 40, COLUMNS_MOST = 1000 };
    if (options->format == FORMAT_TEXT && strcmp(options->type, "heap_map"))
        return error_set(error, ERROR_USAGE, "--format text: only heap_map can be written as text; 'heaptracer analyze' shows tables");
    if (options->format == FORMAT_TEXT && options->width && (options->width < COLUMNS_LEAST || options->width > COLUMNS_MOST))
        return error_set(error, ERROR_USAGE, "--width: %d to %d columns", COLUMNS_LEAST, COLUMNS_MOST);
    if (options->format == FORMAT_TEXT)
        return true;
    if ((options->width && options->width < LEAST) || (options->height && options->height < LEAST) || options->width > MOST || options->height > MOST)
        return error_set(error, ERROR_USAGE, "--width and --height: %d to %d pixels", LEAST, MOST);
    return true;
}

/* NULL-terminated; memory of the words. */
static const char *const *tables_choose(const struct picture_type *type, const struct visualize_options *options, struct opt_words *words)
{
    enum { TABLES_MOST = 8 };
    const char **names = arena_new(&words->arena, TABLES_MOST * sizeof *names), *rest = type->tables, *word;
    size_t count = 0, length;
    while (opt_next_word(&rest, ',', &word, &length))
        names[count++] = arena_copy_text(&words->arena, word, length);
    if (type->has_metric)
        names[count++] = picture_amounts[options->metric].table;
    if (options->format == FORMAT_TEXT)
        names[count++] = "fragmentation";
    return names;
}

/* The command's first words, else the trace's name. */
static char *run_name(const struct reading *reading)
{
    enum { COLUMNS = 60 };
    struct str name = {0};
    const char *command = reading->header->command && *reading->header->command ? reading->header->command : reading->path;
    str_add_bytes(&name, command, utf8_fit(command, COLUMNS));
    if (command[name.count])
        str_add(&name, "…");
    return name.at;
}

static void picture_write(FILE *out, const struct reading *reading, const struct picture_type *type, const struct visualize_options *options)
{
    enum { CELLS_MOST = 1 << 20 };
    setlocale(LC_CTYPE, "");
    bool is_page = options->format == FORMAT_TEXT && out == stdout;
    struct view view = {.symbols = reading->symbols,
                        .has_unicode = !is_page || !strcmp(nl_langinfo(CODESET), "UTF-8"),
                        .width = options->width ? (size_t)options->width : TEXT_COLUMNS,
                        .shows_all_frames = options->page.all_frames};
    struct slices_answer slices = {0};
    char *run = run_name(reading);
    if (reading->slices)
        slices_take(reading->slices, NULL, 0, CELLS_MOST, &slices);
    struct picture picture = {.view = &view,
                              .run = run ? run : "",
                              .tables = reading->tables.at,
                              .table_count = reading->tables.count,
                              .slices = reading->slices ? &slices : NULL,
                              .model = pipeline_model(reading->pipeline),
                              .metric = (enum picture_metric)options->metric,
                              .theme = (enum svg_theme)options->theme,
                              .order = (enum picture_order)options->order,
                              .shade = (enum picture_shade)options->shade,
                              .width = (double)options->width,
                              .height = (double)options->height};
    if (options->format == FORMAT_TEXT)
        picture_heap_map_text(out, &picture);
    else
        type->draw(out, &picture);
    slices_done(&slices);
    memory_free(run);
}

static char *output_choose(const struct visualize_options *options, const struct picture_type *type, const char *path, struct error *error)
{
    struct str suffix = {0};
    if (options->page.output)
        return memory_copy_text(options->page.output);
    if (options->format == FORMAT_TEXT)
        return memory_copy_text("-");
    str_add_format(&suffix, ".%s.svg", type->name);
    char *name = reading_output_name(path, str_text(&suffix), error);
    str_done(&suffix);
    return name;
}

static int visualize_file(const struct visualize_options *options, const struct picture_type *type, struct opt_words *words)
{
    struct error error = {0};
    struct output output = {0};
    struct reading reading = {0};
    const char *path = words->at[0];
    struct reading_config config = {.page = &options->page,
                                    .tables = tables_choose(type, options, words),
                                    .has_slices = type->has_slices,
                                    .from_ns = options->from_ns,
                                    .to_ns = options->to_ns,
                                    .process = options->process,
                                    .thread = options->thread};
    char *name = output_choose(options, type, path, &error);
    bool is_good = !error.kind && reading_open(&reading, &config, path, &error) && output_open(&output, name, path, options->force, &error);
    if (is_good && reading_run(&reading, &error))
        picture_write(output.out, &reading, type, options);
    if (output.out && output_close(&output, !error.kind, &error) && output.path && !options->quiet)
        fprintf(stderr, "heaptracer: %s\n", output.path);
    int exit_code = error.kind ? cmd_fail(&error) : reading.problem.kind ? cmd_fail(&reading.problem) : CMD_DONE;
    reading_close(&reading);
    memory_free(name);
    return exit_code;
}

int cmd_visualize(int argc, char **argv)
{
    struct visualize_options options = {0};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_visualize_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    const struct picture_type *type = type_choose(options.type, &error);
    exit_code = type && sizes_check(&options, &error) ? visualize_file(&options, type, &words) : cmd_fail(&error);
    opt_words_done(&words);
    return exit_code;
}
