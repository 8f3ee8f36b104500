/* requests: in events, out what the program asked of its heaps. */
#include "requests.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/number.h"
#include "host/base/str.h"
#include "wire/api.h"

enum { FLIGHTS_MOST = 1024, MARKS_MOST = 4096 };
#define SIZE_MOST ((1ull << REQUEST_SIZE_BITS) - 1)

void requests_init(struct requests *requests, const struct trace_header *header)
{
    *requests = (struct requests){.most = REQUESTS_MOST, .sample_bytes = header->sample_bytes};
}

static void heap_done(struct request_heap *heap)
{
    memory_free(heap->name);
    map_done(&heap->places);
    vec_done(&heap->sizes);
    vec_done(&heap->unused);
}

void requests_done(struct requests *requests)
{
    for (size_t i = 0; i < requests->heaps.count; i++)
        heap_done(&requests->heaps.at[i]);
    for (size_t i = 0; i < requests->definitions.count; i++)
        memory_free((char *)(uintptr_t)requests->definitions.at[i].name);
    vec_done(&requests->list);
    vec_done(&requests->times);
    vec_done(&requests->threads);
    vec_done(&requests->thread_ends);
    vec_done(&requests->heaps);
    vec_done(&requests->marks);
    vec_done(&requests->definitions);
    vec_done(&requests->flights);
    map_done(&requests->heap_numbers);
    map_done(&requests->forked);
}

static void definition_keep(struct requests *requests, const struct heap_definition *definition)
{
    struct heap_definition *kept = NULL;
    for (size_t i = 0; i < requests->definitions.count; i++)
        if (requests->definitions.at[i].id == definition->id && requests->definitions.at[i].process == definition->process)
            kept = &requests->definitions.at[i];
    if (!kept && requests->definitions.count >= REQUEST_HEAPS_MOST)
        return;
    if (!kept) {
        vec_extend(&requests->definitions, requests->definitions.count + 1);
        kept = &requests->definitions.at[requests->definitions.count - 1];
    }
    memory_free((char *)(uintptr_t)kept->name);
    *kept = *definition;
    kept->name = memory_copy_text(definition->name ? definition->name : "");
}

static const struct heap_definition *definition_find(const struct requests *requests, uint32_t process, uint32_t id)
{
    for (size_t i = 0; i < requests->definitions.count; i++)
        if (requests->definitions.at[i].id == id && requests->definitions.at[i].process == process)
            return &requests->definitions.at[i];
    return NULL;
}

static struct request_heap heap_begin(const struct requests *requests, uint32_t process, uint32_t id)
{
    const struct heap_definition *definition = definition_find(requests, process, id);
    struct request_heap heap = {.process = process, .id = id, .lowest = UINT64_MAX};
    if (definition) {
        heap.kind = definition->kind;
        heap.base = definition->base;
        heap.bytes = definition->size;
    }
    heap.name = memory_copy_text(definition ? definition->name : "");
    return heap;
}

/* NULL: there are too many. */
static struct request_heap *heap_of(struct requests *requests, const struct event *event)
{
    uint64_t key = (uint64_t)event->process << 32 | event->heap;
    bool is_new;
    if (requests->heaps.count >= REQUEST_HEAPS_MOST && !map_get(&requests->heap_numbers, key))
        return NULL;
    uint64_t *number = map_put(&requests->heap_numbers, key, &is_new);
    if (is_new) {
        *number = requests->heaps.count;
        requests->heaps_forked += !event->heap && map_get(&requests->forked, event->process);
        vec_push(&requests->heaps, heap_begin(requests, event->process, event->heap));
    }
    return &requests->heaps.at[*number];
}

static bool is_full(struct requests *requests)
{
    if (requests->list.count < requests->most)
        return false;
    requests->left_out++;
    return true;
}

static void request_push(struct requests *requests, struct request_heap *heap, const struct event *event, struct request request)
{
    request.heap = (uint64_t)(heap - requests->heaps.at);
    vec_push(&requests->list, request);
    vec_push(&requests->times, event->time_ns);
    requests_thread_put(requests, event->thread);
    requests_count(requests, heap);
}

static uint64_t size_cut(uint64_t size)
{
    return size < SIZE_MOST ? size : SIZE_MOST;
}

static void heap_grow(struct request_heap *heap, uint64_t size)
{
    heap->live_bytes += size;
    if (heap->live_bytes > heap->peak_bytes)
        heap->peak_bytes = heap->live_bytes;
}

static uint32_t number_take(struct request_heap *heap)
{
    if (heap->unused.count)
        return heap->unused.at[--heap->unused.count];
    vec_push(&heap->sizes, 0);
    return (uint32_t)heap->blocks++;
}

static void block_end(struct requests *requests, struct request_heap *heap, const struct event *event, uint32_t block)
{
    uint64_t size = heap->sizes.at[block];
    request_push(requests, heap, event, (struct request){.block = block, .stack = event->stack, .size = size, .kind = REQUEST_FREE});
    heap->live_bytes -= size;
    heap->live--;
    vec_push(&heap->unused, block);
}

/* Another block was there: it must have ended unseen. */
static void place_take(struct requests *requests, struct request_heap *heap, const struct event *event, uint32_t block)
{
    bool is_new;
    uint64_t *place = map_put(&heap->places, event->address, &is_new);
    uint32_t old = (uint32_t)*place;
    *place = block;
    if (event->address < heap->lowest)
        heap->lowest = event->address;
    if (event->address + event->size > heap->highest)
        heap->highest = event->address + event->size;
    if (is_new)
        return;
    requests->vanished++;
    block_end(requests, heap, event, old);
}

static void alloc_put(struct requests *requests, const struct event *event)
{
    struct request_heap *heap = heap_of(requests, event);
    if (!heap || is_full(requests)) {
        requests->heaps_left_out += !heap;
        return;
    }
    uint32_t block = number_take(heap);
    requests->inherited += (event->flags & EVENT_INHERITED) != 0;
    place_take(requests, heap, event, block);
    uint64_t size = heap->sizes.at[block] = size_cut(event->size);
    heap_grow(heap, size);
    heap->live++;
    request_push(requests, heap, event, (struct request){
        .block = block, .stack = event->stack, .size = size, .align_log2 = event->alignment_log2 & 31, .kind = event->api == HT_API_CALLOC ? REQUEST_ZEROED : REQUEST_ALLOC});
}

/* The block at the event's address, which is not there any more, and its heap; NULL: none is known, or the list is full. */
static struct request_heap *block_take(struct requests *requests, const struct event *event, uint64_t *block)
{
    struct request_heap *heap = heap_of(requests, event);
    if (!heap || is_full(requests))
        return NULL;
    if (map_remove(&heap->places, event->address, block))
        return heap;
    requests->unknown_frees++;
    return NULL;
}

static void free_put(struct requests *requests, const struct event *event)
{
    uint64_t block;
    struct request_heap *heap = block_take(requests, event, &block);
    if (heap)
        block_end(requests, heap, event, (uint32_t)block);
}

/* Damage, or threads that were killed in realloc: the oldest lives on at its place. */
static void flight_drop(struct requests *requests)
{
    struct request_flight first = requests->flights.at[0];
    memmove(requests->flights.at, requests->flights.at + 1, --requests->flights.count * sizeof first);
    requests->flights_lost++;
    *map_put(&requests->heaps.at[first.heap].places, first.address, NULL) = first.block;
}

static void resize_begin_put(struct requests *requests, const struct event *event)
{
    uint64_t block;
    struct request_heap *heap = block_take(requests, event, &block);
    if (!heap)
        return;
    if (requests->flights.count == FLIGHTS_MOST)
        flight_drop(requests);
    vec_push(&requests->flights, ((struct request_flight){event->thread, (uint32_t)(heap - requests->heaps.at), (uint32_t)block, event->address}));
}

/* The latest of the thread from that address. */
static bool flight_land(struct requests *requests, const struct event *event, struct request_flight *landed)
{
    for (size_t i = requests->flights.count; i-- > 0;) {
        struct request_flight *flight = &requests->flights.at[i];
        if (flight->thread != event->thread || flight->address != event->old_address || requests->heaps.at[flight->heap].process != event->process)
            continue;
        *landed = *flight;
        requests->flights.count--;
        memmove(flight, flight + 1, (requests->flights.count - i) * sizeof *flight);
        return true;
    }
    return false;
}

/* A probe: what was refused in the recorded run is asked for all the same, since that, too, may change a heap. */
static void refuse_put(struct requests *requests, const struct event *event)
{
    struct request_heap *heap = heap_of(requests, event);
    if (!heap || is_full(requests))
        return;
    requests->tries++;
    request_push(requests, heap, event, (struct request){
        .stack = event->stack, .size = size_cut(event->size), .align_log2 = event->alignment_log2 & 31, .kind = REQUEST_TRY});
}

static void resize_move(struct requests *requests, const struct event *event, const struct request_flight *flight)
{
    struct request_heap *heap = &requests->heaps.at[flight->heap];
    uint64_t size = size_cut(event->size);
    heap->live_bytes -= heap->sizes.at[flight->block];
    heap->sizes.at[flight->block] = size;
    heap_grow(heap, size);
    request_push(requests, heap, event, (struct request){.block = flight->block, .stack = event->stack, .size = size, .kind = REQUEST_RESIZE});
    place_take(requests, heap, event, flight->block);
}

static void resize_end_put(struct requests *requests, const struct event *event)
{
    struct request_flight flight;
    struct event begin = *event;
    begin.address = event->old_address;
    if (is_full(requests))
        return;
    struct request_heap *heap = heap_of(requests, event);
    bool is_known = flight_land(requests, event, &flight);
    if (!is_known && heap && event->old_address && map_get(&heap->places, event->old_address)) { /* its beginning was lost */
        resize_begin_put(requests, &begin);
        is_known = flight_land(requests, event, &flight);
    }
    if (!event->address) {
        refuse_put(requests, event);
        if (is_known)
            *map_put(&requests->heaps.at[flight.heap].places, flight.address, NULL) = flight.block;
    } else if (!is_known || (heap && flight.heap != (uint32_t)(heap - requests->heaps.at))) {
        alloc_put(requests, event);
        if (is_known) /* from one heap to another */
            block_end(requests, &requests->heaps.at[flight.heap], event, flight.block);
    } else {
        resize_move(requests, event, &flight);
    }
}

static void gap_put(struct requests *requests, const struct event *event)
{
    requests->gaps++;
    requests->lost_events += event->size;
}

void requests_put(struct requests *requests, const struct event *event)
{
    if (event->time_ns > requests->end_ns)
        requests->end_ns = event->time_ns;
    if (event->kind == EVENT_HEAP)
        definition_keep(requests, event->define);
    if (event->kind == EVENT_PROCESS && ((const struct process_definition *)event->define)->how == 1)
        map_put(&requests->forked, ((const struct process_definition *)event->define)->id, NULL);
    if (event->kind == EVENT_GAP)
        gap_put(requests, event);
    if (requests->only_process && event->process != requests->only_process)
        return;
    if (event->kind == EVENT_MARK && requests->marks.count < MARKS_MOST)
        vec_push(&requests->marks, requests->list.count);
    switch (event->kind) {
    case EVENT_ALLOC:
        alloc_put(requests, event);
        break;
    case EVENT_FREE:
        free_put(requests, event);
        break;
    case EVENT_RESIZE_BEGIN:
        resize_begin_put(requests, event);
        break;
    case EVENT_RESIZE_END:
        resize_end_put(requests, event);
        break;
    case EVENT_REFUSE:
        refuse_put(requests, event);
        break;
    case EVENT_THREAD_END:
        vec_push(&requests->thread_ends, ((struct request_thread_end){requests->list.count, event->thread}));
        break;
    default:
        break;
    }
}

void requests_say(const struct requests *requests, struct str *out)
{
    char text[NUMBER_ROOM];
    const struct {
        uint64_t amount;
        const char *one, *more;
    } unknown[] = {
        {requests->left_out, "request came behind the most that a replay holds and was left out", "requests came behind the most that a replay holds and were left out"},
        {requests->gaps, "gap in the trace: what happened there is not replayed", "gaps in the trace: what happened there is not replayed"},
        {requests->lost_events, "event is missing there", "events are missing there"},
        {requests->unknown_frees, "free or realloc of a block that the trace does not know was skipped",
         "frees or reallocs of blocks that the trace does not know were skipped"},
        {requests->vanished, "block must have ended unseen, as another was born at its address: it was freed just before",
         "blocks must have ended unseen, as others were born at their addresses: they were freed just before"},
        {requests->inherited, "block lived before the recording: it was asked for first, its place in the heap is not the real one",
         "blocks lived before the recording: they were asked for first, their places in the heap are not the real ones"},
        {requests->tries, "request was refused in the recorded run: where the replay grants it, its block ends at once",
         "requests were refused in the recorded run: where the replay grants one, its block ends at once"},
        {requests->heaps_forked, "heap is of a forked process: it begins empty here, not with what its parent had",
         "heaps are of forked processes: they begin empty here, not with what their parents had"},
        {requests->flights_lost, "realloc did not return", "reallocs did not return"},
        {requests->heaps_left_out, "request to a heap beyond the most that a replay holds was left out",
         "requests to heaps beyond the most that a replay holds were left out"},
    };
    if (requests->sample_bytes)
        str_add_format(out, "the trace is a sample (about every %s): only the sampled blocks are replayed, so no figure is the program's\n",
                       number_bytes(text, requests->sample_bytes));
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        if (unknown[i].amount)
            str_add_format(out, "%s %s\n", number_count(text, unknown[i].amount), unknown[i].amount == 1 ? unknown[i].one : unknown[i].more);
}
