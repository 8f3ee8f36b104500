/* test_units: in many addresses of this very program, out whether lines and inlined callers are those that binutils' addr2line finds. */
#include "subject.h"

#include <elf.h>

enum { ADDRESSES = 3000 };

struct range {
    uint64_t low, size;
};

/* Sized functions: what lies between them is padding, to which each tool gives another line. */
static size_t read_functions(struct range *ranges, size_t room)
{
    size_t found = 0;
    int fd = open("/proc/self/exe", O_RDONLY);
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr head;
        gelf_getshdr(section, &head);
        for (size_t i = 0; head.sh_type == SHT_SYMTAB && i < head.sh_size / head.sh_entsize; i++) {
            GElf_Sym symbol;
            gelf_getsym(elf_getdata(section, NULL), (int)i, &symbol);
            if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_size && symbol.st_shndx != SHN_UNDEF && found < room)
                ranges[found++] = (struct range){symbol.st_value, symbol.st_size};
        }
    }
    elf_end(elf);
    close(fd);
    return found;
}

/* One line per address: the lines of its spots, parted by blanks; 0 when not known. No files: of a function in a header binutils 2.40 says that it is
 * in the .c file. */
static void write_ours(const uint64_t *addresses)
{
    char path[300];
    ssize_t count = readlink("/proc/self/exe", path, sizeof path - 1);
    assert_true(count > 0);
    path[count] = 0;
    struct symbols *symbols = symbols_new(NULL);
    see_module(symbols, path, &(struct elf_facts){0});
    FILE *file = fopen(path_of("ours"), "w");
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        const struct frame_text *texts;
        see_frame(symbols, i + 1, addresses[i], true);
        size_t texts_count = symbols_frame(symbols, i + 1, &texts);
        fprintf(file, "0x%llx", (unsigned long long)addresses[i]);
        for (size_t text = 0; text < texts_count; text++)
            fprintf(file, " %u", texts[text].line);
        fputs("\n", file);
    }
    fclose(file);
    symbols_free(symbols);
}

static void write_theirs(const uint64_t *addresses)
{
    char line[1024];
    FILE *in = fopen(path_of("addresses"), "w");
    for (uint32_t i = 0; i < ADDRESSES; i++)
        fprintf(in, "0x%llx\n", (unsigned long long)addresses[i]);
    fclose(in);
    assert_true(run("addr2line -a -i -e /proc/%d/exe <addresses >theirs.raw", getpid()));
    in = fopen(path_of("theirs.raw"), "r");
    FILE *out = fopen(path_of("theirs"), "w");
    for (bool is_first = true; fgets(line, sizeof line, in); is_first = false) {
        char *colon = strrchr(line, ':');
        line[strcspn(line, "\n")] = 0;
        if (!colon) {
            fprintf(out, "%s0x%llx", is_first ? "" : "\n", strtoull(line, NULL, 16));
            continue;
        }
        fprintf(out, " %lu", strtoul(colon + 1, NULL, 10));
    }
    fputs("\n", out);
    fclose(in);
    fclose(out);
}

static void agrees_with_addr2line(void **state)
{
    (void)state;
    static struct range functions[20000];
    static uint64_t addresses[ADDRESSES];
    size_t count = read_functions(functions, sizeof functions / sizeof *functions);
    assert_true(count > 100);
    srandom(7);
    for (size_t i = 0; i < ADDRESSES; i++) {
        struct range *function = &functions[(size_t)random() % count];
        addresses[i] = function->low + (uint64_t)random() % function->size;
    }
    write_ours(addresses);
    write_theirs(addresses);
    assert_true(run("diff ours theirs >differ; test $(grep -c '^<' differ) -le %d || { head -20 differ; false; }", ADDRESSES / 1000));
    assert_true(run("test $(grep -c ' [1-9]' ours) -gt %d", ADDRESSES / 5)); /* libiberty has no debug data */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_addr2line)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
