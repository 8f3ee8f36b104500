/* light: out a made-up recording of a light controller's firmware, 24 s long: two regions, a pool, four tasks, an interrupt, a handler that leaks, blocks in
 * the wrong memory, and four faults. Every figure that tests expect can be found here. */
#ifndef TESTS_GOLDEN_LIGHT_H
#define TESTS_GOLDEN_LIGHT_H

#include <stdlib.h>
#include <string.h>

#include <heaptracer/heaptracer.h>

#include "host/base/error.h"
#include "host/trace/writer.h"
#include "wire/api.h"
#include "wire/device.h"

enum { LIGHT_DRAM = 1, LIGHT_PSRAM, LIGHT_POOL, LIGHT_HEAPS };
enum { LIGHT_INTERRUPT, LIGHT_MAIN, LIGHT_LED, LIGHT_NET, LIGHT_WS };
enum {
    LIGHT_AT_MAIN = 1,
    LIGHT_AT_LEDS,
    LIGHT_AT_LED_TASK,
    LIGHT_AT_TRANSITION,
    LIGHT_AT_SWITCH,
    LIGHT_AT_EFFECT,
    LIGHT_AT_NET_TASK,
    LIGHT_AT_MESSAGE,
    LIGHT_AT_REPLY,
    LIGHT_AT_PUSH,
    LIGHT_AT_PALETTE,
    LIGHT_AT_AUDIO,
    LIGHT_AT_ISR,
    LIGHT_AT_NODE,
    LIGHT_AT_DMA,
    LIGHT_AT_FORMAT,
    LIGHT_FRAMES
};
enum { LIGHT_BLOCKS = 512, LIGHT_HEAD = 8, LIGHT_DRAM_BYTES = 327680, LIGHT_PSRAM_BYTES = 16 << 20, LIGHT_POOL_BLOCK = 64, LIGHT_POOL_BLOCKS = 8 };

struct light_block {
    ht_addr address; /* of its head */
    uint64_t bytes;  /* head and padding in */
};

struct light_heap {
    ht_addr base;
    uint64_t size, least_free;
    struct light_block blocks[LIGHT_BLOCKS]; /* by address */
    size_t count;
};

struct light {
    struct trace_writer *writer; /* NULL: events go to `see` */
    void (*see)(void *context, const struct event *event);
    void *context;
    uint64_t now_ms, index;
    struct light_heap heaps[LIGHT_HEAPS];
    uint32_t refused, pool_peak;
};

static inline void light_put(struct light *light, struct event event)
{
    event.process = 1;
    event.time_ns = light->now_ms * 1000000;
    event.index = light->index++;
    if (light->writer)
        trace_writer_put(light->writer, &event, 1);
    else
        light->see(light->context, &event);
}

static inline void light_define(struct light *light, enum event_kind kind, uint32_t thread, uint32_t heap, const void *define)
{
    light_put(light, (struct event){.kind = (uint8_t)kind, .thread = thread, .heap = heap, .define = define});
}

/* First fit. 0: there is no room. */
static inline ht_addr light_fit(struct light_heap *heap, uint64_t bytes)
{
    ht_addr at = heap->base;
    size_t i = 0;
    for (; i < heap->count && heap->blocks[i].address - at < bytes; i++)
        at = heap->blocks[i].address + heap->blocks[i].bytes;
    if (heap->count == LIGHT_BLOCKS || heap->base + heap->size - at < bytes)
        return 0;
    memmove(heap->blocks + i + 1, heap->blocks + i, (heap->count - i) * sizeof *heap->blocks);
    heap->blocks[i] = (struct light_block){at, bytes};
    heap->count++;
    return at + LIGHT_HEAD;
}

static inline struct heap_use_definition light_use(const struct light_heap *heap)
{
    struct heap_use_definition use = {.blocks = heap->count, .least_free = heap->least_free};
    ht_addr at = heap->base;
    for (size_t i = 0; i <= heap->count; i++) {
        ht_addr next = i < heap->count ? heap->blocks[i].address : heap->base + heap->size;
        use.largest_free = next - at > use.largest_free ? next - at : use.largest_free;
        use.free += next - at;
        at = i < heap->count ? next + heap->blocks[i].bytes : next;
    }
    use.used = heap->size - use.free;
    return use;
}

static inline ht_addr light_alloc(struct light *light, uint32_t task, uint32_t heap, uint32_t at, uint64_t size)
{
    uint64_t bytes = (size + LIGHT_HEAD + 7) / 8 * 8;
    ht_addr address = light_fit(light->heaps + heap, heap == LIGHT_POOL ? LIGHT_POOL_BLOCK : bytes);
    uint8_t flags = task == LIGHT_INTERRUPT ? EVENT_INTERRUPT : 0;
    if (!address) {
        light->refused++;
        light_put(light, (struct event){.kind = EVENT_REFUSE, .api = HT_API_MALLOC, .flags = flags, .thread = task, .heap = heap, .stack = at, .size = size});
        return 0;
    }
    uint64_t free = light_use(light->heaps + heap).free;
    if (free < light->heaps[heap].least_free)
        light->heaps[heap].least_free = free;
    light_put(light, (struct event){.kind = EVENT_ALLOC,
                                    .api = HT_API_MALLOC,
                                    .flags = flags,
                                    .thread = task,
                                    .heap = heap,
                                    .address = address,
                                    .size = size,
                                    .usable = heap == LIGHT_POOL ? LIGHT_POOL_BLOCK - LIGHT_HEAD : bytes - LIGHT_HEAD,
                                    .stack = at,
                                    .source = at});
    return address;
}

static inline void light_free(struct light *light, uint32_t task, uint32_t heap_id, ht_addr address, uint32_t at)
{
    struct light_heap *heap = light->heaps + heap_id;
    for (size_t i = 0; i < heap->count; i++)
        if (heap->blocks[i].address + LIGHT_HEAD == address) {
            memmove(heap->blocks + i, heap->blocks + i + 1, (heap->count - i - 1) * sizeof *heap->blocks);
            heap->count--;
            break;
        }
    light_put(light, (struct event){.kind = EVENT_FREE, .api = HT_API_FREE, .thread = task, .heap = heap_id, .address = address, .stack = at});
}

static inline void light_define_places(struct light *light)
{
    static const struct {
        uint32_t parent, line;
        const char *function, *file, *variable;
        uint32_t caps;
    } places[LIGHT_FRAMES] = {
        [LIGHT_AT_MAIN] = {0, 20, "app_main", "main.cpp", "", 0},
        [LIGHT_AT_LEDS] = {LIGHT_AT_MAIN, 45, "led_setup", "main.cpp", "leds", HT_CAP_INTERNAL | HT_CAP_DMA},
        [LIGHT_AT_LED_TASK] = {0, 30, "led_task", "led_task.cpp", "", 0},
        [LIGHT_AT_TRANSITION] = {LIGHT_AT_LED_TASK, 123, "TransitionEngine::begin()", "TransitionEngine.cpp", "state", 0},
        [LIGHT_AT_SWITCH] = {LIGHT_AT_LED_TASK, 88, "EffectManager::switch_to(int)", "EffectManager.cpp", "effect", 0},
        [LIGHT_AT_EFFECT] = {LIGHT_AT_SWITCH, 34, "HDREffect::HDREffect()", "HDREffect.cpp", "state", 0},
        [LIGHT_AT_NET_TASK] = {0, 12, "net_task", "net.cpp", "", 0},
        [LIGHT_AT_MESSAGE] = {LIGHT_AT_NET_TASK, 78, "WebServer::on_message(Frame)", "WebServer.cpp", "buffer", 0},
        [LIGHT_AT_REPLY] = {LIGHT_AT_MESSAGE, 234, "WebServer::reply()", "WebServer.cpp", "document", 0},
        [LIGHT_AT_PUSH] = {LIGHT_AT_MESSAGE, 51, "WsSession::push(Message)", "ws_session.cpp", "message", 0},
        [LIGHT_AT_PALETTE] = {LIGHT_AT_MAIN, 19, "PaletteCache::load()", "palette.cpp", "table", 0},
        [LIGHT_AT_AUDIO] = {LIGHT_AT_MAIN, 40, "AudioRing::AudioRing()", "audio.cpp", "ring", HT_CAP_EXTERNAL},
        [LIGHT_AT_ISR] = {0, 17, "led_isr", "led_isr.c", "event", 0},
        [LIGHT_AT_NODE] = {LIGHT_AT_LED_TASK, 9, "FrameQueue::node()", "queue.cpp", "node", 0},
        [LIGHT_AT_DMA] = {LIGHT_AT_MAIN, 61, "dma_init", "spi_dma.c", "ring", HT_CAP_DMA},
        [LIGHT_AT_FORMAT] = {LIGHT_AT_MESSAGE, 70, "WsSession::format(Message)", "ws_session.cpp", "text", 0},
    };
    for (uint32_t i = 1; i < LIGHT_FRAMES; i++) {
        light_define(light, EVENT_FRAME, 0, 0,
                     &(struct frame_definition){.id = i,
                                                .parent = places[i].parent,
                                                .offset = 0x42000000 + i * 0x40,
                                                .function = places[i].function,
                                                .file = places[i].file,
                                                .line = places[i].line});
        light_define(light, EVENT_SOURCE, 0, 0,
                     &(struct source_definition){i, places[i].line, places[i].file, places[i].function, places[i].variable, places[i].caps, HT_API_MALLOC});
    }
}

static inline void light_define_heap(struct light *light, uint32_t id, const char *name, uint32_t kind, ht_addr base, uint64_t size, uint32_t caps)
{
    light->heaps[id] = (struct light_heap){.base = base, .size = size, .least_free = size};
    light_define(light, EVENT_HEAP, 0, id, &(struct heap_definition){id, 1, kind, base, size, name, caps});
}

static const uint64_t light_stacks[] = {[LIGHT_INTERRUPT] = 2048, [LIGHT_MAIN] = 8192, [LIGHT_LED] = 4096, [LIGHT_NET] = 6144, [LIGHT_WS] = 3072};

static inline void light_define_all(struct light *light)
{
    static const char *const names[] = {"", "main", "led", "net", "ws"};
    light_define(light, EVENT_PROCESS, 0, 0, &(struct process_definition){1, 0, 1, 0, "light-controller"});
    for (uint32_t i = LIGHT_MAIN; i <= LIGHT_WS; i++)
        light_define(light, EVENT_THREAD, i, 0, &(struct thread_definition){i, 1, i, names[i], 0x3FFE0000 + i * 0x4000, light_stacks[i], 20 - i});
    light_define_heap(light, LIGHT_DRAM, "DRAM", HT_MEMORY_INTERNAL, 0x3FFB0000, LIGHT_DRAM_BYTES, HT_CAP_INTERNAL | HT_CAP_DMA);
    light_define_heap(light, LIGHT_PSRAM, "PSRAM", HT_MEMORY_EXTERNAL, 0x3C000000, LIGHT_PSRAM_BYTES, HT_CAP_EXTERNAL);
    light_define_heap(light, LIGHT_POOL, "events", HT_MEMORY_POOL, 0x3FF00000, LIGHT_POOL_BLOCK * LIGHT_POOL_BLOCKS, 0);
    light_define_places(light);
    light_define(light, EVENT_BANDWIDTH, LIGHT_MAIN, LIGHT_DRAM, &(struct bandwidth_definition){65536, 240000, 220000, 200000, 190000});
    light_define(light, EVENT_BANDWIDTH, LIGHT_MAIN, LIGHT_PSRAM, &(struct bandwidth_definition){65536, 40000, 30000, 4000, 3500});
}

static inline void light_tell_heaps(struct light *light)
{
    for (uint32_t i = LIGHT_DRAM; i <= LIGHT_PSRAM; i++) {
        struct heap_use_definition use = light_use(light->heaps + i);
        light_define(light, EVENT_HEAP_USE, LIGHT_MAIN, i, &use);
    }
    uint32_t used = (uint32_t)light->heaps[LIGHT_POOL].count;
    light->pool_peak = used > light->pool_peak ? used : light->pool_peak;
    light_define(light, EVENT_POOL_USE, LIGHT_MAIN, LIGHT_POOL,
                 &(struct pool_use_definition){LIGHT_POOL_BLOCK, LIGHT_POOL_BLOCKS, used, light->pool_peak, light->refused, used * 44});
}

/* The stack of `ws` is all used at 20 s. */
static inline void light_tell_stacks(struct light *light)
{
    static const uint64_t left[] = {[LIGHT_INTERRUPT] = 1400, [LIGHT_MAIN] = 5200, [LIGHT_LED] = 1980, [LIGHT_NET] = 420, [LIGHT_WS] = 96};
    for (uint32_t i = LIGHT_INTERRUPT; i <= LIGHT_WS; i++) {
        bool is_over = i == LIGHT_WS && light->now_ms >= 20000;
        uint64_t least = is_over ? 0 : left[i] + (light->now_ms < 8000 ? 64 : 0);
        light_define(light, EVENT_STACK_USE, i, 0,
                     &(struct stack_use_definition){light_stacks[i], least, (light_stacks[i] - least) / 2, is_over ? STACK_CANARY_BROKEN : 0});
    }
}

static inline void light_alert(struct light *light, enum ht_told_level level, enum ht_watch rule, uint64_t value, uint64_t threshold, const char *text)
{
    light_define(light, EVENT_ALERT, LIGHT_MAIN, 0, &(struct alert_definition){level, rule, value, threshold, text});
}

static inline void light_fault(struct light *light, uint32_t task, uint32_t heap, uint32_t at, ht_addr address, struct fault_definition fault)
{
    light_put(light, (struct event){.kind = EVENT_FAULT, .thread = task, .heap = heap, .stack = at, .address = address, .define = &fault});
}

struct light_run {
    ht_addr node, state, text, effect, buffer;
};

static inline void light_message(struct light *light, struct light_run *run)
{
    run->buffer = light_alloc(light, LIGHT_NET, LIGHT_DRAM, LIGHT_AT_MESSAGE, 8192);
    ht_addr document = light_alloc(light, LIGHT_NET, LIGHT_DRAM, LIGHT_AT_REPLY, 512);
    if (light->now_ms % 500 == 0)
        light_alloc(light, LIGHT_WS, LIGHT_DRAM, LIGHT_AT_PUSH, 56);
    light_free(light, LIGHT_NET, LIGHT_DRAM, document, LIGHT_AT_REPLY);
    light_free(light, LIGHT_NET, LIGHT_DRAM, run->buffer, LIGHT_AT_MESSAGE);
}

static inline void light_odd(struct light *light, struct light_run *run)
{
    if (light->now_ms == 9000) {
        run->text = light_alloc(light, LIGHT_WS, LIGHT_DRAM, LIGHT_AT_FORMAT, 20);
        light_fault(light, LIGHT_WS, LIGHT_DRAM, LIGHT_AT_FORMAT, run->text,
                    (struct fault_definition){HT_FAULT_OVERFLOW, HT_FOUND_FREE, HT_GUESS_TERMINATOR, run->text, 20, 20, 1, LIGHT_AT_FORMAT, 0, "00bafeca"});
        light_free(light, LIGHT_WS, LIGHT_DRAM, run->text, LIGHT_AT_FORMAT);
        light_alert(light, HT_LEVEL_CRITICAL, HT_WATCH_FAULTS, 1, 0, "guard broken");
    }
    if (light->now_ms == 14000) {
        ht_addr twice = light_alloc(light, LIGHT_LED, LIGHT_DRAM, LIGHT_AT_EFFECT, 256);
        light_free(light, LIGHT_LED, LIGHT_DRAM, twice, LIGHT_AT_SWITCH);
        light_fault(light, LIGHT_LED, LIGHT_DRAM, LIGHT_AT_SWITCH, twice,
                    (struct fault_definition){HT_FAULT_DOUBLE_FREE, HT_FOUND_FREE, 0, twice, 256, 0, 0, LIGHT_AT_EFFECT, LIGHT_AT_SWITCH, ""});
    }
    if (light->now_ms == 16000)
        light_fault(light, LIGHT_MAIN, LIGHT_DRAM, LIGHT_AT_MAIN, run->buffer + 12,
                    (struct fault_definition){HT_FAULT_USE_AFTER_FREE, HT_FOUND_SCAN, HT_GUESS_ZERO_FILL, run->buffer, 8192, 12, 4, LIGHT_AT_MESSAGE,
                                              LIGHT_AT_MESSAGE, "00000000"});
    if (light->now_ms == 18000) {
        light_alloc(light, LIGHT_NET, LIGHT_DRAM, LIGHT_AT_MESSAGE, 300000);
        light_alert(light, HT_LEVEL_WARN, HT_WATCH_REFUSED, 300000, 0, "refused");
    }
    if (light->now_ms == 20000) {
        light_fault(light, LIGHT_WS, 0, 0, 0x3FFE0000 + LIGHT_WS * 0x4000,
                    (struct fault_definition){HT_FAULT_STACK_OVERFLOW, HT_FOUND_SCAN, .bad_bytes = 16, .around = "a5a5"});
        light_alert(light, HT_LEVEL_CRITICAL, HT_WATCH_STACK, 0, 256, "ws");
        light_put(light, (struct event){.kind = EVENT_DUMP, .thread = LIGHT_MAIN, .address = 0x3FFE0000 + LIGHT_WS * 0x4000, .define = "00a5a5a5deadbeef"});
    }
}

static inline void light_step(struct light *light, struct light_run *run)
{
    if (light->now_ms % 200 == 0)
        light_message(light, run);
    if (light->now_ms % 100 == 0) {
        run->node = light_alloc(light, LIGHT_LED, LIGHT_PSRAM, LIGHT_AT_NODE, 40);
        light_free(light, LIGHT_LED, LIGHT_PSRAM, run->node, LIGHT_AT_NODE);
    }
    if (light->now_ms % 2000 == 0)
        run->state = light_alloc(light, LIGHT_LED, LIGHT_DRAM, LIGHT_AT_TRANSITION, 2048);
    if (light->now_ms % 2000 == 900)
        light_free(light, LIGHT_LED, LIGHT_DRAM, run->state, LIGHT_AT_TRANSITION);
    if (light->now_ms % 6000 == 0)
        light_alloc(light, LIGHT_LED, LIGHT_DRAM, LIGHT_AT_EFFECT, 1024);
    if (light->now_ms % 3000 == 0)
        light_alloc(light, LIGHT_INTERRUPT, LIGHT_POOL, LIGHT_AT_ISR, 12);
    light_odd(light, run);
    if (light->now_ms % 1000 == 500)
        light_tell_heaps(light);
    if (light->now_ms % 4000 == 0)
        light_tell_stacks(light);
}

static inline void light_run(struct light *light)
{
    struct light_run run = {0};
    light_define_all(light);
    light_tell_heaps(light);
    for (unsigned i = 0; i < 3; i++)
        light_alloc(light, LIGHT_MAIN, LIGHT_DRAM, LIGHT_AT_LEDS, 5760);
    for (unsigned i = 0; i < 4; i++)
        light_alloc(light, LIGHT_MAIN, LIGHT_DRAM, LIGHT_AT_PALETTE, 24576);
    light_alloc(light, LIGHT_MAIN, LIGHT_PSRAM, LIGHT_AT_AUDIO, 2 << 20);
    light_alloc(light, LIGHT_MAIN, LIGHT_PSRAM, LIGHT_AT_DMA, 2048);
    light_put(light, (struct event){.kind = EVENT_MARK, .thread = LIGHT_MAIN, .define = "set up"});
    for (light->now_ms = 100; light->now_ms <= 24000; light->now_ms += 100)
        light_step(light, &run);
}

static inline const struct trace_header *light_header(void)
{
    static const struct trace_header header = {.pointer_bytes = 4,
                                               .page_bytes = 4096,
                                               .tick_ns = 100000,
                                               .command = "light-controller",
                                               .machine = "xtensa",
                                               .system = "FreeRTOS",
                                               .directory = "",
                                               .recorder = "heaptracer test",
                                               .environment = ""};
    return &header;
}

static inline void light_write(const char *path)
{
    struct error error = {0};
    struct trace_totals totals;
    struct trace_writer_config config = {.path = path, .replace = true, .header = *light_header()};
    struct light light = {.writer = trace_writer_new(&config, &error)};
    if (!light.writer)
        abort();
    light_run(&light);
    if (!trace_writer_close(light.writer, &(struct cost_definition){.events = light.index, .clock = 1}, &totals, &error))
        abort();
}

#endif
