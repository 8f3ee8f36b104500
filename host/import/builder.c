/* builder: in what a foreign file tells, out the events of a trace. */
#include "builder.h"

#include <string.h>
#include <xxhash.h>

#include "host/base/utf8.h"
#include "wire/api.h"

enum { BUILDER_PROCESS = 1, BUILDER_THREAD = 1, SLOT_BYTES = 16, PAGE_BYTES = 4096 };
static const ht_addr address_first = 0x100000000000; /* where no program has its heap, so that made-up ones can be told */

void builder_init(struct builder *builder, const struct import_sink *sink)
{
    *builder = (struct builder){.sink = sink, .next_address = address_first, .live_most = BUILDER_LIVE_MOST};
}

static void define_put(struct builder *builder, uint8_t kind, const void *define)
{
    struct event event = {.kind = kind, .process = BUILDER_PROCESS, .thread = BUILDER_THREAD, .time_ns = builder->time_ns, .define = define};
    builder->sink->put(builder->sink->context, &event);
}

bool builder_begin(struct builder *builder, const struct builder_start *start, struct error *error)
{
    struct str recorder = {0}, system = {0}, command = {0};
    if (start->recorder)
        str_add(&recorder, start->recorder);
    else
        str_add_format(&recorder, "%s, imported by heaptracer " HT_VERSION, start->tool);
    str_add(&system, start->recorder ? "" : "from ");
    utf8_add_clean(&system, start->source);
    utf8_add_clean(&command, start->command ? start->command : "");
    struct trace_header header = {.pointer_bytes = start->pointer_bytes ? start->pointer_bytes : (uint32_t)sizeof(void *),
                                  .page_bytes = PAGE_BYTES,
                                  .tick_ns = start->tick_ns ? start->tick_ns : 1,
                                  .sample_bytes = start->sample_bytes,
                                  .command = str_text(&command),
                                  .machine = start->machine ? start->machine : "an unknown machine",
                                  .system = str_text(&system),
                                  .directory = "",
                                  .recorder = str_text(&recorder),
                                  .environment = ""};
    builder->has_begun = builder->sink->begin(builder->sink->context, &header, error);
    if (builder->has_begun) {
        define_put(builder, EVENT_PROCESS, &(struct process_definition){BUILDER_PROCESS, 0, 0, 0, str_text(&command)});
        define_put(builder, EVENT_THREAD, &(struct thread_definition){.id = BUILDER_THREAD, .process = BUILDER_PROCESS, .name = start->thread ? start->thread : "imported"});
        define_put(builder, EVENT_MARK, start->about);
    }
    str_done(&recorder);
    str_done(&system);
    str_done(&command);
    return builder->has_begun;
}

uint32_t builder_module(struct builder *builder, const char *path, uint64_t start, uint64_t end, uint64_t bias)
{
    bool is_new;
    uint64_t *id = map_put(&builder->modules, XXH3_64bits(path, strlen(path)), &is_new);
    if (!is_new)
        return (uint32_t)*id;
    if (builder->module_count >= BUILDER_MODULES_MOST)
        return 0;
    *id = ++builder->module_count;
    uint32_t number = builder->module_count;
    define_put(builder, EVENT_MODULE, &(struct module_definition){.id = number, .process = BUILDER_PROCESS, .start = start, .end = end, .bias = bias, .path = path});
    return number;
}

static uint64_t place_digest(uint32_t parent, const struct builder_place *place)
{
    const uint64_t numbers[] = {parent, place->module, place->offset, place->line, place->exact};
    uint64_t digest = XXH3_64bits(numbers, sizeof numbers);
    if (place->function)
        digest = XXH3_64bits_withSeed(place->function, strlen(place->function), digest);
    return place->file ? XXH3_64bits_withSeed(place->file, strlen(place->file), digest + 1) : digest;
}

static const char *name_cut(struct str *cut, const char *name)
{
    str_clear(cut);
    if (name)
        str_add_bytes(cut, name, strnlen(name, BUILDER_NAME_BYTES));
    return name ? str_text(cut) : NULL;
}

uint32_t builder_frame(struct builder *builder, uint32_t parent, const struct builder_place *place)
{
    bool is_new;
    uint64_t *id = map_put(&builder->frames, place_digest(parent, place), &is_new);
    if (!is_new && *id)
        return (uint32_t)*id;
    if (builder->frame_count >= BUILDER_FRAMES_MOST)
        return 0;
    *id = ++builder->frame_count;
    struct frame_definition frame = {.id = builder->frame_count, .parent = parent, .module = place->module, .exact = place->exact, .offset = place->offset, .line = place->line};
    frame.function = name_cut(&builder->function, place->function);
    frame.file = name_cut(&builder->file, place->file);
    define_put(builder, EVENT_FRAME, &frame);
    return frame.id;
}

void builder_heap(struct builder *builder, uint32_t id, uint32_t kind, const char *name)
{
    define_put(builder, EVENT_HEAP, &(struct heap_definition){.id = id, .process = BUILDER_PROCESS, .kind = kind, .name = name});
}

void builder_time(struct builder *builder, uint64_t time_ns)
{
    if (time_ns > builder->time_ns)
        builder->time_ns = time_ns;
}

/* Blocks lie one behind the other, those over 4 KiB as if they had 4 KiB: the address space that the trace talks of stays small, and with it who reads it. */
static size_t slots_of(uint64_t size)
{
    size_t slots = size < (uint64_t)BUILDER_SLOT_MOST * SLOT_BYTES ? (size_t)(size + SLOT_BYTES - 1) / SLOT_BYTES : BUILDER_SLOT_MOST;
    return slots ? slots : 1;
}

ht_addr builder_address(struct builder *builder, uint64_t size)
{
    size_t slots = slots_of(size);
    struct builder_slots *unused = builder->unused + slots;
    if (builder->live_count >= builder->live_most)
        return 0;
    builder->live_count++;
    if (unused->list.count)
        return unused->list.at[--unused->list.count];
    ht_addr address = builder->next_address;
    builder->next_address += slots * SLOT_BYTES;
    return address;
}

void builder_take_back(struct builder *builder, ht_addr address, uint64_t size)
{
    builder->live_count--;
    vec_push(&builder->unused[slots_of(size)].list, address);
}

void builder_put(struct builder *builder, struct event event)
{
    bool is_birth = event.kind == EVENT_ALLOC;
    event.api = event.api ? event.api : is_birth ? HT_API_MALLOC : HT_API_FREE;
    event.process = BUILDER_PROCESS;
    event.thread = BUILDER_THREAD;
    event.time_ns = builder->time_ns;
    builder->sink->put(builder->sink->context, &event);
}

ht_addr builder_alloc(struct builder *builder, uint64_t size, uint32_t stack, uint8_t flags)
{
    ht_addr address = builder_address(builder, size);
    if (address)
        builder_put(builder, (struct event){.kind = EVENT_ALLOC, .flags = flags, .address = address, .size = size, .stack = stack});
    return address;
}

void builder_free(struct builder *builder, ht_addr address, uint64_t size)
{
    builder_put(builder, (struct event){.kind = EVENT_FREE, .address = address});
    builder_take_back(builder, address, size);
}

void builder_end(struct builder *builder)
{
    if (builder->has_begun) {
        struct event event = {.kind = EVENT_PROCESS_END, .flags = 1, .process = BUILDER_PROCESS, .thread = BUILDER_THREAD, .time_ns = builder->time_ns};
        builder->sink->put(builder->sink->context, &event);
    }
    map_done(&builder->frames);
    map_done(&builder->modules);
    for (size_t i = 0; i <= BUILDER_SLOT_MOST; i++)
        vec_done(&builder->unused[i].list);
    str_done(&builder->function);
    str_done(&builder->file);
}
