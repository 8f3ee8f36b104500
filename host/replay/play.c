/* play: in a list of requests and a model of an allocator, out where each block would lie and what that costs. */
#include "play.h"

#include <stdlib.h>

#include "host/base/now.h"

struct place {
    uint64_t address; /* 0: it was refused */
    uint64_t taken, asked;
};

/* A freed block that waits. */
struct held {
    uint64_t address, bytes; /* address 0: none */
};

struct play {
    const struct requests *requests;
    const struct simulator *simulator;
    struct play_config config;
    void *heap;
    uint32_t number;
    uint64_t place_count;
    struct place *places;      /* by number of the block */
    uint64_t asked, taken, blocks, done, every, next_sample, used_taken;
    uint64_t guard_bytes;      /* of both bands */
    struct held *held;         /* a ring; NULL: a freed block goes back at once */
    uint64_t held_bytes, oldest;
    uint64_t at;               /* number of the request in the list */
    uint32_t thread;           /* of the last request */
    bool has_thread;           /* one was named */
    size_t ends;               /* of threads, that were told */
    uint64_t limit;            /* of one that grows: behind this end it must have taken more */
    struct map room_limits;    /* the same for rooms that a system placed, by their beginning */
    struct map loser_numbers;  /* stack: place in result.losers */
    struct play_result result;
    struct arena_use use;
};

struct play *play_new(const struct requests *requests, uint32_t heap, const struct play_arena *arena, const struct play_config *config, struct error *error)
{
    const struct request_heap *asked = &requests->heaps.at[heap];
    struct play *play = memory_new(1, sizeof *play);
    *play = (struct play){.requests = requests, .simulator = config->simulator, .config = *config, .number = heap, .place_count = asked->blocks};
    play->result.heap = heap;
    play->result.arena = *arena;
    struct simulator_arena given = {.regions = play->result.arena.regions,
                          .region_count = arena->region_count,
                          .pointer_bytes = config->pointer_bytes,
                          .align_bytes = config->align_bytes,
                          .unit_bytes = config->unit_bytes,
                          .options = config->options};
    play->heap = simulator_begin(config->simulator, &given, error);
    if (!play->heap) {
        memory_free(play);
        return NULL;
    }
    play->places = memory_new(asked->blocks + 1, sizeof *play->places);
    play->guard_bytes = config->guards.head_bytes + config->guards.tail_bytes;
    play->held = config->guards.held_most ? memory_new(config->guards.held_most, sizeof *play->held) : NULL;
    play->every = asked->requests / PLAY_SAMPLES + 1;
    play->next_sample = config->is_bare ? UINT64_MAX : play->every;
    play->limit = config->simulator->grows ? 0 : UINT64_MAX;
    return play;
}

void play_free(struct play *play)
{
    if (!play)
        return;
    play->simulator->end(play->heap);
    memory_free(play->places);
    memory_free(play->held);
    map_done(&play->loser_numbers);
    map_done(&play->room_limits);
    play_result_done(&play->result);
    memory_free(play);
}

void play_result_done(struct play_result *result)
{
    vec_done(&result->samples);
    vec_done(&result->losers);
}

uint64_t play_address(const struct play *play, uint32_t block)
{
    uint64_t address = play->places[block].address;
    return address ? address + play->config.guards.head_bytes : 0;
}

uint64_t play_usable(const struct play *play, uint32_t block)
{
    uint64_t taken, usable;
    play->simulator->measure(play->heap, play->places[block].address, &taken, &usable);
    return usable > play->guard_bytes ? usable - play->guard_bytes : 0;
}

uint64_t play_room(const struct play *play, uint64_t address)
{
    return address && play->simulator->room ? play->simulator->room(play->heap, address) : 0;
}

const struct arena_use *play_use(struct play *play)
{
    play->simulator->use(play->heap, &play->use);
    if (play->use.total > play->result.peak_total)
        play->result.peak_total = play->use.total;
    return &play->use;
}

const struct play_sample *play_sample_new(const struct play *play, size_t *seen)
{
    size_t count = play->result.samples.count;
    if (count == *seen)
        return NULL;
    *seen = count;
    return &play->result.samples.at[count - 1];
}

static double fragmentation_of(const struct arena_use *use)
{
    return use->free ? 1 - (double)(use->largest < use->free ? use->largest : use->free) / (double)use->free : 0;
}

static void sample_take(struct play *play, uint64_t number)
{
    struct play_result *result = &play->result;
    const struct arena_use *use = play_use(play);
    struct play_sample sample = {number, play->requests->times.at[number], play->asked, play->taken, play->blocks, *use, fragmentation_of(use)};
    play->next_sample = play->done + play->every;
    vec_push(&result->samples, sample);
    if (sample.fragmentation > result->fragmentation_worst) {
        result->fragmentation_worst = sample.fragmentation;
        result->worst_request = number;
    }
}

/* What the allocator holds is asked for when it is about to fall from a peak, and not at every step of a long climb. */
static void peak_look(struct play *play)
{
    enum { CLIMB_SHIFT = 10 };
    struct play_result *result = &play->result;
    if (play->taken != result->peak_taken || play->taken <= play->used_taken + (play->used_taken >> CLIMB_SHIFT) || play->config.is_bare)
        return;
    play->used_taken = play->taken;
    result->fragmentation_at_peak = fragmentation_of(play_use(play));
}

/* Of one that grows, whether the end of a block shows that it must have taken more. Rooms grow by pages, and one of a page is new. */
static bool room_has_grown(struct play *play, uint64_t room, uint64_t address, uint64_t end)
{
    enum { PAGE = 4096 };
    if (room <= PAGE)
        return true;
    uint64_t *limit = map_put(&play->room_limits, address & ~(room - 1), NULL);
    if (end <= *limit)
        return false;
    *limit = (end + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    return true;
}

static void reach_note(struct play *play, uint64_t address, uint64_t usable)
{
    struct play_result *result = &play->result;
    uint64_t room = play_room(play, address), end = address + usable - result->arena.regions[0].base;
    if (room) {
        if (room_has_grown(play, room, address, address + usable))
            play_use(play);
        return;
    }
    if (end > result->reach)
        result->reach = end;
    if (end > play->limit)
        play->limit = play_use(play)->total;
}

static void grow(struct play *play, struct place *place, uint64_t size)
{
    struct play_result *result = &play->result;
    uint64_t usable;
    play->simulator->measure(play->heap, place->address, &place->taken, &usable);
    if (!place->taken) /* an allocator that keeps no sizes, since it never needs them again */
        place->taken = usable = size + play->guard_bytes;
    place->asked = size;
    play->asked += size;
    play->taken += place->taken;
    if (play->asked > result->peak_asked) {
        result->peak_asked = play->asked;
        result->peak_asked_request = play->at;
    }
    if (play->taken > result->peak_taken)
        result->peak_taken = play->taken;
    reach_note(play, place->address, usable);
}

static void shrink(struct play *play, const struct place *place)
{
    peak_look(play);
    play->asked -= place->asked;
    play->taken -= place->taken;
}

static void loser_note(struct play *play, const struct request *request)
{
    struct play_result *result = &play->result;
    bool is_new;
    uint64_t *number = map_put(&play->loser_numbers, request->stack, &is_new);
    if (is_new) {
        *number = result->losers.count;
        vec_push(&result->losers, ((struct play_loser){.stack = request->stack, .first_request = play->at}));
    }
    struct play_loser *loser = &result->losers.at[*number];
    loser->refusals++;
    loser->bytes += request->size;
    if (request->size > loser->largest)
        loser->largest = request->size;
}

static __attribute__((noinline)) void refusal_note(struct play *play, const struct request *request)
{
    struct play_result *result = &play->result;
    bool is_resize = request->kind == REQUEST_RESIZE;
    result->refusals++;
    result->refused_bytes += request->size;
    result->resizes_refused += is_resize;
    loser_note(play, request);
    if (!result->first.is_there)
        result->first = (struct play_refusal){.is_there = true,
                                              .request = play->at,
                                              .time_ns = play->requests->times.at[play->at],
                                              .size = request->size,
                                              .align = request->align_log2 ? 1ull << request->align_log2 : 0,
                                              .asked = play->asked,
                                              .stack = request->stack,
                                              .is_resize = is_resize,
                                              .use = *play_use(play)};
}

static uint64_t ask(struct play *play, const struct request *request)
{
    if (request->kind == REQUEST_ZEROED && play->simulator->calloc && !play->guard_bytes) /* with guards calloc is malloc, and then filled */
        return play->simulator->calloc(play->heap, request->size);
    return play->simulator->alloc(play->heap, request->size + play->guard_bytes, request->align_log2 ? 1ull << request->align_log2 : 0);
}

static uint64_t step_alloc(struct play *play, const struct request *request)
{
    struct place *place = &play->places[request->block];
    place->address = ask(play, request);
    if (!place->address) {
        refusal_note(play, request);
        return 0;
    }
    play->blocks++;
    grow(play, place, request->size);
    return place->address + play->config.guards.head_bytes;
}

/* In goes the block, out comes the oldest; more of them while too many bytes are held. */
static __attribute__((noinline)) void hold(struct play *play, uint64_t address, uint64_t bytes)
{
    struct held now = {address, bytes};
    bool is_over = true;
    while (is_over) {
        struct held *cell = &play->held[play->oldest], oldest = *cell;
        *cell = now;
        play->held_bytes += now.bytes - oldest.bytes;
        play->oldest = (play->oldest + 1) % play->config.guards.held_most;
        is_over = play->config.guards.held_bytes && play->held_bytes > play->config.guards.held_bytes;
        if (oldest.address)
            play->simulator->free(play->heap, oldest.address);
        now = (struct held){0};
    }
}

static uint64_t step_free(struct play *play, const struct request *request)
{
    struct place *place = &play->places[request->block];
    uint64_t address = place->address;
    if (!address) {
        play->result.skipped++;
        return 0;
    }
    shrink(play, place);
    play->blocks--;
    place->address = 0;
    if (play->held)
        hold(play, address, place->asked);
    else
        play->simulator->free(play->heap, address);
    return address + play->config.guards.head_bytes;
}

static uint64_t resized(struct play *play, const struct request *request, uint64_t old)
{
    const struct simulator *simulator = play->simulator;
    if (simulator->resize)
        return simulator->resize(play->heap, old, request->size + play->guard_bytes);
    uint64_t address = simulator->alloc(play->heap, request->size + play->guard_bytes, 0);
    if (address)
        simulator->free(play->heap, old);
    return address;
}

static uint64_t step_resize(struct play *play, const struct request *request)
{
    struct place *place = &play->places[request->block];
    struct place old = *place;
    if (!old.address) {
        play->result.skipped++;
        return 0;
    }
    uint64_t address = resized(play, request, old.address);
    if (!address) {
        refusal_note(play, request);
        return 0;
    }
    shrink(play, &old);
    place->address = address;
    grow(play, place, request->size);
    if (address != old.address) {
        play->result.moves++;
        play->result.moved_bytes += old.asked < request->size ? old.asked : request->size;
    }
    return address + play->config.guards.head_bytes;
}

static uint64_t step_try(struct play *play, const struct request *request)
{
    uint64_t address = ask(play, request);
    if (!address)
        return 0;
    play->result.granted++;
    play->simulator->free(play->heap, address);
    return address;
}

static inline __attribute__((always_inline)) uint64_t step(struct play *play, const struct request *request)
{
    switch (request->kind) {
    case REQUEST_ALLOC:
    case REQUEST_ZEROED:
        return step_alloc(play, request);
    case REQUEST_FREE:
        return step_free(play, request);
    case REQUEST_RESIZE:
        return step_resize(play, request);
    default:
        return step_try(play, request);
    }
}

/* Threads that ended before the request. Those of other processes have nothing in this heap. */
static void ends_tell(struct play *play, uint64_t number)
{
    const struct requests *requests = play->requests;
    for (; play->ends < requests->thread_ends.count && requests->thread_ends.at[play->ends].before <= number; play->ends++)
        play->simulator->thread_end(play->heap, requests->thread_ends.at[play->ends].thread);
}

static void thread_follow(struct play *play, uint64_t number)
{
    uint32_t thread = requests_thread(play->requests, number);
    ends_tell(play, number);
    if (play->has_thread && thread == play->thread)
        return;
    play->simulator->thread(play->heap, thread);
    play->thread = thread;
    play->has_thread = true;
}

static inline __attribute__((always_inline)) uint64_t step_at(struct play *play, uint64_t number)
{
    play->at = number;
    if (play->simulator->thread)
        thread_follow(play, number);
    uint64_t address = step(play, &play->requests->list.at[number]);
    if (++play->done == play->next_sample)
        sample_take(play, number);
    return address;
}

uint64_t play_step(struct play *play, uint64_t number)
{
    return step_at(play, number);
}

bool play_all(struct play *play)
{
    const struct request *list = play->requests->list.at;
    const struct request_heap *heap = &play->requests->heaps.at[play->number];
    uint64_t start = now_of(CLOCK_THREAD_CPUTIME_ID);
    bool stops = play->config.stops_at_refusal, is_only = play->requests->heaps.count == 1;
    for (uint64_t i = heap->first; i < heap->end; i++) {
        if (!is_only && list[i].heap != play->number)
            continue;
        step_at(play, i);
        if (stops && play->result.refusals)
            break;
    }
    play->result.cpu_ns = now_of(CLOCK_THREAD_CPUTIME_ID) - start;
    return !play->result.refusals;
}

static int loser_order(const void *a, const void *b)
{
    const struct play_loser *one = a, *other = b;
    if (one->bytes != other->bytes)
        return one->bytes < other->bytes ? 1 : -1;
    return one->first_request < other->first_request ? -1 : 1;
}

void play_finish(struct play *play, struct play_result *result)
{
    struct play_result *own = &play->result;
    peak_look(play);
    if (play->simulator->thread)
        ends_tell(play, UINT64_MAX);
    if (play->done && !play->config.is_bare && (!own->samples.count || own->samples.at[own->samples.count - 1].request != play->at))
        sample_take(play, play->at);
    own->end = *play_use(play);
    own->requests = play->done;
    own->fragmentation_end = fragmentation_of(&own->end);
    if (own->fragmentation_at_peak > own->fragmentation_worst)
        own->fragmentation_worst = own->fragmentation_at_peak;
    if (play->simulator->grows)
        own->reach = own->peak_total;
    if (own->losers.count)
        qsort(own->losers.at, own->losers.count, sizeof *own->losers.at, loser_order);
    *result = *own;
    own->samples.at = NULL;
    own->losers.at = NULL;
    vec_done(&own->samples);
    vec_done(&own->losers);
}

bool play_run(const struct requests *requests, uint32_t heap, const struct play_arena *arena, const struct play_config *config, struct play_result *result, struct error *error)
{
    struct play *play = play_new(requests, heap, arena, config, error);
    if (!play)
        return false;
    play_all(play);
    play_finish(play, result);
    play_free(play);
    return true;
}
