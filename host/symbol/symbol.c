/* symbol: in modules and frames of a trace, out function, file and line of each frame.
 *
 * Frames are a flat array by stack id. A text is made when it is asked for the first time, together with those of its callers that are not known yet
 * (who prints a frame prints its stack), and kept for each (module, address). Addresses go to the bundle's answers first, then to the worker. */
#include "symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/arena.h"
#include "host/base/error.h"
#include "host/base/map.h"
#include "host/base/path.h"
#include "host/base/str.h"
#include "host/base/vec.h"

#include "answers.h"
#include "worker.h"

enum {
    FRAMES_AHEAD = 4 << 20, /* ids come in order; after damage some are missing, but never so many at once */
    MODULES_LIMIT = 1 << 20,
    CHAIN_LIMIT = 512, /* callers that are resolved together with a frame */
    NEAR_LIMIT = 64,   /* so are this many neighbours on each side: a question costs as much as ten answers */
    NOTES_LIMIT = 200,
};

struct texts {
    size_t count;
    bool is_known; /* not made of module and address alone */
    struct frame_text at[];
};

struct frame {
    uint64_t key; /* address and how it is meant: see frame_key */
    uint32_t parent, module;
    const struct texts *texts; /* NULL: not asked for yet */
};

struct module {
    char *path; /* NULL: never defined */
    const char *name;
    struct object_request request;
    struct map known; /* of a key: struct texts */
    struct answers answers;
    bool looked_in_bundle, is_noted;
};

struct symbols {
    struct symbols_config config;
    VEC(char *) folders;
    struct object_search search;
    struct worker *worker;
    VEC(struct frame) frames;   /* by id; 0 is the frame of "no stack" */
    VEC(struct module) modules; /* by id; 0 is code that is in no file */
    uint64_t seen;
    uint32_t questions;
    struct arena texts;
    struct map shared; /* of a text's hash: the text, so that each is kept once */
    VEC(const char *) notes;
};

/* ---- the trace's definitions ---- */

static uint64_t frame_key(uint64_t offset, bool exact)
{
    return offset << 1 | exact;
}

static void see_module(struct symbols *symbols, const struct module_definition *definition)
{
    if (!definition->id || definition->id >= MODULES_LIMIT)
        return;
    vec_extend(&symbols->modules, definition->id + 1);
    struct module *module = &symbols->modules.at[definition->id];
    if (module->path)
        return; /* again, after a seek */
    module->path = memory_copy_text(definition->path && definition->path[0] ? definition->path : "[unknown]");
    module->name = path_name(module->path);
    module->request = (struct object_request){.path = module->path, .start = definition->start - definition->bias};
    module->request.build_id_bytes = definition->build_id_bytes <= BUILD_ID_BYTES ? definition->build_id_bytes : 0;
    memcpy(module->request.build_id, definition->build_id, module->request.build_id_bytes);
}

static struct module *module_of(struct symbols *symbols, const struct frame *frame);
static const struct texts *texts_new(struct symbols *symbols, const struct module *module, uint64_t key, const struct spots *spots);

/* The trace says itself what the frame is. */
static void name_frame(struct symbols *symbols, struct frame *frame, const struct frame_definition *definition)
{
    struct spots spots = {0};
    vec_push(&spots.list, ((struct spot){definition->function, definition->file, definition->line, false, false}));
    frame->texts = texts_new(symbols, module_of(symbols, frame), frame->key, &spots);
    vec_done(&spots.list);
}

/* Parents have smaller ids, so walking up ends even in a damaged trace. */
static void see_frame(struct symbols *symbols, const struct frame_definition *definition)
{
    if (!definition->id || definition->id >= symbols->seen * 2 + FRAMES_AHEAD)
        return;
    symbols->seen++;
    vec_extend(&symbols->frames, definition->id + 1);
    struct frame *frame = &symbols->frames.at[definition->id];
    uint64_t key = frame_key(definition->offset, definition->exact);
    if (frame->key != key || frame->module != definition->module || definition->function)
        frame->texts = NULL;
    frame->key = key;
    frame->module = definition->module;
    frame->parent = definition->parent < definition->id ? definition->parent : 0;
    if (definition->function)
        name_frame(symbols, frame, definition);
}

void symbols_see(struct symbols *symbols, const struct event *event)
{
    if (event->kind == EVENT_MODULE && event->define)
        see_module(symbols, event->define);
    else if (event->kind == EVENT_FRAME && event->define)
        see_frame(symbols, event->define);
}

uint32_t symbols_parent(const struct symbols *symbols, uint32_t stack)
{
    return stack < symbols->frames.count ? symbols->frames.at[stack].parent : 0;
}

bool symbols_place(const struct symbols *symbols, uint32_t stack, uint32_t *module, uint64_t *offset)
{
    if (!stack || stack >= symbols->frames.count)
        return false;
    *module = symbols->frames.at[stack].module;
    *offset = symbols->frames.at[stack].key >> 1;
    return true;
}

/* ---- texts ---- */

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

/* One copy of each text; texts whose hashes meet take the next free key. */
static const char *share(struct symbols *symbols, const char *text)
{
    for (uint64_t key = hash_text(text);; key++) {
        bool is_new;
        uint64_t *at = map_put(&symbols->shared, key, &is_new);
        if (is_new)
            *at = (uint64_t)(uintptr_t)arena_copy_text(&symbols->texts, text, strlen(text));
        if (strcmp((const char *)(uintptr_t)*at, text) == 0)
            return (const char *)(uintptr_t)*at;
    }
}

static const char *address_text(struct symbols *symbols, const struct module *module, uint64_t key)
{
    struct str text = {0};
    if (module)
        str_add_format(&text, "%s+", module->name);
    str_add_format(&text, "0x%llx", (unsigned long long)(key >> 1));
    const char *shared = share(symbols, str_text(&text));
    str_done(&text);
    return shared;
}

static const struct texts *texts_new(struct symbols *symbols, const struct module *module, uint64_t key, const struct spots *spots)
{
    size_t count = spots->list.count ? spots->list.count : 1;
    struct texts *texts = arena_new(&symbols->texts, sizeof *texts + count * sizeof texts->at[0]);
    texts->count = count;
    texts->is_known = spots->list.count && (spots->list.at[0].function || spots->list.at[0].file);
    for (size_t i = 0; i < count; i++) {
        struct spot spot = i < spots->list.count ? spots->list.at[i] : (struct spot){0};
        struct frame_text *text = &texts->at[i];
        text->function = spot.function ? share(symbols, spot.function) : address_text(symbols, module, key);
        text->file = spot.file ? share(symbols, spot.file) : NULL;
        text->line = spot.file ? spot.line : 0;
        text->module = module ? module->name : spot.function ? "" : "[anon]";
        text->inlined = spot.inlined && i + 1 < count;
    }
    return texts;
}

/* ---- notes ---- */

/* What follows the path, or NULL when all is well. */
static const char *note_of(const struct module *module, enum object_state state)
{
    if (state == OBJECT_ABSENT)
        return " is not on this machine: its frames are shown as module+offset; name its folder (--debug-path), or run 'heaptracer bundle' where it was "
               "recorded";
    if (state == OBJECT_OTHER)
        return " is not the file that ran (its build-id differs), so it is not used; name the folder of the one that ran (--debug-path)";
    if (state == OBJECT_DAMAGED)
        return " cannot be read as an ELF file: its frames are shown as module+offset";
    if (state == OBJECT_HARMFUL)
        return " is damaged, so that reading its symbols was given up: its frames are shown as module+offset";
    return module->request.care == OBJECT_NAMES_ONLY ? ": its debug data is damaged, so that only the names of its symbol table are used" : NULL;
}

static void note_module(struct symbols *symbols, struct module *module, enum object_state state)
{
    const char *rest = module->is_noted || symbols->notes.count >= NOTES_LIMIT || module->path[0] == '[' ? NULL : note_of(module, state);
    if (!rest)
        return;
    struct str note = {0};
    str_add(&note, module->path);
    str_add(&note, rest);
    vec_push(&symbols->notes, share(symbols, str_text(&note)));
    str_done(&note);
    module->is_noted = true;
}

size_t symbols_notes(const struct symbols *symbols, const char *const **notes)
{
    *notes = symbols->notes.at;
    return symbols->notes.count;
}

/* ---- resolving ---- */

struct batch {
    struct symbols *symbols;
    struct module *module;
    VEC(uint64_t) keys;
    VEC(struct worker_address) addresses;
    size_t first; /* of `keys` in the running question */
};

static void keep(struct batch *batch, uint64_t key, const struct spots *spots)
{
    *map_put(&batch->module->known, key, NULL) = (uint64_t)(uintptr_t)texts_new(batch->symbols, batch->module, key, spots);
}

static void take_answer(void *context, size_t index, enum object_state state, const struct spots *spots)
{
    struct batch *batch = context;
    note_module(batch->symbols, batch->module, state);
    keep(batch, batch->keys.at[batch->first + index], spots);
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* In order of address: then the worker goes through the units of a large module once. */
static void sort_batch(struct batch *batch)
{
    if (batch->keys.count)
        qsort(batch->keys.at, batch->keys.count, sizeof *batch->keys.at, compare_keys);
    for (size_t i = 0; i < batch->keys.count; i++)
        vec_push(&batch->addresses, ((struct worker_address){batch->keys.at[i] >> 1, !(batch->keys.at[i] & 1)}));
}

static void ask_worker(struct batch *batch)
{
    sort_batch(batch);
    struct symbols *symbols = batch->symbols;
    struct object_request *request = &batch->module->request;
    uint32_t id = (uint32_t)(batch->module - symbols->modules.at);
    while (batch->first < batch->keys.count && request->care != OBJECT_NOTHING) {
        size_t left = batch->keys.count - batch->first;
        batch->first += worker_ask(symbols->worker, id, request, &batch->addresses.at[batch->first], left, take_answer, batch);
        if (batch->first < batch->keys.count)
            request->care++;
    }
    for (; batch->first < batch->keys.count; batch->first++) {
        note_module(symbols, batch->module, OBJECT_HARMFUL);
        keep(batch, batch->keys.at[batch->first], &(struct spots){0});
    }
}

static void look_in_bundle(struct symbols *symbols, struct module *module)
{
    if (module->looked_in_bundle || !symbols->config.bundle)
        return;
    module->looked_in_bundle = true;
    struct str path = {0};
    str_add_format(&path, "%s/", symbols->config.bundle);
    answers_add_name(&path, module->request.build_id, module->request.build_id_bytes, module->path);
    answers_read(&module->answers, str_text(&path));
    str_done(&path);
}

/* Adds the address to the batch unless the bundle knows it or it is there already. */
static void want(struct batch *batch, uint64_t key)
{
    bool is_new;
    struct spots spots = {0};
    uint64_t *known = map_put(&batch->module->known, key, &is_new);
    if (!is_new)
        return;
    *known = 0;
    if (answers_find(&batch->module->answers, key, &spots)) {
        keep(batch, key, &spots);
    } else {
        vec_push(&batch->keys, key);
    }
    vec_done(&spots.list);
}

static struct module *module_of(struct symbols *symbols, const struct frame *frame)
{
    struct module *module = frame->module && frame->module < symbols->modules.count ? &symbols->modules.at[frame->module] : NULL;
    return module && module->path ? module : NULL;
}

static void want_frame(struct batch *batch, const struct frame *frame)
{
    if (frame->module == (uint32_t)(batch->module - batch->symbols->modules.at) && !frame->texts)
        want(batch, frame->key);
}

/* Resolves `stack` and, of the same module, its callers and, the more was asked for already, the frames that were defined near it. */
static void resolve_chain(struct symbols *symbols, uint32_t stack, struct module *module)
{
    struct batch batch = {.symbols = symbols, .module = module};
    uint32_t near = symbols->questions < NEAR_LIMIT ? symbols->questions++ : NEAR_LIMIT, count = (uint32_t)symbols->frames.count;
    look_in_bundle(symbols, module);
    want_frame(&batch, &symbols->frames.at[stack]);
    for (uint32_t i = stack > near ? stack - near : 1; i < count && i <= stack + near; i++)
        want_frame(&batch, &symbols->frames.at[i]);
    for (size_t i = 0; stack && i < CHAIN_LIMIT; i++, stack = symbols->frames.at[stack].parent)
        want_frame(&batch, &symbols->frames.at[stack]);
    ask_worker(&batch);
    vec_done(&batch.keys);
    vec_done(&batch.addresses);
}

static const struct texts *resolve(struct symbols *symbols, uint32_t stack)
{
    struct frame *frame = &symbols->frames.at[stack];
    struct module *module = module_of(symbols, frame);
    if (!module)
        return texts_new(symbols, NULL, frame->key, &(struct spots){0});
    uint64_t *known = map_get(&module->known, frame->key);
    if (!known || !*known) {
        resolve_chain(symbols, stack, module);
        known = map_get(&module->known, frame->key);
    }
    return (const struct texts *)(uintptr_t)*known;
}

size_t symbols_frame(struct symbols *symbols, uint32_t stack, const struct frame_text **texts)
{
    static const struct frame_text none = {"[no stack]", NULL, 0, "[unknown]", false};
    if (!stack || stack >= symbols->frames.count) {
        *texts = &none;
        return 1;
    }
    struct frame *frame = &symbols->frames.at[stack];
    if (!frame->texts)
        frame->texts = resolve(symbols, stack);
    *texts = frame->texts->at;
    return frame->texts->count;
}

/* ---- saving ---- */

static void save_frame(struct str *out, uint64_t key, const struct texts *texts)
{
    struct spots spots = {0};
    for (size_t i = 0; i < texts->count; i++) {
        const struct frame_text *text = &texts->at[i];
        vec_push(&spots.list, ((struct spot){text->function, text->file, text->line, text->inlined, false}));
    }
    answers_add(out, key, &spots);
    vec_done(&spots.list);
}

/* In order of address, so that the same trace gives the same bytes. */
static void save_frames(const struct module *module, struct str *out, struct symbols_saved *saved)
{
    VEC(uint64_t) keys = {0};
    if (module->known.has_zero)
        vec_push(&keys, 0);
    for (size_t i = 0; i < module->known.room; i++)
        if (module->known.at[i].key)
            vec_push(&keys, module->known.at[i].key);
    if (keys.count)
        qsort(keys.at, keys.count, sizeof *keys.at, compare_keys);
    for (size_t i = 0; i < keys.count; i++) {
        const struct texts *texts = (const struct texts *)(uintptr_t)*map_get(&module->known, keys.at[i]);
        saved->frames += texts->is_known;
        saved->unknown += !texts->is_known;
        if (texts->is_known)
            save_frame(out, keys.at[i], texts);
    }
    vec_done(&keys);
}

static bool write_file(const char *path, const struct str *text, struct error *error)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return error_set_errno(error, ERROR_WRITE, "cannot make %s", path);
    bool good = fwrite(text->at, 1, text->count, file) == text->count;
    good = fclose(file) == 0 && good;
    return good || error_set_errno(error, ERROR_WRITE, "cannot write %s", path);
}

static bool save_module(const struct module *module, const char *folder, struct symbols_saved *saved, struct error *error)
{
    struct str out = {0}, path = {0};
    size_t before = saved->frames;
    bool good = true;
    answers_add_head(&out, module->path);
    save_frames(module, &out, saved);
    if (saved->frames > before) {
        str_add_format(&path, "%s/", folder);
        answers_add_name(&path, module->request.build_id, module->request.build_id_bytes, module->path);
        good = write_file(path.at, &out, error);
        saved->modules++;
        saved->bytes += out.count;
    }
    str_done(&out);
    str_done(&path);
    return good;
}

bool symbols_save(struct symbols *symbols, const char *folder, struct symbols_saved *saved, struct error *error)
{
    const struct frame_text *texts;
    bool good = true;
    *saved = (struct symbols_saved){0};
    for (size_t i = 1; i < symbols->frames.count; i++)
        symbols_frame(symbols, (uint32_t)i, &texts);
    for (size_t i = 0; i < symbols->modules.count && good; i++)
        if (symbols->modules.at[i].path)
            good = save_module(&symbols->modules.at[i], folder, saved, error);
    return good;
}

/* ---- life ---- */

static void add_folder(struct symbols *symbols, const char *folder)
{
    char *whole = folder ? realpath(folder, NULL) : NULL; /* the worker and elfutils want it absolute */
    if (whole)
        vec_push(&symbols->folders, whole);
}

struct symbols *symbols_new(const struct symbols_config *config)
{
    struct symbols *symbols = memory_new(1, sizeof *symbols);
    symbols->config = config ? *config : (struct symbols_config){0};
    symbols->config.bundle = memory_copy_text(symbols->config.bundle);
    symbols->search.sysroot = memory_copy_text(symbols->config.sysroot);
    symbols->search.debuginfod = symbols->config.debuginfod;
    add_folder(symbols, symbols->config.bundle);
    for (const char *const *folder = symbols->config.debug_paths; folder && *folder; folder++)
        add_folder(symbols, *folder);
    vec_push(&symbols->folders, NULL);
    symbols->search.folders = (const char *const *)symbols->folders.at;
    symbols->worker = worker_new(&symbols->search);
    return symbols;
}

void symbols_free(struct symbols *symbols)
{
    if (!symbols)
        return;
    worker_free(symbols->worker);
    for (size_t i = 0; i < symbols->modules.count; i++) {
        memory_free(symbols->modules.at[i].path);
        map_done(&symbols->modules.at[i].known);
        answers_done(&symbols->modules.at[i].answers);
    }
    for (size_t i = 0; i < symbols->folders.count; i++)
        memory_free(symbols->folders.at[i]);
    memory_free((void *)(uintptr_t)symbols->config.bundle);
    memory_free((void *)(uintptr_t)symbols->search.sysroot);
    vec_done(&symbols->folders);
    vec_done(&symbols->frames);
    vec_done(&symbols->modules);
    vec_done(&symbols->notes);
    map_done(&symbols->shared);
    arena_done(&symbols->texts);
    memory_free(symbols);
}
