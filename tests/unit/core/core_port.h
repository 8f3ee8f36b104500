/* core_port: a machine for the tests of the firmware's core: an allocator of cells in an array, a clock, tasks, stacks and a line that the test sets and reads. */
#ifndef TESTS_CORE_PORT_H
#define TESTS_CORE_PORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <heaptracer/port.h>

#include "target/core/core.h"
#include "wire/device_get.h"

enum { CELLS = 64, CELL_BYTES = 1024, LINE_BYTES = 1 << 20, PRINTED_BYTES = 1 << 16, TICKS_PER_S = 1000 };

static struct {
    uint8_t cells[CELLS][CELL_BYTES] __attribute__((aligned(16)));
    bool used[CELLS], refuses, moves;
    uint32_t now, step, freed; /* step: that each reading takes */
    uint8_t task;
    bool in_interrupt;
    int locks;
    ht_pc pcs[HT_STACK_MOST];
    unsigned pc_count;
    enum ht_light light;
    char printed[PRINTED_BYTES];
    size_t printed_bytes;
    uint8_t line[LINE_BYTES];
    size_t line_bytes, line_room; /* line_room: that the sink still takes */
    uint8_t orders[64];
    size_t order_count, order_at;
    uint8_t image[64];
} port;

uint32_t ht_port_now(void)
{
    return port.now += port.step;
}

uint32_t ht_port_ticks_per_s(void)
{
    return TICKS_PER_S;
}

ht_lock ht_port_lock(void)
{
    return (ht_lock)port.locks++;
}

void ht_port_unlock(ht_lock before)
{
    port.locks--;
    assert_int_equal(before, port.locks);
}

uint8_t ht_port_task(void)
{
    return port.task;
}

bool ht_port_in_interrupt(void)
{
    return port.in_interrupt;
}

unsigned ht_port_walk(const void *here, ht_pc *frames, unsigned most)
{
    unsigned count = port.pc_count < most ? port.pc_count : most;
    assert_non_null(here);
    memcpy(frames, port.pcs, count * sizeof *frames);
    return port.pc_count > most ? count | HT_WALK_CUT : count;
}

void *ht_port_malloc(size_t bytes, uint32_t caps)
{
    (void)caps;
    assert_int_equal(port.locks, 0);
    for (int i = 0; i < CELLS && !port.refuses && bytes <= CELL_BYTES; i++)
        if (!port.used[i]) {
            port.used[i] = true;
            return port.cells[i];
        }
    return NULL;
}

static int cell_of(const void *block)
{
    size_t at = (size_t)((const uint8_t *)block - port.cells[0]);
    assert_true(at < sizeof port.cells && at % CELL_BYTES == 0 && port.used[at / CELL_BYTES]);
    return (int)(at / CELL_BYTES);
}

void *ht_port_realloc(void *block, size_t bytes, uint32_t caps)
{
    int cell = cell_of(block);
    if (!port.moves && bytes <= CELL_BYTES && !port.refuses)
        return block;
    void *to = ht_port_malloc(bytes, caps);
    if (!to)
        return NULL;
    memcpy(to, block, CELL_BYTES);
    port.used[cell] = false;
    return to;
}

void ht_port_free(void *block)
{
    assert_int_equal(port.locks, 0);
    if (!block)
        return;
    port.used[cell_of(block)] = false;
    port.freed++;
}

void ht_port_led(enum ht_light light)
{
    port.light = light;
}

void ht_port_print(char letter)
{
    if (port.printed_bytes + 1 < PRINTED_BYTES)
        port.printed[port.printed_bytes++] = letter;
    port.printed[port.printed_bytes] = 0;
}

struct ht_image ht_port_image(void)
{
    return (struct ht_image){port.image, sizeof port.image};
}

static long line_write(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    if (count > port.line_room)
        count = port.line_room;
    memcpy(port.line + port.line_bytes, bytes, count);
    port.line_bytes += count;
    port.line_room -= count;
    return (long)count;
}

static int line_read(void *context)
{
    (void)context;
    return port.order_at < port.order_count ? port.orders[port.order_at++] : -1;
}

static const struct ht_sink port_sink __attribute__((unused)) = {line_write, line_read, NULL};

static inline void port_order(const void *bytes, size_t count)
{
    memcpy(port.orders, bytes, count);
    port.order_at = 0;
    port.order_count = count;
}

static inline void port_stack(unsigned count, ht_pc first)
{
    port.pc_count = count;
    for (unsigned i = 0; i < count; i++)
        port.pcs[i] = first + i * 16;
}

/* As a machine is when it is switched on. */
static inline void port_reset(void)
{
    memset(&port, 0, sizeof port);
    memset(&ht__core, 0, sizeof ht__core);
    port.line_room = LINE_BYTES;
    port_stack(3, 0x08001000);
}

/* What is on the line, as records in order. */
struct heard_all {
    struct ht_heard heard[1 << 16];
    uint8_t payloads[LINE_BYTES];
    size_t count, frames, wrong;
};

static inline size_t heard_frame(struct heard_all *all, struct ht_device *device, uint8_t *bytes, size_t count)
{
    struct ht_opened opened;
    size_t payload = ht__cobs_get(bytes, count);
    if (!payload || ht__frame_open(&opened, device, bytes, payload) != HT_OPEN_DONE)
        return all->wrong++;
    all->frames++;
    while (all->count < sizeof all->heard / sizeof all->heard[0] && ht__told_get(&opened, &all->heard[all->count]))
        all->count++;
    return all->wrong += opened.bytes.bad;
}

static inline struct heard_all *port_heard(void)
{
    static struct heard_all all;
    struct ht_device device = {0};
    all.count = all.frames = all.wrong = 0;
    memcpy(all.payloads, port.line, port.line_bytes);
    for (size_t at = 0, begin = 0; at < port.line_bytes; at++)
        if (!all.payloads[at]) {
            heard_frame(&all, &device, all.payloads + begin, at - begin);
            begin = at + 1;
        }
    return &all;
}

/* The n-th record of the kind (from 0), or NULL. */
static inline const struct ht_heard *heard_kind(const struct heard_all *all, uint8_t kind, size_t n)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->heard[i].kind == kind && !n--)
            return &all->heard[i];
    return NULL;
}

static inline size_t heard_count(const struct heard_all *all, uint8_t kind)
{
    size_t n = 0;
    while (heard_kind(all, kind, n))
        n++;
    return n;
}

/* Everything goes out. */
static inline struct heard_all *port_pumped(void)
{
    for (int i = 0; i < 300; i++) {
        port.now += TICKS_PER_S / 8;
        ht_pump();
    }
    return port_heard();
}

#endif
