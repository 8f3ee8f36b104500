/* test_answers: in frames that were resolved where the files are, out whether a bundle gives the same texts where they are not. */
#include "subject.h"

#include "host/base/error.h"
#include "host/symbol/answers.h"

static void other_texts(void **state)
{
    (void)state;
    static const struct spot in[] = {
        {"a\tb\\n\n\\", "/with space/\t.c", 4294967295u, true, false},
        {NULL, "only a file", 0, true, false},
        {"only a function", NULL, 0, false, false},
        {"\xff\x01 bytes", "\\", 1, false, false},
    };
    struct str out = {0};
    struct spots spots = {0}, back = {0};
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        vec_push(&spots.list, in[i]);
    answers_add_head(&out, "/a\tpath\n");
    answers_add(&out, 0x7fffffffffffffff, &spots);
    answers_add(&out, 0, &spots);
    FILE *file = fopen(path_of("answers"), "w");
    fwrite(out.at, 1, out.count, file);
    fclose(file);
    struct answers answers = {0};
    assert_true(answers_read(&answers, path_of("answers")));
    assert_false(answers_find(&answers, 1, &back));
    assert_true(answers_find(&answers, 0x7fffffffffffffff, &back));
    assert_int_equal(back.list.count, sizeof in / sizeof *in);
    for (size_t i = 0; i < back.list.count; i++) {
        assert_string_equal(back.list.at[i].function ? back.list.at[i].function : "-", in[i].function ? in[i].function : "-");
        assert_string_equal(back.list.at[i].file ? back.list.at[i].file : "-", in[i].file ? in[i].file : "-");
        assert_int_equal(back.list.at[i].line, in[i].line);
        assert_int_equal(back.list.at[i].inlined, in[i].inlined);
    }
    vec_done(&spots.list);
    vec_done(&back.list);
    str_done(&out);
    answers_done(&answers);
}

static void damaged_answers(void **state)
{
    (void)state;
    static const char *const files[] = {
        "",
        "heaptracer symbols 1",
        "heaptracer symbols 2\tx\n",
        "\177ELF",
        "heaptracer symbols 1\tx\nzz\tr\t-\t1\ta\tb\n",
        "heaptracer symbols 1\tx\n1",
        "heaptracer symbols 1\tx\n1\tr",
        "heaptracer symbols 1\tx\n1\tr\t",
        "heaptracer symbols 1\tx\n1\tr\t-",
        "heaptracer symbols 1\tx\n1\tr\t-\t",
        "heaptracer symbols 1\tx\n1\tr\t-\t7",
        "heaptracer symbols 1\tx\n1\tr\ti\t7\tf",
        "heaptracer symbols 1\tx\nffffffffffffffffff\tr\ti\t7\tf\tg",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *file = fopen(path_of("damaged"), "w");
        fputs(files[i], file);
        fclose(file);
        struct answers answers = {0};
        struct spots spots = {0};
        answers_read(&answers, path_of("damaged"));
        for (uint64_t key = 0; key < 4; key++)
            answers_find(&answers, key, &spots);
        vec_done(&spots.list);
        answers_done(&answers);
    }
    assert_false(answers_read(&(struct answers){0}, "/"));
    assert_false(answers_read(&(struct answers){0}, "/never/here"));
}

static void saved(void **state)
{
    (void)state;
    static const char *const marks[] = {"innermost", "hidden", "main"};
    const struct frame_text *texts;
    struct symbols_saved counts;
    struct error error = {0};
    compile("gcc", "-g", "sym_inline.c", "victim");
    assert_true(run("mkdir -p bundle && cp victim table"));
    struct subject subject = subject_new("victim", "table", NULL);
    for (size_t i = 0; i < 3; i++)
        ask(&subject, marks[i], &texts);
    see_frame(subject.symbols, ++subject.frames, 0x10, false);
    assert_true(symbols_save(subject.symbols, path_of("bundle"), &counts, &error));
    assert_int_equal(counts.modules, 1);
    assert_int_equal(counts.frames, 3);
    assert_int_equal(counts.unknown, 1);
    symbols_free(subject.symbols);
    assert_true(run("rm victim"));
    char *bundle = strdup(path_of("bundle"));
    struct symbols_config config = {.bundle = bundle};
    check_c("victim", "table", &config);
    /* without a build-id the path names the module; and what a bundle does not have is looked for as ever */
    assert_true(run("objcopy -R .note.gnu.build-id table noid && mkdir bundle2"));
    subject = subject_new("noid", "noid", NULL);
    ask(&subject, "innermost", &texts);
    free(bundle);
    config.bundle = bundle = strdup(path_of("bundle2"));
    assert_true(symbols_save(subject.symbols, bundle, &counts, &error));
    assert_int_equal(counts.frames, 1);
    symbols_free(subject.symbols);
    check_c("noid", "noid", &config);
    assert_true(run("mv noid moved"));
    subject = subject_new("noid", "moved", &config);
    assert_int_equal(ask(&subject, "innermost", &texts), 3);
    ask(&subject, "main", &texts);
    assert_null(texts->file);
    symbols_free(subject.symbols);
    free(bundle);
}

static void cannot_be_saved(void **state)
{
    (void)state;
    const struct frame_text *texts;
    struct symbols_saved counts;
    struct error error = {0};
    compile("gcc", "-g", "sym_inline.c", "victim");
    struct subject subject = subject_new("victim", "victim", NULL);
    ask(&subject, "main", &texts);
    assert_false(symbols_save(subject.symbols, "/never/here", &counts, &error));
    assert_int_equal(error.kind, ERROR_WRITE);
    assert_non_null(strstr(error.text, "/never/here"));
    symbols_free(subject.symbols);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_texts),
        cmocka_unit_test(damaged_answers),
        cmocka_unit_test(saved),
        cmocka_unit_test(cannot_be_saved),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
