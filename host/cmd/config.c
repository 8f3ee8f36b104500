/* config: in the configuration that holds here, out each setting with its value and who gave it. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "configured.h"
#include "page.h"

struct config_options {
    struct page_options page;
    bool list, example;
};

static const struct opt config_options[] = {
    {OPT_FLAG, 'l', "list", offsetof(struct config_options, list), .about = "All settings; that is what happens without a KEY too"},
    {OPT_FLAG, 0, "example", offsetof(struct config_options, example), .about = "A file with all settings, each with what it means, to begin with"},
    PAGE_OPTIONS(struct config_options, page),
    {0},
};

static const struct opt_example config_examples[] = {
    {"heaptracer config", "every setting, its value, and the file, variable or rule that gave it"},
    {"heaptracer config record.sample", "one value, for a script"},
    {"heaptracer config --example >.heaptracer.toml", "begin a configuration for this folder"},
    {0},
};

const struct opt_command cmd_config_table = {
    .name = "heaptracer config",
    .usage = "[options] [KEY]",
    .about = "Show the settings that hold here, and where each comes from",
    .manual = "Each setting stands for an option of one or more commands, and is what the option is when the command line does not give it. The order in which they hold: the "
              "command line; the option's environment variable; ./heaptracer.toml; ./.heaptracer.toml; heaptracer/config.toml in $XDG_CONFIG_HOME or ~/.config; what is built in. "
              "HEAPTRACER_CONFIG names one file to read in place of these, or 'none'.\n\n"
              "Alerts stand in tables [[alerts.rule]]: name; when = \"TABLE.COLUMN>VALUE\" or \"TABLE[ROW].COLUMN>VALUE\", any cell of any table of "
              "'heaptracer analyze --list'; for = \"10s\", so long without a break; hysteresis = \"5%\", what the value must go back by; level = "
              "\"warn\" or \"critical\"; and what is done when one begins or ends to fire: log = FILE, command = a line for the shell "
              "(HEAPTRACER_ALERT, _STATE, _LEVEL, _VALUE and _LINE tell it what happened), webhook = an address that gets it as JSON, led = a name in "
              "/sys/class/leds (steady: all is well, 1 Hz: warn, 4 Hz: critical). They are looked at by 'heaptracer monitor', 'interactive' and 'run "
              "--live'. [alerts] has short ones: memory_pressure_threshold and fragmentation_threshold of a firmware's regions, live_bytes_threshold, "
              "leak_detection_enabled.\n\n"
              "Lists of the configuration and of the command line add up. A key or value that does not fit is an error of every command, with its place and the key that was "
              "probably meant. A file that belongs to somebody else, or that everybody can write, is refused: alerts can name commands to run.",
    .options = config_options,
    .examples = config_examples,
    .see_also = "heaptracer monitor, heaptracer run",
    .most_words = 1,
};

static const struct column config_columns[] = {
    {"key", "setting", "", "Section and name, as in the file.", COLUMN_TEXT},
    {"value", "value", "", "What the option is when it is not given on the command line; a list has its elements parted by commas.", COLUMN_TEXT},
    {"origin", "given by", "", "File and line, environment variable, or 'built in'.", COLUMN_TEXT},
    {"about", "what it is", "", "The option's meaning.", COLUMN_TEXT},
};
enum { CONFIG_KEY, CONFIG_VALUE, CONFIG_ORIGIN, CONFIG_ABOUT, CONFIG_COLUMNS };

/* Adds the value; the place that gave it. */
static const char *value_find(const struct configured_key *key, const struct opt *opt, struct str *value)
{
    const struct settings *settings = configured_settings();
    const char *variable = opt->variable ? getenv(opt->variable) : NULL, *place = NULL;
    if (variable && *variable) {
        str_add(value, variable);
        return opt->variable;
    }
    for (size_t i = 0; i < settings->list.count; i++) {
        const struct setting *setting = settings->list.at + i;
        if (strcmp(setting->key, key->key))
            continue;
        str_add_format(value, "%s%s", place ? "," : "", setting->text);
        place = setting->place;
    }
    if (!place)
        str_add(value, opt->fallback ? opt->fallback : opt->kind == OPT_FLAG ? "false" : "none");
    return place ? place : "built in";
}

static bool is_first(const struct configured_key *key)
{
    for (const struct configured_key *other = configured_keys; other != key; other++)
        if (!strcmp(other->key, key->key))
            return false;
    return true;
}

static void config_fill(struct table *table)
{
    struct str value = {0};
    table_init(table, "config", "Configuration", "What holds for options that the command line does not give.", TABLE_ROWS, config_columns, CONFIG_COLUMNS);
    for (const struct configured_key *key = configured_keys; key->key; key++) {
        const struct opt *opt = is_first(key) ? configured_option(key) : NULL;
        if (!opt)
            continue;
        str_clear(&value);
        const char *origin = value_find(key, opt, &value);
        union cell *row = table_row(table);
        row[CONFIG_KEY].text = key->key;
        row[CONFIG_VALUE].text = table_text(table, "%s", str_text(&value));
        row[CONFIG_ORIGIN].text = table_text(table, "%s%s", *origin == 'H' ? "$" : "", origin);
        row[CONFIG_ABOUT].text = opt->about;
    }
    str_done(&value);
}

static int config_list(const struct config_options *options)
{
    struct page page;
    struct table table;
    struct error error = {0};
    config_fill(&table);
    if (page_open(&page, &options->page, NULL, &error)) {
        page_start(&page, NULL, NULL);
        page_table(&page, &table, table.row_count, &error);
    }
    page_close(&page, NULL, &error);
    table_done(&table);
    return error.kind ? cmd_fail(&error) : CMD_DONE;
}

static int config_print(const char *word)
{
    for (const struct configured_key *key = configured_keys; key->key; key++) {
        const struct opt *opt = !strcmp(key->key, word) ? configured_option(key) : NULL;
        struct str value = {0};
        if (!opt)
            continue;
        value_find(key, opt, &value);
        str_add(&value, "\n");
        return cmd_print(&value);
    }
    struct error error = {0};
    configured_unknown("", word, &error);
    return cmd_fail(&error);
}

/* Every line but the sections is a comment, so that the file changes nothing until one is taken out. */
static int config_example(void)
{
    struct str text = {0};
    size_t section = 0;
    const char *last = "";
    str_add(&text, "# HeapTracer's configuration for this folder; take out the # of a line to set it. 'heaptracer config' shows what holds.\n");
    for (const struct configured_key *key = configured_keys; key->key; key++) {
        const struct opt *opt = is_first(key) ? configured_option(key) : NULL;
        size_t dot = strcspn(key->key, ".");
        if (!opt)
            continue;
        if (dot != section || memcmp(last, key->key, dot))
            str_add_format(&text, "\n[%.*s]\n", (int)dot, key->key);
        section = dot;
        last = key->key;
        str_add_format(&text, "# %s%s%s\n", opt->about, opt->choices ? ": " : "", opt->choices ? opt->choices : "");
        if (opt->kind == OPT_FLAG)
            str_add_format(&text, "#%s = true\n", key->key + dot + 1);
        else if (opt->kind == OPT_LIST || opt->kind == OPT_WORDS)
            str_add_format(&text, "#%s = [\"%s\"]\n", key->key + dot + 1, opt->argument);
        else
            str_add_format(&text, opt->kind == OPT_COUNT ? "#%s = 10\n" : "#%s = \"%s\"\n", key->key + dot + 1, opt->argument);
    }
    return cmd_print(&text);
}

int cmd_config(int argc, char **argv)
{
    struct config_options options = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_config_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    exit_code = options.example ? config_example() : words.count ? config_print(words.at[0]) : config_list(&options);
    opt_words_done(&words);
    return exit_code;
}
