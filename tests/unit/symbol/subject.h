/* subject: in a source of tests/programs and compiler flags, out a compiled program, its marks' addresses, and symbols that know of it. For the tests here. */
#ifndef TESTS_UNIT_SYMBOL_SUBJECT_H
#define TESTS_UNIT_SYMBOL_SUBJECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>
#include <gelf.h>

#include "host/base/path.h"
#include "host/base/str.h"
#include "host/symbol/symbol.h"

#define SUBJECT __attribute__((unused)) static

SUBJECT char folder[] = "/tmp/test_symbol.XXXXXX"; /* everything is made in there */

SUBJECT bool run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A shell line, in the folder. */
SUBJECT bool run(const char *format, ...)
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

SUBJECT void compile(const char *compiler, const char *flags, const char *source, const char *result)
{
    if (!run("%s -O2 %s %s%s -o %s 2>log || { cat log; false; }", compiler, flags, PROGRAMS, source, result))
        fail_msg("%s %s does not compile", compiler, source);
}

SUBJECT bool have(const char *tool)
{
    return run("command -v %s >/dev/null", tool);
}

SUBJECT char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* The first line of the source that contains the text. */
SUBJECT unsigned line_with(const char *source, const char *text)
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

SUBJECT void read_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *head, const char *symbol, struct elf_facts *facts)
{
    Elf_Data *data = elf_getdata(section, NULL);
    for (size_t i = 0; data && i < head->sh_size / head->sh_entsize; i++) {
        GElf_Sym entry;
        if (gelf_getsym(data, (int)i, &entry) && strcmp(elf_strptr(elf, head->sh_link, entry.st_name), symbol) == 0)
            facts->address = entry.st_value;
    }
}

SUBJECT struct elf_facts facts_of(const char *name, const char *symbol)
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

SUBJECT void see_module(struct symbols *symbols, const char *path, const struct elf_facts *facts)
{
    struct module_definition module = {.id = 1, .process = 1, .path = path, .build_id_bytes = facts->build_id_bytes};
    memcpy(module.build_id, facts->build_id, 20);
    symbols_see(symbols, &(struct event){.kind = EVENT_MODULE, .define = &module});
}

SUBJECT void see_frame(struct symbols *symbols, uint32_t id, uint64_t offset, bool exact)
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

SUBJECT struct subject subject_new(const char *file, const char *table, const struct symbols_config *config)
{
    struct subject subject = {file, table, config, symbols_new(config), 0};
    struct elf_facts facts = facts_of(table, "");
    see_module(subject.symbols, path_of(file), &facts);
    return subject;
}

/* The frame of a return address right behind the mark's instruction: the mark is the "call". */
SUBJECT size_t ask(struct subject *subject, const char *mark, const struct frame_text **texts)
{
    char symbol[64];
    snprintf(symbol, sizeof symbol, "behind_%s", mark);
    struct elf_facts facts = facts_of(subject->table, symbol);
    assert_int_not_equal(facts.address, 0);
    see_frame(subject->symbols, ++subject->frames, facts.address, false);
    return symbols_frame(subject->symbols, subject->frames, texts);
}

SUBJECT void check_text(const struct frame_text *text, const char *function, const char *source, const char *line_text, bool inlined)
{
    assert_string_equal(text->function, function);
    assert_non_null(text->file);
    assert_non_null(strstr(text->file, source));
    assert_int_equal(text->line, line_with(source, line_text));
    assert_int_equal(text->inlined, inlined);
}

SUBJECT void check_c(const char *file, const char *table, const struct symbols_config *config)
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
    assert_string_equal(texts[0].module, path_name(file));
    const char *const *notes;
    assert_int_equal(symbols_notes(subject.symbols, &notes), 0);
    symbols_free(subject.symbols);
}

/* A copy of the file where its build-id says. */
SUBJECT void build_id_folder(const char *root, const char *file, const char *suffix)
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

SUBJECT int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

SUBJECT int tear_down(void **state)
{
    (void)state;
    return getenv("KEEP") || run("rm -rf %s", folder) ? 0 : -1;
}

#endif
