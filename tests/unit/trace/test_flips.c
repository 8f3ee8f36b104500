/* flips: a long trace with one bit flipped at many random places: what is lost is said, event by event, and it is never more than one segment.
 * usage: test_flips [EVENTS FLIPS]; prints how much of the trace could still be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/trace/block.h"
#include "host/trace/writer.h"

enum { SLOTS = 3000, STACKS = 500, THREADS = 3 };

static uint64_t event_count = 1200000;
static uint64_t flip_count = 20;

struct subject {
    uint32_t *digests; /* of each event, by index */
    uint64_t count;
    uint8_t *bytes;
    size_t byte_count, read;
    uint64_t dice;
};

static uint32_t roll(struct subject *subject, uint32_t below)
{
    subject->dice = subject->dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((subject->dice >> 33) % below);
}

static bool is_hot(const struct event *event)
{
    return event->kind >= EVENT_ALLOC && event->kind <= EVENT_RESIZE_END;
}

static uint32_t digest(const struct event *event)
{
    uint64_t sum = event->kind;
    const uint64_t parts[] = {event->address, event->size, event->stack, event->thread, event->time_ns / TRACE_TICK_NS};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        sum = (sum ^ parts[i]) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(sum >> 32);
}

static void put(struct subject *subject, struct trace_writer *writer, const struct event *event)
{
    subject->digests[subject->count++] = digest(event);
    trace_writer_put(writer, event, 1);
}

static void put_stacks(struct subject *subject, struct trace_writer *writer)
{
    for (uint32_t id = 1; id <= STACKS; id++) {
        struct frame_definition frame = {.id = id, .parent = id / 2, .module = 1, .offset = id * 64};
        put(subject, writer, &(struct event){.kind = EVENT_FRAME, .define = &frame});
    }
}

static void put_events(struct subject *subject, struct trace_writer *writer)
{
    static struct {
        ht_addr address;
        uint64_t size;
    } slots[SLOTS];
    ht_addr bump = 0x10000;
    memset(slots, 0, sizeof slots);
    for (uint64_t time_ns = 1; subject->count < event_count; time_ns += roll(subject, 300)) {
        uint32_t at = roll(subject, 8) ? roll(subject, 40) : roll(subject, SLOTS);
        struct event event = {.kind = slots[at].address ? EVENT_FREE : EVENT_ALLOC, .process = 1, .thread = 1 + at % THREADS, .time_ns = time_ns};
        event.api = event.kind == EVENT_ALLOC ? 1 : 14;
        event.address = slots[at].address;
        slots[at].address = 0;
        if (event.kind == EVENT_ALLOC) {
            event.size = 16u << roll(subject, 6);
            event.stack = 1 + (at * 7 + roll(subject, 3)) % STACKS;
            event.address = slots[at].address = bump += event.size + 16;
        }
        put(subject, writer, &event);
    }
}

static void load(struct subject *subject, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    subject->byte_count = (size_t)ftell(file);
    rewind(file);
    subject->bytes = memory_new(1, subject->byte_count);
    assert_int_equal(fread(subject->bytes, 1, subject->byte_count, file), subject->byte_count);
    fclose(file);
}

static int set_up(void **state)
{
    char path[] = "/tmp/test_flips.XXXXXX";
    struct error error = {0};
    struct trace_totals totals;
    struct subject *subject = memory_new(1, sizeof *subject);
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    subject->dice = 5;
    subject->digests = memory_new(event_count + STACKS, sizeof *subject->digests);
    struct trace_writer_config config = {
        .path = path,
        .replace = true,
        .header = {.command = "", .machine = "", .system = "", .directory = "", .recorder = "", .environment = "", .pointer_bytes = 8, .page_bytes = 4096}};
    struct trace_writer *writer = trace_writer_new(&config, &error);
    assert_non_null(writer);
    put_stacks(subject, writer);
    put_events(subject, writer);
    assert_true(trace_writer_close(writer, &(struct cost_definition){0}, &totals, &error));
    load(subject, path);
    unlink(path);
    *state = subject;
    return 0;
}

static int tear_down(void **state)
{
    struct subject *subject = *state;
    memory_free(subject->digests);
    memory_free(subject->bytes);
    memory_free(subject);
    return 0;
}

static long read_bytes(void *context, void *to, size_t room)
{
    struct subject *subject = context;
    size_t left = subject->byte_count - subject->read, count = left < room ? left : room;
    memcpy(to, subject->bytes + subject->read, count);
    subject->read += count;
    return (long)count;
}

struct tale {
    uint64_t told, lost, gaps, lost_bytes;
};

/* A gap's index is that of the event behind it: what it lost lies just before. */
static struct tale tell(struct subject *subject)
{
    struct tale tale = {0};
    struct error error = {0};
    struct event event;
    subject->read = 0;
    struct trace_reader *reader = trace_open_stream(read_bytes, subject, "bytes", &error);
    assert_non_null(reader);
    while (trace_next(reader, &event, &error)) {
        if (event.kind == EVENT_GAP) {
            tale.gaps++;
            tale.lost += event.size;
            tale.lost_bytes += event.address;
            assert_true(event.define && event.index <= subject->count);
        } else if (event.kind != EVENT_COST) {
            tale.told++;
            assert_true(event.index < subject->count);
            assert_true(!is_hot(&event) || digest(&event) == subject->digests[event.index]);
        }
    }
    assert_int_equal(error.kind, ERROR_NONE);
    trace_close(reader);
    return tale;
}

static void a_flipped_bit_costs_no_more_than_a_segment(void **state)
{
    struct subject *subject = *state;
    uint64_t told = 0, most = 0, harmed = 0;
    assert_int_equal(tell(subject).told, subject->count);
    for (uint64_t turn = 0; turn < flip_count; turn++) {
        size_t at = 8 + roll(subject, (uint32_t)(subject->byte_count - 8));
        uint8_t bit = (uint8_t)(1u << roll(subject, 8));
        subject->bytes[at] ^= bit;
        struct tale tale = tell(subject);
        subject->bytes[at] ^= bit;
        assert_int_equal(tale.told + tale.lost, subject->count);
        assert_true(tale.lost <= CODE_SEGMENT_EVENTS + CODE_BLOCK_EVENTS);
        assert_true(tale.gaps || !tale.lost);
        told += tale.told;
        most = tale.lost > most ? tale.lost : most;
        harmed += tale.lost > 0;
    }
    printf("%llu flips in %zu bytes of %llu events: %llu cost events, %.2f %% of all were still read, at most %llu lost\n", (unsigned long long)flip_count,
           subject->byte_count, (unsigned long long)subject->count, (unsigned long long)harmed,
           100.0 * (double)told / ((double)subject->count * (double)flip_count), (unsigned long long)most);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(a_flipped_bit_costs_no_more_than_a_segment, set_up, tear_down)};
    if (argc == 3) {
        event_count = strtoull(argv[1], NULL, 10);
        flip_count = strtoull(argv[2], NULL, 10);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
