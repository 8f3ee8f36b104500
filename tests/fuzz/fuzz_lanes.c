/* fuzz_lanes: in any bytes as what a broken program left in the shared memory of its session, out events that make sense, and the same ones again from a
 * trace file.
 *
 * Input: session flags u8, process count u8, PROCESSES entries, then for each lane its counters and u16 ring bytes and those; what is left are changes
 * (lane u8, place u16, 8 bytes) that the program makes between two rounds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/base/vec.h"
#include "host/source/shm.h"
#include "tests/unit/trace/story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LANES = 2, PROCESSES = 3, LANE_BYTES = 4096, STRIDE = LANE_BYTES + HT_LANE_HEADER_BYTES };
enum { OFFSET = (sizeof(struct ht_session) + 4095) / 4096 * 4096, BYTES = OFFSET + LANES * STRIDE, HOT_MOST = 65536 };

struct input {
    const uint8_t *at;
    size_t left;
};

struct taken {
    VEC(struct event) hot;
    struct trace_writer *writer;
    uint64_t time_ns;
    uint32_t frames, threads, processes;
};

static void take(struct input *input, void *to, size_t bytes)
{
    size_t count = input->left < bytes ? input->left : bytes;
    if (count)
        memcpy(to, input->at, count);
    input->at += count;
    input->left -= count;
}

static void must(bool good)
{
    if (!good)
        abort();
}

static bool is_hot(const struct event *event)
{
    return event->kind >= EVENT_ALLOC && event->kind <= EVENT_RESIZE_END;
}

/* What every taker relies on. */
static void see_one(struct taken *taken, const struct event *event)
{
    must(event->kind > EVENT_NONE && event->kind < EVENT_KIND_COUNT && event->time_ns >= taken->time_ns);
    taken->time_ns = event->time_ns;
    if (event->kind == EVENT_FRAME) {
        const struct frame_definition *frame = event->define;
        must(frame->id == ++taken->frames && frame->parent < frame->id);
    }
    if (event->kind == EVENT_THREAD && ((const struct thread_definition *)event->define)->id > taken->threads)
        must(((const struct thread_definition *)event->define)->id == ++taken->threads);
    must(event->stack <= taken->frames && event->thread <= taken->threads);
    must(!is_hot(event) || (event->thread && event->process));
    if (is_hot(event) && taken->hot.count < HOT_MOST)
        vec_push(&taken->hot, *event);
}

static void see(void *context, const struct event *events, size_t count)
{
    struct taken *taken = context;
    for (size_t i = 0; i < count; i++)
        see_one(taken, events + i);
    trace_writer_put(taken->writer, events, count);
}

static void fill_session(struct ht_session *session, const struct clock *clock, struct input *input)
{
    uint8_t words[2] = {0};
    take(input, words, sizeof words);
    session->lane_count = LANES;
    session->lane_bytes = session->wake_bytes = LANE_BYTES;
    session->lane_stride = STRIDE;
    session->lanes_offset = OFFSET;
    session->file_bytes = BYTES;
    session->clock = clock->kind;
    session->clock_start = clock->start_ticks;
    session->recording = 1;
    session->flags = words[0];
    session->process_count = words[1];
    session->lanes_used = LANES;
    for (int i = 0; i < PROCESSES; i++) {
        take(input, &session->processes[i], sizeof session->processes[i]);
        session->processes[i].pid_space = 0;
    }
    for (uint32_t i = 0; i < LANES; i++) {
        struct ht_lane *lane = ht_session_lane(session, i);
        uint16_t bytes = 0;
        take(input, lane, sizeof *lane);
        take(input, &bytes, sizeof bytes);
        take(input, ht_lane_ring(lane), bytes < LANE_BYTES ? bytes : LANE_BYTES);
    }
}

static void change(struct ht_session *session, struct input *input)
{
    uint8_t lane = 0;
    uint16_t place = 0;
    take(input, &lane, 1);
    take(input, &place, sizeof place);
    take(input, (uint8_t *)ht_session_lane(session, lane % LANES) + (place < STRIDE - 8 ? place : 0), 8);
}

static struct trace_writer *open_writer(const char *path)
{
    struct error error = {0};
    struct trace_writer_config config = {
        .path = path,
        .replace = true,
        .header = {.pointer_bytes = 8, .page_bytes = 4096, .tick_ns = 1, .command = "", .machine = "", .system = "", .directory = "", .recorder = "", .environment = ""}};
    struct trace_writer *writer = trace_writer_new(&config, &error);
    must(writer);
    return writer;
}

static void read_again(const char *path, const struct taken *taken)
{
    struct error error = {0};
    struct event event;
    size_t count = 0;
    struct trace_reader *reader = trace_open(path, &error);
    must(reader);
    while (trace_next(reader, &event, &error))
        if (is_hot(&event) && count < taken->hot.count)
            must(story_event_same(&event, &taken->hot.at[count++], 1));
    must(count == taken->hot.count && error.kind == ERROR_NONE);
    trace_close(reader);
}

static void collect(struct ht_session *session, int fd, struct clock *clock, struct taken *taken, struct input *input)
{
    struct shm *shm = shm_new(&(struct shm_config){.session = session, .fd = fd, .clock = clock, .put = see, .context = taken});
    for (int rounds = 0; rounds < 16 && (input->left || !rounds); rounds++) {
        shm_round(shm);
        change(session, input);
    }
    shm_finish(shm);
    shm_free(shm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct clock clock;
    struct taken taken = {0};
    struct trace_totals totals;
    struct error error = {0};
    char path[64];
    int fd = memfd_create("session", MFD_CLOEXEC), file = memfd_create("trace", MFD_CLOEXEC);
    must(fd >= 0 && file >= 0 && ftruncate(fd, BYTES) == 0);
    struct ht_session *session = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(session != MAP_FAILED);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    clock_start(&clock, HT_CLOCK_MONOTONIC);
    fill_session(session, &clock, &input);
    taken.writer = open_writer(path);
    collect(session, fd, &clock, &taken, &input);
    must(trace_writer_close(taken.writer, &(struct cost_definition){0}, &totals, &error));
    read_again(path, &taken);
    vec_done(&taken.hot);
    munmap(session, BYTES);
    close(fd);
    close(file);
    return 0;
}
