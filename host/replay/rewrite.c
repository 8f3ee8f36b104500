/* rewrite: in a trace and an allocator for each of its heaps, out the events of the same run as if that allocator had been there. */
#include "rewrite.h"

#include "host/base/str.h"
#include "wire/api.h"

enum { PAGE = 4096 };

struct rewrite {
    const struct requests *requests;
    const struct replay_entry *entries;
    struct requests again; /* which request an event is: the same as in `requests`, as the same made that list */
    VEC(struct play *) plays;
    VEC(size_t) samples;   /* of each play that were told */
    uint64_t done, left_out;
    bool has_begun;
    struct rewrite_match *matches; /* by heap */
    void (*put)(void *context, const struct event *event);
    void *context;
};

struct rewrite *rewrite_new(const struct requests *requests, const struct replay_entry *entries, void (*put)(void *context, const struct event *event), void *context,
                            struct error *error)
{
    struct rewrite *rewrite = memory_new(1, sizeof *rewrite);
    *rewrite = (struct rewrite){.requests = requests, .entries = entries, .put = put, .context = context};
    requests_init(&rewrite->again, &(struct trace_header){.sample_bytes = requests->sample_bytes});
    rewrite->again.only_process = requests->only_process;
    rewrite->matches = memory_new(requests->heaps.count + 1, sizeof *rewrite->matches);
    for (uint32_t i = 0; i < requests->heaps.count; i++) {
        struct play *play = play_new(requests, i, &entries[i].result.arena, &entries[i].config, error);
        vec_push(&rewrite->plays, play);
        vec_push(&rewrite->samples, 0);
        if (play)
            continue;
        rewrite_free(rewrite);
        return NULL;
    }
    return rewrite;
}

void rewrite_free(struct rewrite *rewrite)
{
    for (size_t i = 0; i < rewrite->plays.count; i++)
        play_free(rewrite->plays.at[i]);
    vec_done(&rewrite->plays);
    vec_done(&rewrite->samples);
    requests_done(&rewrite->again);
    memory_free(rewrite->matches);
    memory_free(rewrite);
}

uint64_t rewrite_left_out(const struct rewrite *rewrite)
{
    return rewrite->left_out;
}

const struct rewrite_match *rewrite_matches(const struct rewrite *rewrite)
{
    return rewrite->matches;
}

static void tell(const struct rewrite *rewrite, const struct event *event)
{
    if (rewrite->put)
        rewrite->put(rewrite->context, event);
}

static void event_put(const struct rewrite *rewrite, const struct event *like, enum event_kind kind, ht_addr address)
{
    struct event event = *like;
    event.kind = (uint8_t)kind;
    event.address = address;
    event.define = NULL;
    tell(rewrite, &event);
}

static void born_put(const struct rewrite *rewrite, const struct event *like, const struct play *play, uint32_t block, ht_addr address)
{
    struct event event = *like;
    event.usable = block < UINT32_MAX ? play_usable(play, block) : 0;
    event.size = like->size;
    event.old_address = 0;
    event_put(rewrite, &event, EVENT_ALLOC, address);
}

static void freed_put(const struct rewrite *rewrite, const struct event *like, ht_addr address)
{
    struct event event = *like;
    event.api = HT_API_FREE;
    event.size = event.usable = event.old_address = 0;
    event.alignment_log2 = 0;
    event_put(rewrite, &event, EVENT_FREE, address);
}

static void resized_put(const struct rewrite *rewrite, const struct event *like, const struct play *play, uint32_t block, ht_addr old, ht_addr address)
{
    struct event event = *like;
    event.size = event.usable = event.old_address = 0;
    event_put(rewrite, &event, EVENT_RESIZE_BEGIN, old);
    event.size = like->size;
    event.usable = address ? play_usable(play, block) : 0;
    event.old_address = old;
    event_put(rewrite, &event, EVENT_RESIZE_END, address);
}

static void match_see(struct rewrite *rewrite, const struct event *event, const struct request *request, ht_addr given)
{
    struct rewrite_match *match = &rewrite->matches[request->heap];
    uint64_t room = play_room(rewrite->plays.at[request->heap], given);
    bool is_same = room ? !((event->address ^ given) & (room - 1)) : event->address == given;
    match->births++;
    match->same += is_same;
    match->mapped += is_same && room == PAGE;
    match->elsewhere += is_same && room > PAGE;
    if (is_same || match->differs)
        return;
    *match = (struct rewrite_match){match->births, match->same, match->mapped, match->elsewhere, true, event->time_ns, event->size, event->address, given, event->stack};
}

/* A free is told before it happens, all else behind it. */
static void request_put(struct rewrite *rewrite, const struct event *like, const struct request *request)
{
    struct play *play = rewrite->plays.at[request->heap];
    ht_addr old = request->kind == REQUEST_FREE || request->kind == REQUEST_RESIZE ? play_address(play, request->block) : 0;
    if (request->kind == REQUEST_FREE && old)
        freed_put(rewrite, like, old);
    ht_addr address = play_step(play, rewrite->done);
    switch (request->kind) {
    case REQUEST_FREE:
        rewrite->left_out += !old;
        break;
    case REQUEST_RESIZE:
        rewrite->left_out += !old;
        match_see(rewrite, like, request, address);
        if (old)
            resized_put(rewrite, like, play, request->block, old, address);
        break;
    case REQUEST_TRY:
        if (address)
            born_put(rewrite, like, play, UINT32_MAX, address);
        if (address)
            freed_put(rewrite, like, address);
        else
            event_put(rewrite, like, EVENT_REFUSE, 0);
        break;
    default:
        match_see(rewrite, like, request, address);
        if (address)
            born_put(rewrite, like, play, request->block, address);
        else
            event_put(rewrite, like, EVENT_REFUSE, 0);
    }
}

/* Now and then how the allocator stands, as firmware tells it. */
static void use_put(struct rewrite *rewrite, const struct event *like, uint32_t heap)
{
    const struct play_sample *sample = play_sample_new(rewrite->plays.at[heap], &rewrite->samples.at[heap]);
    if (!sample || !rewrite->requests->heaps.at[heap].id)
        return;
    struct heap_use_definition use = {.used = sample->use.used, .free = sample->use.free, .largest_free = sample->use.largest, .blocks = sample->use.blocks};
    struct event event = {.kind = EVENT_HEAP_USE, .heap = like->heap, .process = like->process, .thread = like->thread, .time_ns = like->time_ns, .define = &use};
    tell(rewrite, &event);
}

static void requests_take(struct rewrite *rewrite, const struct event *event)
{
    requests_put(&rewrite->again, event);
    for (size_t i = 0; i < rewrite->again.list.count && rewrite->done < rewrite->requests->list.count; i++, rewrite->done++) {
        const struct request *request = &rewrite->again.list.at[i];
        request_put(rewrite, event, request);
        use_put(rewrite, event, request->heap);
    }
    rewrite->again.list.count = rewrite->again.times.count = rewrite->again.threads.count = 0;
}

static void heap_put(const struct rewrite *rewrite, const struct event *event)
{
    struct heap_definition heap = *(const struct heap_definition *)event->define;
    struct event told = *event;
    for (size_t i = 0; i < rewrite->requests->heaps.count; i++) {
        const struct play_arena *arena = &rewrite->entries[i].result.arena;
        if (rewrite->requests->heaps.at[i].id != heap.id || rewrite->requests->heaps.at[i].process != heap.process)
            continue;
        heap.base = arena->regions[0].base;
        heap.size = arena->regions[arena->region_count - 1].base + arena->regions[arena->region_count - 1].bytes - heap.base;
    }
    told.define = &heap;
    tell(rewrite, &told);
}

static void mark_put(struct rewrite *rewrite, const struct event *event)
{
    struct str label = {0};
    struct event mark = {.kind = EVENT_MARK, .process = event->process, .thread = event->thread, .time_ns = event->time_ns};
    rewrite->has_begun = true;
    str_add_format(&label, "replayed on %s: addresses, refusals and usable sizes are that model's", rewrite->entries[0].name);
    mark.define = str_text(&label);
    tell(rewrite, &mark);
    str_done(&label);
}

void rewrite_put(struct rewrite *rewrite, const struct event *event)
{
    bool is_heaps = event->kind >= EVENT_ALLOC && event->kind <= EVENT_REFUSE, is_definition = event->kind >= EVENT_FRAME && event->kind <= EVENT_SOURCE;
    if (rewrite->requests->only_process && event->process != rewrite->requests->only_process && !is_definition)
        return;
    if (!is_definition && !rewrite->has_begun)
        mark_put(rewrite, event);
    if (is_heaps || event->kind == EVENT_HEAP)
        requests_take(rewrite, event);
    if (event->kind == EVENT_HEAP)
        heap_put(rewrite, event);
    else if (is_definition || (event->kind >= EVENT_THREAD_END && event->kind <= EVENT_GAP) || event->kind == EVENT_STACK_USE)
        tell(rewrite, event);
    else if (!is_heaps)
        rewrite->left_out++; /* about places of the recorded run */
}
