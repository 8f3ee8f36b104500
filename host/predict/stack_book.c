/* stack_book: modules are opened when a stack leads into them. */
#include "stack_book.h"

#include <string.h>

enum { DEPTH_MOST = 40 };

static void module_see(struct stack_book *book, const struct module_definition *module)
{
    vec_extend(&book->modules, module->id + 1);
    struct book_module *known = &book->modules.at[module->id];
    if (known->path)
        return;
    known->path = memory_new(strlen(module->path) + 1, 1);
    memcpy(known->path, module->path, strlen(module->path));
    memcpy(known->build_id, module->build_id, sizeof known->build_id);
    known->build_id_bytes = module->build_id_bytes;
    known->start = module->start - module->bias;
}

void stack_book_see(struct stack_book *book, const struct event *event)
{
    if (event->kind == EVENT_MODULE) {
        module_see(book, event->define);
    } else if (event->kind == EVENT_FRAME) {
        const struct frame_definition *frame = event->define;
        vec_extend(&book->frames, frame->id + 1);
        book->frames.at[frame->id] = (struct book_frame){frame->parent, frame->module, frame->offset, frame->exact};
    }
}

static struct debug_module *module_open(struct stack_book *book, uint32_t id)
{
    struct book_module *module = id < book->modules.count ? &book->modules.at[id] : NULL;
    if (!module || !module->path)
        return NULL;
    if (!module->debug) {
        struct object_request request = {.path = module->path, .start = module->start, .build_id_bytes = module->build_id_bytes};
        memcpy(request.build_id, module->build_id, sizeof request.build_id);
        if (book->elf && id == 1) {
            request.path = book->elf;
            request.build_id_bytes = 0;
        }
        module->debug = debug_module_open(&request, &book->search);
    }
    return module->debug;
}

static const struct book_place *place_get(struct stack_book *book, uint32_t module, uint64_t pc)
{
    bool is_new;
    uint64_t *number = map_put(&book->known, pc ^ ((uint64_t)module << 48), &is_new);
    if (is_new) {
        struct call_frame frames[CALL_FRAMES_MOST];
        unsigned count = call_frames_add(module_open(book, module), pc, frames, CALL_FRAMES_MOST);
        struct call_frame *kept = memory_new(count + 1, sizeof *kept);
        memcpy(kept, frames, count * sizeof *kept);
        vec_push(&book->places, ((struct book_place){kept, count}));
        *number = book->places.count;
    }
    return &book->places.at[*number - 1];
}

unsigned stack_book_frames(struct stack_book *book, uint32_t stack, struct call_frame *frames, unsigned room)
{
    unsigned count = 0;
    for (unsigned depth = 0; stack && stack < book->frames.count && count < room && depth < DEPTH_MOST; depth++) {
        const struct book_frame *frame = &book->frames.at[stack];
        uint64_t pc = frame->offset - (frame->exact ? 0 : 1);
        const struct book_place *place = place_get(book, frame->module, pc);
        for (unsigned i = 0; i < place->count && count < room; i++)
            frames[count++] = place->frames[i];
        stack = frame->parent;
    }
    return count;
}

bool stack_book_model(struct stack_book *book, struct data_model *model)
{
    for (uint32_t i = 1; i < book->modules.count; i++) {
        struct debug_module *module = module_open(book, i);
        if (module && module->has_model) {
            *model = module->model;
            return true;
        }
    }
    return false;
}

void stack_book_done(struct stack_book *book)
{
    for (size_t i = 0; i < book->modules.count; i++) {
        if (book->modules.at[i].debug)
            debug_module_close(book->modules.at[i].debug);
        memory_free(book->modules.at[i].path);
    }
    for (size_t i = 0; i < book->places.count; i++)
        memory_free(book->places.at[i].frames);
    vec_done(&book->places);
    map_done(&book->known);
    vec_done(&book->modules);
    vec_done(&book->frames);
}
