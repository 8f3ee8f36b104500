/* test_layout: in hundreds of random structs, out whether sizes and offsets computed from the host's debug data are those that each target's own compiler gives
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/predict/layout.h"

enum { STRUCTS = 240, MEMBERS = 9 };

static uint32_t random_state = 20250;
static char folder[] = "/tmp/heaptracer_layout_XXXXXX";

static uint32_t dice(uint32_t sides)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % sides;
}

static void member_write(FILE *out, int number, int member, bool has_bits)
{
    static const char *const types[] = {"char",     "short",         "int",         "long",         "long long",  "unsigned char", "unsigned",
                                        "float",    "double",        "void *",      "const char *", "size_t",     "int64_t",       "uint8_t",
                                        "uint32_t", "int16_t",       "intptr_t",    "wchar_t",      "enum small", "enum negative", "enum wide",
                                        "_Bool",    "void (*)(int)", "long double", "ptrdiff_t",    "uint64_t"};
    static const char *const fields[] = {"unsigned", "int", "unsigned char", "unsigned short", "_Bool", "long"};
    uint32_t kind = dice(has_bits ? 12 : 9);
    if (kind >= 9) {
        uint32_t field = dice(6), most = field == 2 ? 8 : field == 4 ? 1 : 16;
        fprintf(out, "    %s m%d : %u;\n", fields[field], member, 1 + dice(most));
    } else if (kind == 8 && number) {
        fprintf(out, "    struct s%u m%d%s;\n", dice((uint32_t)number), member, dice(3) ? "" : "[3]");
    } else if (kind == 7) {
        fprintf(out, "    union { int i%d; void *p%d; char c%d[%u]; long l%d; } m%d;\n", member, member, member, 1 + dice(12), member, member);
    } else if (kind == 6) {
        fprintf(out, "    struct { char a%d; long b%d; short c%d; };\n", member, member, member);
    } else {
        const char *type = types[dice(sizeof types / sizeof *types)];
        if (strstr(type, "(*)"))
            fprintf(out, "    void (*m%d)(int);\n", member);
        else if (kind == 5)
            fprintf(out, "    %s m%d[%u];\n", type, member, 1 + dice(7));
        else
            fprintf(out, "    %s m%d;\n", type, member);
    }
}

static void structs_write(FILE *out)
{
    fputs("#include <stddef.h>\n#include <stdint.h>\nenum small { A, B, C = 200 };\nenum negative { D = -1, E = 100 };\nenum wide { F = 30000 };\n", out);
    for (int i = 0; i < STRUCTS; i++) {
        static const char *const marks[] = {"", "", "", "", "", " __attribute__((packed))", " __attribute__((aligned(32)))"};
        const char *mark = marks[dice(7)];
        fprintf(out, "struct s%d {\n%s", i, strstr(mark, "packed") ? "    char first;\n" : "");
        for (uint32_t member = 0, count = 1 + dice(MEMBERS); member < count; member++)
            member_write(out, i, (int)member, true);
        fprintf(out, "}%s v%d;\n", mark, i);
    }
    fputs("int main(void) { return 0; }\n", out);
}

static const char *path_of(const char *name)
{
    static char paths[4][200];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, 200, "%s/%s", folder, name);
    return path;
}

struct debug {
    int file;
    Dwarf *dwarf;
};

static bool compile(struct debug *debug, const char *compiler, const char *source, const char *name)
{
    char command[600];
    snprintf(command, sizeof command, "%s -w -nostdlib -nostartfiles -fno-eliminate-unused-debug-types -Wl,--entry=main %s -o %s 2>%s", compiler,
             path_of(source), path_of(name), path_of("errors"));
    int status = system(command);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        snprintf(command, sizeof command, "head -3 %s", path_of("errors"));
        (void)!system(command);
        snprintf(command, sizeof command, "%s --version >/dev/null 2>&1", compiler);
        if (system(command) == 0)
            fail_msg("%s does not compile it", compiler);
        return false;
    }
    debug->file = open(path_of(name), O_RDONLY);
    debug->dwarf = dwarf_begin(debug->file, DWARF_C_READ);
    assert_non_null(debug->dwarf);
    return true;
}

static void debug_close(struct debug *debug)
{
    dwarf_end(debug->dwarf);
    close(debug->file);
}

/* The type of that name in any unit. */
static bool type_find(Dwarf *dwarf, const char *name, Dwarf_Die *found)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit;
    while (dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0) {
        if (dwarf_child(&unit, found) != 0)
            continue;
        do {
            const char *other = dwarf_diename(found);
            int tag = dwarf_tag(found);
            if (other && (tag == DW_TAG_structure_type || tag == DW_TAG_class_type) && !strcmp(other, name) && dwarf_bytesize(found) >= 0)
                return true;
        } while (dwarf_siblingof(found, found) == 0);
    }
    return false;
}

/* In bits; members that are bit-fields are compared by the size of the record alone. */
static void members_compare(struct layout *layout, Dwarf_Die *host, Dwarf_Die *target, const char *type)
{
    Dwarf_Die member, kind;
    if (dwarf_child(target, &member) != 0)
        return;
    do {
        Dwarf_Attribute attribute;
        Dwarf_Word place = 0;
        uint64_t here, there;
        const char *name = dwarf_diename(&member);
        if (!name || dwarf_tag(&member) != DW_TAG_member || dwarf_attr(&member, DW_AT_bit_size, &attribute))
            continue;
        if (dwarf_attr(&member, DW_AT_data_member_location, &attribute))
            dwarf_formudata(&attribute, &place);
        if (!layout_member(layout, host, name, &here, &there, &kind))
            fail_msg("%s.%s is not found", type, name);
        if (there != place)
            fail_msg("%s (%s.%s) lies at %llu, not at %llu", layout->target->align_most == 1 ? "avr" : "", type, name, (unsigned long long)place,
                     (unsigned long long)there);
    } while (dwarf_siblingof(&member, &member) == 0);
}

/* How many types were compared. An answer that is not sure may be wrong; there must be few. */
static void types_compare(struct debug *host, struct debug *target, const char *model, const char *prefix, unsigned count, unsigned unsure_most)
{
    struct data_model from = {0}, to = {0};
    assert_true(data_model_find(&from, "x86_64"));
    assert_true(data_model_find(&to, model));
    struct layout layout = {.host = &from, .target = &to};
    unsigned unsure = 0;
    for (unsigned i = 0; i < count; i++) {
        char name[20];
        Dwarf_Die here, there;
        struct shape shape;
        snprintf(name, sizeof name, "%s%u", prefix, i);
        assert_true(type_find(host->dwarf, name, &here) && type_find(target->dwarf, name, &there));
        assert_true(layout_type(&layout, &here, &shape));
        unsure += !shape.is_exact;
        if (shape.is_exact && shape.target.size != (uint64_t)dwarf_bytesize(&there))
            fail_msg("%s: %s takes %d bytes, not %llu", model, name, dwarf_bytesize(&there), (unsigned long long)shape.target.size);
        if (shape.is_exact)
            members_compare(&layout, &here, &there, name);
    }
    if (unsure > unsure_most)
        fail_msg("%s: %u of %u types are not sure", model, unsure, count);
    layout_done(&layout);
}

static const struct {
    const char *compiler, *model;
} targets[] = {
    {"gcc -m64 -no-pie -g", "x86_64"},
    {"gcc -m32 -g -no-pie -idirafter /usr/include/x86_64-linux-gnu", "i386"},
    {"arm-none-eabi-gcc -g -mcpu=cortex-m3 -mthumb", "arm-bare"},
    {"arm-linux-gnueabihf-gcc -g", "arm"},
    {"aarch64-linux-gnu-gcc -g", "aarch64"},
    {"riscv64-unknown-elf-gcc -g --specs=picolibc.specs -march=rv32imac -mabi=ilp32", "riscv32"},
    {"avr-gcc -mmcu=atmega328p -gdwarf-4", "avr"},
    {"xtensa-lx106-elf-gcc -g", "xtensa"},
};
enum { TARGETS = sizeof targets / sizeof *targets };

static void structs_are_laid_out_as_compilers_do(void **state)
{
    (void)state;
    struct debug host;
    unsigned seen = 0;
    FILE *out = fopen(path_of("structs.c"), "w");
    structs_write(out);
    fclose(out);
    assert_true(compile(&host, "gcc -no-pie -g", "structs.c", "host"));
    for (size_t i = 0; i < TARGETS; i++) {
        struct debug target;
        if (!compile(&target, targets[i].compiler, "structs.c", "target"))
            continue;
        types_compare(&host, &target, targets[i].model, "s", STRUCTS, 0);
        debug_close(&target);
        seen++;
    }
    debug_close(&host);
    assert_true(seen >= 1);
    print_message("%u structs on %u of %d targets\n", STRUCTS, seen, TARGETS);
}

static int folder_make(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(structs_are_laid_out_as_compilers_do)};
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
