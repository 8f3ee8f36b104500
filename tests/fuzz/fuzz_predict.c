/* fuzz_predict: in bytes as a module's ELF file or as C source, out whether predict's readers of types, frames and expressions come to an end. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/predict/block_type.h"
#include "host/predict/site_size.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { RANGES_MOST = 40, TYPES_MOST = 400, BYTES_MOST = 1 << 20 };

static char folder[] = "/tmp/fuzz_predict.XXXXXX";
static char path[64];

static void remove_files(void)
{
    unlink(path);
    rmdir(folder);
}

static void write_input(const uint8_t *bytes, size_t count)
{
    if (!path[0]) {
        if (!mkdtemp(folder))
            abort();
        snprintf(path, sizeof path, "%s/input.c", folder);
        atexit(remove_files);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, count) != (ssize_t)count || close(fd) != 0)
        abort();
}

static void try_type(struct layout *layout, Dwarf_Die *type)
{
    struct shape shape;
    uint64_t host, target;
    Dwarf_Die member;
    if (layout_type(layout, type, &shape) && (shape.host.size > LAYOUT_BYTES_MOST || shape.target.size > LAYOUT_BYTES_MOST))
        abort();
    layout_member(layout, type, "next", &host, &target, &member);
}

static void try_types(struct debug_module *module, struct layout *layout)
{
    static const char *const names[] = {"node", "size_t", "main", "Point", "vector", "x"};
    Dwarf_Die found;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (enum debug_kind kind = DEBUG_TYPE; kind <= DEBUG_VARIABLE; kind++)
            debug_module_find(module, kind, names[i], strlen(names[i]), NULL, &found);
        debug_module_instance(module, names[i], strlen(names[i]), 24, &found);
    }
    for (size_t i = 0; i < module->sized.count && i < TYPES_MOST; i++)
        if (dwarf_offdie(module->dwarf, module->sized.at[i], &found))
            try_type(layout, &found);
}

static void try_frames(struct debug_module *module, uint64_t pc)
{
    struct call_frame frames[CALL_FRAMES_MOST];
    Dwarf_Die variable;
    int number;
    unsigned count = call_frames_add(module, pc, frames, CALL_FRAMES_MOST);
    if (!count)
        abort();
    for (unsigned i = 0; i < count; i++) {
        call_frame_params(&frames[i]);
        call_frame_variable(&frames[i], "node", 4, &variable, &number);
    }
}

static void try_elf(void)
{
    static const struct object_search search;
    struct data_model host = {0}, target = {0};
    struct debug_module *module = debug_module_open(&(struct object_request){.path = path}, &search);
    data_model_find(&host, "x86_64");
    data_model_find(&target, "avr");
    struct layout layout = {.host = &host, .target = &target};
    try_types(module, &layout);
    for (size_t i = 0; i < module->ranges.count && i < RANGES_MOST; i++)
        for (uint64_t pc = module->ranges.at[i].low; pc < module->ranges.at[i].high && pc < module->ranges.at[i].low + 64; pc += 16)
            try_frames(module, pc);
    layout_done(&layout);
    debug_module_close(module);
    data_model_done(&host);
    data_model_done(&target);
}

/* All tokens are one expression, and one statement that allocates. */
static void read_tokens(struct sizing *sizing, const struct size_scope *scope, const struct tokens *tokens)
{
    struct value_type type;
    struct call_text call;
    for (unsigned run = 0; run < 8; run++) {
        size_read(sizing, scope, tokens->list.at, tokens->list.count);
        size_read_type(sizing, scope, tokens->list.at, tokens->list.count, &type);
        if (call_text_alloc(sizing, scope, &call))
            block_type_find(sizing, &call, &type);
        if (sizing->steps > SIZING_STEPS_MOST || !choices_next(&sizing->choices))
            break;
    }
}

static void try_text(void)
{
    struct source_texts texts = {0};
    struct macros macros = {0};
    struct data_model host = {0}, target = {0};
    struct map leads = {0};
    struct tokens expanded = {0};
    const char *const folders[] = {folder, NULL};
    data_model_find(&host, "x86_64");
    data_model_find(&target, "i386");
    struct layout layout = {.host = &host, .target = &target};
    struct call_frame frame = {.function = "f", .file = path, .line = 1};
    struct sizing sizing = {.layout = &layout, .texts = &texts, .frames = &frame, .frame_count = 1, .leads = &leads};
    macros_add(&macros, &texts, path, folders);
    const struct source_text *text = source_text_get(&texts, path);
    if (text) {
        struct size_scope scope = {.frame = &frame, .text = text, .macros = &macros, .limit = text->tokens.list.count};
        macros_expand(&macros, text->tokens.list.at, text->tokens.list.count, &expanded, &sizing.choices);
        read_tokens(&sizing, &scope, &expanded);
    }
    vec_done(&expanded.list);
    arena_done(&sizing.arena);
    macros_done(&macros);
    source_texts_done(&texts);
    map_done(&leads);
    layout_done(&layout);
    data_model_done(&host);
    data_model_done(&target);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    if (count > BYTES_MOST)
        return 0;
    write_input(bytes, count);
    if (count >= 4 && memcmp(bytes, "\177ELF", 4) == 0)
        try_elf();
    else
        try_text();
    return 0;
}
