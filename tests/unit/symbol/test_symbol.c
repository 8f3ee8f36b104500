/* test_symbol: in programs that are compiled here with many kinds of debug data, out whether each marked place gets its function, line and callers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>
#include <gelf.h>

#include "host/base/memory.h"
#include "host/base/str.h"
#include "host/symbol/symbol.h"

static char folder[] = "/tmp/test_symbol.XXXXXX";

/* ---- help ---- */

static bool run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool run(const char *format, ...)
{
    char line[2048];
    va_list values;
    va_start(values, format);
    int head = snprintf(line, sizeof line, "cd %s && { ", folder);
    int count = vsnprintf(line + head, sizeof line - (size_t)head - 8, format, values);
    va_end(values);
    strcpy(line + head + count, " ; }");
    return system(line) == 0;
}

#define PROGRAMS TEST_DATA "/programs/"

static void compile(const char *compiler, const char *flags, const char *source, const char *result)
{
    if (!run("%s -O2 %s %s%s -o %s 2>log || { cat log; false; }", compiler, flags, PROGRAMS, source, result))
        fail_msg("%s %s does not compile", compiler, source);
}

static bool have(const char *tool)
{
    return run("command -v %s >/dev/null", tool);
}

static char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* The first line of the source that contains the text. */
static unsigned line_with(const char *source, const char *text)
{
    char path[512], line[512];
    snprintf(path, sizeof path, "%s%s", PROGRAMS, source);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    unsigned number = 0, found = 0;
    while (!found && fgets(line, sizeof line, file)) {
        number++;
        found = strstr(line, text) && !strstr(line, "#define") && !strstr(line, "/* sym_") ? number : 0;
    }
    fclose(file);
    assert_true(found);
    return found;
}

struct elf_facts {
    uint8_t build_id[20];
    uint32_t build_id_bytes;
    uint64_t address; /* of the symbol that was asked for */
};

static void read_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *head, const char *symbol, struct elf_facts *facts)
{
    Elf_Data *data = elf_getdata(section, NULL);
    for (size_t i = 0; data && i < head->sh_size / head->sh_entsize; i++) {
        GElf_Sym entry;
        if (gelf_getsym(data, (int)i, &entry) && strcmp(elf_strptr(elf, head->sh_link, entry.st_name), symbol) == 0)
            facts->address = entry.st_value;
    }
}

static struct elf_facts facts_of(const char *name, const char *symbol)
{
    struct elf_facts facts = {0};
    elf_version(EV_CURRENT);
    int fd = open(path_of(name), O_RDONLY);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    assert_non_null(elf);
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr head;
        size_t names;
        gelf_getshdr(section, &head);
        elf_getshdrstrndx(elf, &names);
        if (head.sh_type == SHT_SYMTAB || head.sh_type == SHT_DYNSYM)
            read_symbols(elf, section, &head, symbol, &facts);
        if (head.sh_type == SHT_NOTE && strcmp(elf_strptr(elf, names, head.sh_name), ".note.gnu.build-id") == 0) {
            facts.build_id_bytes = 20;
            memcpy(facts.build_id, (char *)elf_getdata(section, NULL)->d_buf + 16, 20);
        }
    }
    elf_end(elf);
    close(fd);
    return facts;
}

static void see_module(struct symbols *symbols, const char *path, const struct elf_facts *facts)
{
    struct module_definition module = {.id = 1, .process = 1, .path = path, .build_id_bytes = facts->build_id_bytes};
    memcpy(module.build_id, facts->build_id, 20);
    symbols_see(symbols, &(struct event){.kind = EVENT_MODULE, .define = &module});
}

static void see_frame(struct symbols *symbols, uint32_t id, uint64_t offset, bool exact)
{
    struct frame_definition frame = {.id = id, .parent = id - 1, .module = 1, .offset = offset, .exact = exact};
    symbols_see(symbols, &(struct event){.kind = EVENT_FRAME, .define = &frame});
}

/* Where the address comes from (a file with a symbol table), and the file that the trace names. */
struct subject {
    const char *file, *table;
    const struct symbols_config *config;
    struct symbols *symbols;
    uint32_t frames;
};

static struct subject subject_new(const char *file, const char *table, const struct symbols_config *config)
{
    struct subject subject = {file, table, config, symbols_new(config), 0};
    struct elf_facts facts = facts_of(table, "");
    see_module(subject.symbols, path_of(file), &facts);
    return subject;
}

/* The frame of a return address right behind the mark's instruction: the mark is the "call". */
static size_t ask(struct subject *subject, const char *mark, const struct frame_text **texts)
{
    char symbol[64];
    snprintf(symbol, sizeof symbol, "behind_%s", mark);
    struct elf_facts facts = facts_of(subject->table, symbol);
    assert_int_not_equal(facts.address, 0);
    see_frame(subject->symbols, ++subject->frames, facts.address, false);
    return symbols_frame(subject->symbols, subject->frames, texts);
}

static void check_text(const struct frame_text *text, const char *function, const char *source, const char *line_text, bool inlined)
{
    assert_string_equal(text->function, function);
    assert_non_null(text->file);
    assert_non_null(strstr(text->file, source));
    assert_int_equal(text->line, line_with(source, line_text));
    assert_int_equal(text->inlined, inlined);
}

static void check_c(const char *file, const char *table, const struct symbols_config *config)
{
    const struct frame_text *texts;
    struct subject subject = subject_new(file, table, config);
    assert_int_equal(ask(&subject, "innermost", &texts), 3);
    check_text(&texts[0], "innermost", "sym_inline.c", "MARK(innermost)", true);
    check_text(&texts[1], "middle", "sym_inline.c", "call innermost", true);
    check_text(&texts[2], "outer", "sym_inline.c", "call middle", false);
    assert_int_equal(ask(&subject, "hidden", &texts), 1);
    check_text(&texts[0], "hidden", "sym_inline.c", "MARK(hidden)", false);
    assert_int_equal(ask(&subject, "main", &texts), 1);
    check_text(&texts[0], "main", "sym_inline.c", "MARK(main)", false);
    const char *slash = strrchr(file, '/');
    assert_string_equal(texts[0].module, slash ? slash + 1 : file);
    const char *const *notes;
    assert_int_equal(symbols_notes(subject.symbols, &notes), 0);
    symbols_free(subject.symbols);
}

/* ---- kinds of debug data ---- */

static void kinds_of_debug_data(void **state)
{
    (void)state;
    static const char *const flags[] = {
        "-g", "-g -fPIE -pie", "-g -no-pie", "-gdwarf-4", "-gdwarf-5", "-g -gz", "-g -flto", "-g -gsplit-dwarf", "-g -Wl,--build-id=none",
        "-g -Wl,--compress-debug-sections=zlib-gnu", "-g3", "-g -gno-column-info", "-g -ffunction-sections -Wl,--gc-sections", "-gdwarf-3", "-g -m32",
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strstr(flags[i], "m32") && !run("echo 'int main(void){return 0;}' >m32.c && gcc -m32 m32.c -o m32 2>log"))
            continue;
        print_message("  %s\n", flags[i]);
        compile("gcc", flags[i], "sym_inline.c", "kind");
        check_c("kind", "kind", NULL);
    }
}

static void cplusplus(void **state)
{
    (void)state;
    const struct frame_text *texts;
    compile("g++", "-g", "sym_template.cc", "plus");
    struct subject subject = subject_new("plus", "plus", NULL);
    assert_int_equal(ask(&subject, "put", &texts), 2);
    check_text(&texts[0], "shop::shelf<long, 4>::put(long)", "sym_template.cc", "MARK(put)", true);
    check_text(&texts[1], "shop::shelf<long, 4>::fill(long)", "sym_template.cc", "call put", false);
    assert_int_equal(ask(&subject, "quiet", &texts), 1);
    check_text(&texts[0], "(anonymous namespace)::quiet(int)", "sym_template.cc", "MARK(quiet)", false);
    assert_int_equal(ask(&subject, "lambda", &texts), 1);
    check_text(&texts[0], "main::{lambda(int)#1}::operator()(int) const", "sym_template.cc", "MARK(lambda)", false);
    symbols_free(subject.symbols);
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

static void build_id_folder(const char *root, const char *file, const char *suffix)
{
    struct elf_facts facts = facts_of(file, "");
    struct str path = {0};
    str_add_format(&path, "%s/.build-id/%02x/", root, facts.build_id[0]);
    assert_true(run("mkdir -p %s", path.at));
    for (int i = 1; i < 20; i++)
        str_add_format(&path, "%02x", facts.build_id[i]);
    assert_true(run("cp %s %s%s", file, path.at, suffix));
    str_done(&path);
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

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return getenv("KEEP") || run("rm -rf %s", folder) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_debug_data), cmocka_unit_test(cplusplus),        cmocka_unit_test(exact_is_not_moved),
        cmocka_unit_test(debug_data_in_another_file), cmocka_unit_test(debug_data_by_build_id), cmocka_unit_test(another_build_id_is_not_used),
        cmocka_unit_test(stripped),            cmocka_unit_test(other_machines),   cmocka_unit_test(nonsense),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
