/* test_symbol: in programs that are compiled here with many kinds of debug data, out whether each marked place gets its function, line and callers. */
#include <dlfcn.h>
#include <elfutils/libdwelf.h>
#include <sys/auxv.h>

#include "subject.h"

/* ---- kinds of debug data ---- */

static void kinds_of_debug_data(void **state)
{
    (void)state;
    static const char *const flags[] = {
        "-g",
        "-g -fPIE -pie",
        "-g -no-pie",
        "-gdwarf-4",
        "-gdwarf-5",
        "-g -gz",
        "-g -flto",
        "-g -gsplit-dwarf",
        "-g -Wl,--build-id=none",
        "-g -Wl,--compress-debug-sections=zlib-gnu",
        "-g3",
        "-g -gno-column-info",
        "-g -ffunction-sections -Wl,--gc-sections",
        "-gdwarf-3",
        "-g -m32",
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strstr(flags[i], "m32") && !run("echo 'int main(void){return 0;}' >m32.c && gcc -m32 m32.c -o m32 2>log"))
            continue;
        print_message("  %s\n", flags[i]);
        compile("gcc", flags[i], "sym_inline.c", "kind");
        check_c("kind", "kind", NULL);
    }
}

/* What other compilers write differently: no .debug_aranges, no DW_AT_sibling, indexed addresses. */
static void clang(void **state)
{
    (void)state;
    static const char *const flags[] = {"-g", "-gdwarf-4", "-g -gz", "-g -gsplit-dwarf", "-gline-tables-only", "-g -ffunction-sections -Wl,--gc-sections"};
    if (!have("clang"))
        skip();
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        print_message("  %s\n", flags[i]);
        compile("clang", flags[i], "sym_inline.c", "clang");
        check_c("clang", "clang", NULL);
    }
}

static void check_cplusplus(const char *compiler, const char *flags)
{
    const struct frame_text *texts;
    print_message("  %s %s\n", compiler, flags);
    compile(compiler, flags, "sym_template.cc", "plus");
    struct subject subject = subject_new("plus", "plus", NULL);
    assert_int_equal(ask(&subject, "put", &texts), 2);
    check_text(&texts[0], "shop::shelf<long, 4>::put(long)", "sym_template.cc", "MARK(put)", true);
    check_text(&texts[1], "shop::shelf<long, 4>::fill(long)", "sym_template.cc", "call put", false);
    assert_int_equal(ask(&subject, "quiet", &texts), 1);
    check_text(&texts[0], "(anonymous namespace)::quiet(int)", "sym_template.cc", "MARK(quiet)", false);
    assert_int_equal(ask(&subject, "shy", &texts), 2); /* no symbol has its mangled name: what holds it comes from the debug data */
    assert_memory_equal(texts[0].function, "(anonymous namespace)::box::shy", 31);
    check_text(&texts[0], texts[0].function, "sym_template.cc", "MARK(shy)", true);
    check_text(&texts[1], "(anonymous namespace)::quiet(int)", "sym_template.cc", "call shy", false);
    assert_int_equal(ask(&subject, "nested", &texts), 1); /* the function that holds it has no code of its own */
    assert_non_null(strstr(texts[0].function, "inlined_host"));
    check_text(&texts[0], texts[0].function, "sym_template.cc", "MARK(nested)", false);
    assert_int_equal(ask(&subject, "lambda", &texts), 1);
    assert_non_null(strstr(texts[0].function, "main::"));
    assert_non_null(strstr(texts[0].function, "::operator()(int) const"));
    check_text(&texts[0], texts[0].function, "sym_template.cc", "MARK(lambda)", false);
    symbols_free(subject.symbols);
}

static void cplusplus(void **state)
{
    (void)state;
    check_cplusplus("g++", "-g");
    check_cplusplus("g++", "-g -flto");
    check_cplusplus("g++", "-gdwarf-4");
    if (have("clang++"))
        check_cplusplus("clang++", "-g");
}

static void exact_is_not_moved(void **state)
{
    (void)state;
    const struct frame_text *texts;
    compile("gcc", "-g", "sym_inline.c", "exact");
    struct subject subject = subject_new("exact", "exact", NULL);
    uint64_t at = facts_of("exact", "at_hidden").address;
    see_frame(subject.symbols, 1, at, true);
    see_frame(subject.symbols, 2, at, false);
    assert_int_equal(symbols_frame(subject.symbols, 1, &texts), 1);
    assert_int_equal(texts->line, line_with("sym_inline.c", "MARK(hidden)"));
    assert_int_equal(symbols_frame(subject.symbols, 2, &texts), 1);
    assert_int_not_equal(texts->line, line_with("sym_inline.c", "MARK(hidden)"));
    symbols_free(subject.symbols);
}

/* ---- files apart ---- */

static void debug_data_in_another_file(void **state)
{
    (void)state;
    compile("gcc", "-g", "sym_inline.c", "whole");
    assert_true(run("objcopy --only-keep-debug whole apart.debug && objcopy --strip-all --add-gnu-debuglink=apart.debug whole apart"));
    check_c("apart", "whole", NULL);
    assert_true(run("mkdir -p .debug && mv apart.debug .debug/"));
    check_c("apart", "whole", NULL);
    compile("gcc", "-g -Wl,--build-id=none", "sym_inline.c", "noid");
    assert_true(run("objcopy --only-keep-debug noid noid.debug && objcopy --strip-all --add-gnu-debuglink=noid.debug noid noid2"));
    check_c("noid2", "noid", NULL);
}

/* dwz moves what two files share into a third one. */
static void shared_debug_data(void **state)
{
    (void)state;
    if (!have("dwz"))
        skip();
    compile("gcc", "-gdwarf-4", "sym_inline.c", "one");
    assert_true(run("cp one two && dwz -m common.dwz one two 2>log"));
    check_c("one", "one", NULL);
}

/* .gnu_debugdata: a symbol table, compressed, inside the stripped file. */
static void mini_debug_data(void **state)
{
    (void)state;
    const struct frame_text *texts;
    if (!have("xz"))
        skip();
    compile("gcc", "-g", "sym_inline.c", "whole");
    assert_true(
        run("objcopy --only-keep-debug whole mini && objcopy -S --remove-section .gdb_index --remove-section .comment --keep-symbol=hidden mini mini2 &&"
            "xz -f mini2 && strip -o bare whole && objcopy --add-section .gnu_debugdata=mini2.xz bare bare2"));
    struct subject subject = subject_new("bare2", "whole", NULL);
    assert_int_equal(ask(&subject, "hidden", &texts), 1);
    assert_string_equal(texts->function, "hidden");
    symbols_free(subject.symbols);
}

static void put_on_server(const char *file, const char *as)
{
    struct elf_facts facts = facts_of(file, "");
    struct str path = {0};
    for (int i = 0; i < 20; i++)
        str_add_format(&path, "%02x", facts.build_id[i]);
    assert_true(run("mkdir -p server/buildid/%s && cp %s server/buildid/%s/%s", path.at, file, path.at, as));
    str_done(&path);
}

/* A server is asked only when the user said so, even if the variable is set. */
static void debug_data_from_a_server(void **state)
{
    (void)state;
    const struct frame_text *texts;
    char text[400];
    compile("gcc", "-g", "sym_inline.c", "served");
    assert_true(run("strip -o served.bare served"));
    put_on_server("served", "debuginfo");
    snprintf(text, sizeof text, "file://%s/server", folder);
    setenv("DEBUGINFOD_URLS", text, 1);
    snprintf(text, sizeof text, "%s/cache", folder);
    setenv("DEBUGINFOD_CACHE_PATH", text, 1);
    struct subject subject = subject_new("served.bare", "served", NULL);
    ask(&subject, "hidden", &texts);
    assert_null(texts->file);
    symbols_free(subject.symbols);
    if (run("ls /usr/lib/*/libdebuginfod.so.1 >/dev/null 2>&1")) {
        struct symbols_config config = {.debuginfod = true};
        check_c("served.bare", "served", &config);
        put_on_server("served", "executable");
        check_c("not/here", "served", &config);
    }
    unsetenv("DEBUGINFOD_URLS");
}

/* The kernel's code is in no file; ours has the same build-id as that of a program that ran here. */
static void vdso(void **state)
{
    (void)state;
    const struct frame_text *texts;
    const char *image = (const char *)getauxval(AT_SYSINFO_EHDR);
    if (!image)
        skip();
    Elf *elf = elf_memory((char *)(uintptr_t)image, 8192);
    const void *id;
    ssize_t bytes = dwelf_elf_gnu_build_id(elf, &id);
    if (bytes != 20)
        skip();
    struct elf_facts facts = {.build_id_bytes = 20};
    memcpy(facts.build_id, id, 20);
    elf_end(elf);
    struct symbols *symbols = symbols_new(NULL);
    see_module(symbols, "[vdso]", &facts);
    see_frame(symbols, 1, (uint64_t)(uintptr_t)dlsym(dlopen("linux-vdso.so.1", RTLD_NOW), "__vdso_clock_gettime") - (uint64_t)(uintptr_t)image + 4, false);
    symbols_frame(symbols, 1, &texts);
    assert_non_null(strstr(texts->function, "clock_gettime"));
    assert_string_equal(texts->module, "[vdso]");
    symbols_free(symbols);
}

static void debug_data_by_build_id(void **state)
{
    (void)state;
    compile("gcc", "-g", "sym_inline.c", "whole");
    assert_true(run("objcopy --only-keep-debug whole x.debug && objcopy --strip-all whole bare"));
    build_id_folder("store", "x.debug", ".debug");
    char store[300];
    snprintf(store, sizeof store, "%s/store", folder);
    const char *const paths[] = {store, NULL};
    struct symbols_config config = {.debug_paths = paths};
    check_c("bare", "whole", &config);
    check_c("never/was/here", "whole", &config); /* the debug file alone is enough */
    build_id_folder("copies", "whole", "");
    snprintf(store, sizeof store, "%s/copies", folder);
    check_c("never/was/here", "whole", &config);
}

static void another_build_id_is_not_used(void **state)
{
    (void)state;
    const struct frame_text *texts;
    const char *const *notes;
    compile("gcc", "-g", "sym_inline.c", "old");
    compile("gcc", "-g -DNEWER=1 -fno-toplevel-reorder", "sym_inline.c", "new");
    struct subject subject = subject_new("new", "old", NULL);
    assert_int_equal(ask(&subject, "main", &texts), 1);
    assert_null(texts->file);
    char expected[64];
    snprintf(expected, sizeof expected, "new+0x%llx", (unsigned long long)facts_of("old", "behind_main").address);
    assert_string_equal(texts->function, expected);
    ask(&subject, "hidden", &texts);
    assert_int_equal(symbols_notes(subject.symbols, &notes), 1);
    assert_non_null(strstr(notes[0], "not the file that ran"));
    symbols_free(subject.symbols);
}

static void stripped(void **state)
{
    (void)state;
    const struct frame_text *texts;
    compile("gcc", "-g -shared -fPIC", "sym_inline.c", "lib.so");
    assert_true(run("strip -o bare.so lib.so"));
    struct subject subject = subject_new("bare.so", "lib.so", NULL);
    uint64_t outer = facts_of("lib.so", "outer").address;
    see_frame(subject.symbols, 1, outer + 4, false);
    see_frame(subject.symbols, 2, 0x12, false);
    assert_int_equal(symbols_frame(subject.symbols, 1, &texts), 1);
    assert_string_equal(texts->function, "outer");
    assert_null(texts->file);
    assert_int_equal(symbols_frame(subject.symbols, 2, &texts), 1);
    assert_string_equal(texts->function, "bare.so+0x12");
    char expected[64];
    see_frame(subject.symbols, 3, outer + (1 << 20), false); /* too far from any name */
    symbols_frame(subject.symbols, 3, &texts);
    snprintf(expected, sizeof expected, "bare.so+0x%llx", (unsigned long long)outer + (1 << 20));
    assert_string_equal(texts->function, expected);
    symbols_free(subject.symbols);
}

/* Behind a symbol whose size is known lies a function without a name; behind one of assembly, which may have none, lies the rest of it, as far as its section goes. */
static void no_name_of_a_neighbour(void **state)
{
    (void)state;
    static const char code[] = ".globl sized,unsized,other\n.type sized,@function\n.type unsized,@function\nsized: .skip 4\n.size sized,4\n.skip 60\n"
                               "unsized: .skip 64\n.section .text.other,\\\"ax\\\"\n.skip 64\nother: .skip 8\n";
    static const struct {
        const char *symbol, *wanted;
        unsigned behind;
    } cases[] = {{"sized", "sized", 3}, {"sized", NULL, 4}, {"sized", NULL, 63}, {"unsized", "unsized+0x3f", 63}, {"unsized", NULL, 64}, {"other", "other+0x7", 7}};
    const struct frame_text *texts;
    char command[600], expected[64];
    snprintf(command, sizeof command, "printf \"%s\" >hand.S && gcc -shared -nostdlib -Wl,--unique=.text.other -o hand.so hand.S && strip -o barehand.so hand.so", code);
    assert_true(run(command));
    struct subject subject = subject_new("barehand.so", "hand.so", NULL);
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t at = facts_of("hand.so", cases[i].symbol).address + cases[i].behind;
        see_frame(subject.symbols, i + 1, at, true);
        symbols_frame(subject.symbols, i + 1, &texts);
        snprintf(expected, sizeof expected, "barehand.so+0x%llx", (unsigned long long)at);
        assert_string_equal(texts->function, cases[i].wanted ? cases[i].wanted : expected);
    }
    symbols_free(subject.symbols);
}

/* ---- other machines ---- */

static void other_machines(void **state)
{
    (void)state;
    static const char *const compilers[] = {"aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc", "riscv64-linux-gnu-gcc"};
    for (size_t i = 0; i < sizeof compilers / sizeof *compilers; i++) {
        if (!have(compilers[i]))
            continue;
        print_message("  %s\n", compilers[i]);
        compile(compilers[i], "-g", "sym_inline.c", "foreign");
        check_c("foreign", "foreign", NULL);
        if (strncmp(compilers[i], "arm", 3) != 0)
            continue;
        const struct frame_text *texts; /* a return address into Thumb code has bit 0 set */
        struct subject subject = subject_new("foreign", "foreign", NULL);
        see_frame(subject.symbols, 1, facts_of("foreign", "behind_hidden").address | 1, false);
        symbols_frame(subject.symbols, 1, &texts);
        check_text(&texts[0], "hidden", "sym_inline.c", "MARK(hidden)", false);
        symbols_free(subject.symbols);
    }
}

/* ---- traces that make no sense ---- */

static void nonsense(void **state)
{
    (void)state;
    const struct frame_text *texts;
    struct symbols *symbols = symbols_new(NULL);
    assert_int_equal(symbols_frame(symbols, 0, &texts), 1);
    assert_string_equal(texts->function, "[no stack]");
    assert_int_equal(symbols_frame(symbols, 77, &texts), 1);
    assert_int_equal(symbols_parent(symbols, 77), 0);
    struct frame_definition frame = {.id = 4000000000u, .parent = 4000000001u, .module = 4000000002u, .offset = UINT64_MAX};
    symbols_see(symbols, &(struct event){.kind = EVENT_FRAME, .define = &frame});
    assert_int_equal(symbols_frame(symbols, frame.id, &texts), 1);
    frame = (struct frame_definition){.id = 1, .parent = 1, .module = 0, .offset = 0x7f0012345678};
    symbols_see(symbols, &(struct event){.kind = EVENT_FRAME, .define = &frame});
    assert_int_equal(symbols_parent(symbols, 1), 0);
    assert_int_equal(symbols_frame(symbols, 1, &texts), 1);
    assert_string_equal(texts->function, "0x7f0012345678");
    assert_string_equal(texts->module, "[anon]");
    static const char *const paths[] = {"/dev/tty", "/dev/zero", "/", "", "[heap]", "/proc/self/mem", "relative/never", "%s%n"};
    for (uint32_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct module_definition module = {.id = i + 1, .path = paths[i], .build_id_bytes = 4000000000u};
        symbols_see(symbols, &(struct event){.kind = EVENT_MODULE, .define = &module});
        frame = (struct frame_definition){.id = i + 2, .module = i + 1, .offset = UINT64_MAX - i};
        symbols_see(symbols, &(struct event){.kind = EVENT_FRAME, .define = &frame});
        assert_int_equal(symbols_frame(symbols, i + 2, &texts), 1);
        assert_non_null(strstr(texts->function, "+0x"));
    }
    symbols_free(symbols);
    symbols_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_debug_data),
        cmocka_unit_test(clang),
        cmocka_unit_test(cplusplus),
        cmocka_unit_test(exact_is_not_moved),
        cmocka_unit_test(debug_data_in_another_file),
        cmocka_unit_test(shared_debug_data),
        cmocka_unit_test(mini_debug_data),
        cmocka_unit_test(debug_data_from_a_server),
        cmocka_unit_test(vdso),
        cmocka_unit_test(debug_data_by_build_id),
        cmocka_unit_test(another_build_id_is_not_used),
        cmocka_unit_test(stripped),
        cmocka_unit_test(no_name_of_a_neighbour),
        cmocka_unit_test(other_machines),
        cmocka_unit_test(nonsense),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
