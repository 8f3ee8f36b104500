/* data_model: tables of widths. Names of types decide, as two types that are equally wide here differ on the target: long and int64_t. */
#include "data_model.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    struct data_model model;
} known[] = {
    {"x86_64", {8, 8, 4, 8, 8, 16, 4, 16, false, {0}}},  {"aarch64", {8, 8, 4, 8, 8, 16, 4, 16, false, {0}}},
    {"riscv64", {8, 8, 4, 8, 8, 16, 4, 16, false, {0}}}, {"i386", {4, 4, 4, 4, 8, 12, 4, 4, false, {0}}},
    {"arm", {4, 4, 4, 4, 8, 8, 4, 8, false, {0}}},       {"arm-bare", {4, 4, 4, 4, 8, 8, 4, 8, true, {0}}},
    {"riscv32", {4, 4, 4, 4, 8, 16, 4, 16, false, {0}}}, {"xtensa", {4, 4, 4, 4, 8, 8, 2, 8, false, {0}}},
    {"avr", {2, 2, 2, 4, 4, 4, 2, 1, false, {0}}},
};
enum { KNOWN = sizeof known / sizeof *known };

bool data_model_find(struct data_model *model, const char *name)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (!strcmp(known[i].name, name)) {
            *model = known[i].model;
            return true;
        }
    return false;
}

const char *data_model_names(void)
{
    return "x86_64, aarch64, riscv64, i386, arm, arm-bare, riscv32, xtensa, avr";
}

bool data_model_of_elf(struct data_model *model, unsigned machine, bool is_64)
{
    switch (machine) {
    case EM_X86_64:
        return data_model_find(model, is_64 ? "x86_64" : "i386");
    case EM_386:
        return data_model_find(model, "i386");
    case EM_AARCH64:
        return data_model_find(model, "aarch64");
    case EM_ARM:
        return data_model_find(model, "arm");
    case EM_RISCV:
        return data_model_find(model, is_64 ? "riscv64" : "riscv32");
    case EM_XTENSA:
        return data_model_find(model, "xtensa");
    case EM_AVR:
        return data_model_find(model, "avr");
    default:
        return false;
    }
}

void data_model_add_type(struct data_model *model, const char *name, struct extent extent)
{
    vec_push(&model->types, ((struct model_type){name, extent}));
}

const struct extent *data_model_type(const struct data_model *model, const char *name)
{
    for (size_t i = model->types.count; name && i-- > 0;)
        if (!strcmp(model->types.at[i].name, name))
            return &model->types.at[i].extent;
    return NULL;
}

struct extent data_model_scalar(const struct data_model *model, uint64_t bytes)
{
    uint64_t align = 1;
    while (align < bytes && align < model->align_most)
        align *= 2;
    return (struct extent){bytes, align};
}

static uint64_t bytes_of(const struct data_model *model, enum number_name name, uint64_t bytes)
{
    switch (name) {
    case NAME_INT:
        return model->int_bytes;
    case NAME_LONG:
        return model->long_bytes;
    case NAME_POINTER:
        return model->pointer_bytes;
    case NAME_SIZE:
        return model->size_bytes;
    case NAME_DOUBLE:
        return model->double_bytes;
    case NAME_LONG_DOUBLE:
        return model->long_double_bytes;
    case NAME_WCHAR:
        return model->wchar_bytes;
    default:
        return bytes;
    }
}

static bool named(const struct data_model *model, enum number_name name, uint64_t bytes, struct extent *extent)
{
    *extent = data_model_scalar(model, bytes_of(model, name, bytes));
    return name != NAME_OTHER;
}

/* gcc says "long unsigned int", clang "unsigned long": only the words count. */
bool data_model_base(const struct data_model *model, const char *name, uint64_t bytes, struct extent *extent)
{
    enum number_name kind = NAME_FIXED;
    const char *first = name ? strstr(name, "long") : NULL;
    if (!name)
        return false;
    if (strstr(name, "long double"))
        kind = NAME_LONG_DOUBLE;
    else if (strstr(name, "double"))
        kind = NAME_DOUBLE;
    else if (first)
        kind = strstr(first + 4, "long") ? NAME_FIXED : NAME_LONG;
    else if (!strcmp(name, "wchar_t"))
        kind = NAME_WCHAR;
    else if (!strcmp(name, "usize") || !strcmp(name, "isize"))
        kind = NAME_SIZE;
    else if (!strcmp(name, "int") || !strcmp(name, "unsigned int") || !strcmp(name, "unsigned"))
        kind = NAME_INT;
    bool is_pair = !strncmp(name, "complex", 7) || !strncmp(name, "_Complex", 8);
    named(model, kind, is_pair ? bytes / 2 : bytes, extent);
    extent->size *= is_pair ? 2 : 1;
    return true;
}

/* int32_t, u64, off64_t: what has its width in its name keeps it. */
static bool has_own_width(const char *name, uint64_t bytes)
{
    size_t at = strcspn(name, "0123456789");
    return name[at] && strtoul(name + at, NULL, 10) == bytes * 8;
}

bool data_model_typedef(const struct data_model *model, const char *name, uint64_t bytes, struct extent *extent)
{
    static const struct {
        const char *name;
        enum number_name kind;
    } words[] = {
        {"size_t", NAME_SIZE},      {"ssize_t", NAME_SIZE},      {"ptrdiff_t", NAME_SIZE},   {"rsize_t", NAME_SIZE},
        {"intptr_t", NAME_POINTER}, {"uintptr_t", NAME_POINTER}, {"wchar_t", NAME_WCHAR},    {"wint_t", NAME_INT},
        {"intmax_t", NAME_FIXED},   {"uintmax_t", NAME_FIXED},   {"int_fast16_t", NAME_INT}, {"uint_fast16_t", NAME_INT},
    };
    if (!name)
        return false;
    if (!strcmp(name, "int_fast32_t") || !strcmp(name, "uint_fast32_t"))
        return named(model, NAME_FIXED, 4, extent);
    name += strspn(name, "_");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(name, words[i].name))
            return named(model, words[i].kind, bytes, extent);
    return has_own_width(name, bytes) && named(model, NAME_FIXED, bytes, extent);
}

void data_model_done(struct data_model *model)
{
    vec_done(&model->types);
}
