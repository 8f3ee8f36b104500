/* opt: a table parses words, and gives help, manual and completions that name all of its options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/opt.h"

struct values {
    bool quiet;
    const char *output;
    struct opt_list paths, conditions;
    uint64_t count, bytes, time_ns;
    int colour;
};

static const struct opt options[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "Output", NULL, NULL, NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct values, quiet), NULL, "say nothing", NULL, NULL, NULL},
    {OPT_TEXT, 'o', "output", offsetof(struct values, output), "FILE", "where it goes", "stdout", NULL, "TEST_OPT_OUTPUT"},
    {OPT_LIST, 0, "path", offsetof(struct values, paths), "DIR", "a folder", NULL, NULL, NULL},
    {OPT_WORDS, 0, "fail", offsetof(struct values, conditions), "CONDITION", "when it fails", NULL, NULL, NULL},
    {OPT_COUNT, 'n', "limit", offsetof(struct values, count), "N", "rows", NULL, NULL, NULL},
    {OPT_SIZE, 0, "sample", offsetof(struct values, bytes), "SIZE", "bytes", NULL, NULL, NULL},
    {OPT_TIME, 0, "from", offsetof(struct values, time_ns), "TIME", "begin", NULL, NULL, NULL},
    {OPT_CHOICE, 0, "color", offsetof(struct values, colour), "WHEN", "colours", NULL, "auto|always|never", NULL},
    {0},
};
static const struct opt_command command = {
    .name = "tool run", .usage = "[options] PROGRAM", .about = "Run it", .options = options, .least_words = 1, .most_words = OPT_ANY_WORDS, .stops_at_word = true};

enum { MOST_WORDS = 16 };

static enum opt_result parse(struct values *values, struct opt_words *words, struct error *error, const char *line)
{
    char copy[256], *argv[MOST_WORDS] = {0}, *rest = copy;
    int argc = 0;
    strcpy(copy, line);
    for (char *word; (word = strsep(&rest, " "));)
        argv[argc++] = word;
    *values = (struct values){0};
    *error = (struct error){0};
    return opt_parse(&command, values, argc, argv, words, error);
}

static void values_land_in_the_struct(void **state)
{
    (void)state;
    struct values values;
    struct opt_words words;
    struct error error;
    assert_int_equal(parse(&values, &words, &error, "run -q -o a --path x --path=y -n5 --sample 512K --from 1.5s --color never prog"), OPT_OK);
    assert_true(values.quiet);
    assert_string_equal(values.output, "a");
    assert_int_equal(values.paths.count, 2);
    assert_string_equal(values.paths.at[1], "y");
    assert_null(values.paths.at[2]);
    assert_int_equal(values.count, 5);
    assert_int_equal(values.bytes, 524288);
    assert_int_equal(values.time_ns, 1500000000);
    assert_int_equal(values.colour, 2);
    opt_words_done(&words);
}

static void options_stop_at_the_first_word(void **state)
{
    (void)state;
    const char *const lines[] = {"run prog -q -x --help", "run -- prog -q -x --help"};
    for (size_t i = 0; i < 2; i++) {
        struct values values;
        struct opt_words words;
        struct error error;
        assert_int_equal(parse(&values, &words, &error, lines[i]), OPT_OK);
        assert_false(values.quiet);
        assert_int_equal(words.count, 4);
        assert_string_equal(words.at[0], "prog");
        assert_string_equal(words.at[3], "--help");
        assert_null(words.at[4]);
        opt_words_done(&words);
    }
}

static void a_comma_parts_words_but_not_in_brackets(void **state)
{
    (void)state;
    static const char *const wanted[] = {"leak", "error", "regions[a,b].used_share>80%", "", "x", ""};
    struct values values;
    struct opt_words words;
    struct error error;
    assert_int_equal(parse(&values, &words, &error, "run --fail leak,error --fail regions[a,b].used_share>80%,,x, prog"), OPT_OK);
    assert_int_equal(values.conditions.count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < values.conditions.count; i++)
        assert_string_equal(values.conditions.at[i], wanted[i]);
    opt_words_done(&words);
}

static void assert_refused(const char *line, const char *part)
{
    struct values values;
    struct opt_words words;
    struct error error;
    assert_int_equal(parse(&values, &words, &error, line), OPT_BAD);
    assert_int_equal(error.kind, ERROR_USAGE);
    if (!strstr(error.text, part))
        fail_msg("'%s' is not in: %s", part, error.text);
    opt_words_done(&words);
}

static void mistakes_name_place_and_mend(void **state)
{
    (void)state;
    assert_refused("run --outptu x p", "unknown option '--outptu'; did you mean '--output'?");
    assert_refused("run --zzzzzz p", "'tool run --help' lists them");
    assert_refused("run -z p", "unknown option '-z'");
    assert_refused("run --output", "option '--output' needs a value: --output FILE");
    assert_refused("run --quiet=yes p", "takes no value");
    assert_refused("run --sample 5X p", "--sample: '5X' is not a size");
    assert_refused("run --color blue p", "--color: 'blue' is not one of auto|always|never");
    assert_refused("run -q", "usage: tool run [options] PROGRAM");
}

static void help_is_asked_for(void **state)
{
    (void)state;
    struct values values;
    struct opt_words words;
    struct error error;
    assert_int_equal(parse(&values, &words, &error, "run -h"), OPT_HELP);
    opt_words_done(&words);
    assert_int_equal(parse(&values, &words, &error, "run --quiet --help x"), OPT_HELP);
    opt_words_done(&words);
}

static void the_environment_gives_what_options_do_not(void **state)
{
    (void)state;
    struct values values;
    struct opt_words words;
    struct error error;
    setenv("TEST_OPT_OUTPUT", "from-environment", 1);
    assert_int_equal(parse(&values, &words, &error, "run p"), OPT_OK);
    assert_string_equal(values.output, "from-environment");
    opt_words_done(&words);
    assert_int_equal(parse(&values, &words, &error, "run -o mine p"), OPT_OK);
    assert_string_equal(values.output, "mine");
    opt_words_done(&words);
    unsetenv("TEST_OPT_OUTPUT");
}

static void every_text_names_every_option(void **state)
{
    (void)state;
    const struct opt_command *const all[] = {&command};
    struct str texts[5] = {0};
    opt_help(&command, &texts[0]);
    opt_man(&command, "1", &texts[1]);
    for (int shell = OPT_BASH; shell <= OPT_FISH; shell++)
        opt_completion((enum opt_shell)shell, "tool", all, 1, &texts[2 + shell]);
    for (size_t i = 0; i < 5; i++) {
        for (const struct opt *opt = options; opt->kind != OPT_END; opt++)
            if (opt->name && !strstr(str_text(&texts[i]), opt->name))
                fail_msg("text %zu does not name %s:\n%s", i, opt->name, str_text(&texts[i]));
        str_done(&texts[i]);
    }
}

static void help_is_at_most_80_columns_wide(void **state)
{
    (void)state;
    struct str help = {0};
    opt_help(&command, &help);
    const char *rest = str_text(&help), *line;
    size_t count;
    while (opt_next_word(&rest, '\n', &line, &count))
        assert_true(count < 80);
    str_done(&help);
}

static void a_word_of_a_list_is_found_whole(void **state)
{
    (void)state;
    assert_true(opt_has_word("leaks,peak", ',', "peak", strlen("peak")));
    assert_true(opt_has_word("leaks,peak", ',', "leaks, peak", strlen("leaks")));
    assert_false(opt_has_word("leaks,peak", ',', "pea", strlen("pea")));
    assert_false(opt_has_word("leaks,peak", ',', "peaks", strlen("peaks")));
    assert_false(opt_has_word(NULL, ',', "peak", strlen("peak")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comma_parts_words_but_not_in_brackets),
        cmocka_unit_test(a_word_of_a_list_is_found_whole),
        cmocka_unit_test(values_land_in_the_struct),
        cmocka_unit_test(options_stop_at_the_first_word),
        cmocka_unit_test(mistakes_name_place_and_mend),
        cmocka_unit_test(help_is_asked_for),
        cmocka_unit_test(the_environment_gives_what_options_do_not),
        cmocka_unit_test(every_text_names_every_option),
        cmocka_unit_test(help_is_at_most_80_columns_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
