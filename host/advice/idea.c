/* idea: in a list of requests and a change of the program, out the list that the changed program would make. */
#include "idea.h"

#include "host/base/number.h"

enum { PIECE_ALIGN = 16 };

/* What was decided for a block when it was made, by heap and number. */
struct fate {
    uint64_t capacity; /* IDEA_GROWTH: what it has, which may be more than was asked for; IDEA_COMPACT: its size */
    uint32_t partner;  /* IDEA_MERGE: number + 1 of the block that it lies in or that lies in it */
    uint32_t moved;    /* IDEA_MOVE: its number in the other heap + 1 */
    uint32_t born;
    bool is_inside;    /* it lies in a piece: the allocator is not asked */
    bool is_live;
};

struct editing {
    const struct idea *idea;
    const struct census *census;
    const struct requests *from;
    struct requests *to;
    struct fate **fates;
    uint32_t piece;    /* number of the piece's block */
    uint64_t inside;   /* blocks in it now */
    VEC(uint32_t) unused; /* IDEA_MOVE */
    bool is_made;
};

static void thread_ends_put(struct editing *edit, uint64_t number)
{
    const struct requests *from = edit->from;
    struct requests *to = edit->to;
    for (size_t i = to->thread_ends.count; i < from->thread_ends.count && from->thread_ends.at[i].before <= number; i++)
        vec_push(&to->thread_ends, ((struct request_thread_end){to->list.count, from->thread_ends.at[i].thread}));
}

static void put_at(struct editing *edit, struct request request, uint64_t number)
{
    thread_ends_put(edit, number);
    vec_push(&edit->to->list, request);
    vec_push(&edit->to->times, edit->from->times.at[number]);
    requests_thread_put(edit->to, requests_thread(edit->from, number));
    requests_count(edit->to, &edit->to->heaps.at[request.heap]);
}

static uint32_t block_new(struct editing *edit, uint32_t heap)
{
    return (uint32_t)edit->to->heaps.at[heap].blocks++;
}

static struct fate *fate_of(const struct editing *edit, const struct request *request)
{
    return &edit->fates[request->heap][request->block];
}

static bool is_birth(const struct request *request)
{
    return request->kind == REQUEST_ALLOC || request->kind == REQUEST_ZEROED;
}

static bool is_of(const struct editing *edit, const struct request *request, uint32_t group)
{
    return census_group_of(edit->census, request) == group;
}

static void piece_make(struct editing *edit, uint64_t number, uint32_t heap, uint32_t stack, uint64_t bytes)
{
    edit->piece = block_new(edit, heap);
    edit->is_made = true;
    put_at(edit, (struct request){.block = edit->piece, .stack = stack, .size = bytes, .heap = heap, .kind = REQUEST_ALLOC}, number);
}

/* A pool that is full leaves the rest to the allocator. */
static void pool_step(struct editing *edit, const struct request *request, uint64_t number)
{
    const struct idea *idea = edit->idea;
    struct fate *fate = fate_of(edit, request);
    const struct census_group *group = &edit->census->groups.at[idea->group];
    bool is_first = idea->is_at_start ? !edit->is_made : number == group->first;
    if (is_first)
        piece_make(edit, number, group->heap, group->stack, idea->size * idea->count);
    if (is_birth(request)) {
        fate->is_inside = is_of(edit, request, idea->group) && edit->inside < idea->count && request->size <= idea->size;
        edit->inside += fate->is_inside;
    }
    if (!fate->is_inside || request->kind == REQUEST_TRY)
        put_at(edit, *request, number);
    else if (request->kind == REQUEST_FREE)
        edit->inside--;
}

/* The two stand behind each other in the list, and so do their ends. */
static bool is_pair(const struct editing *edit, uint64_t number)
{
    const struct census *census = edit->census;
    const struct request *one = &edit->from->list.at[number], *other = one + 1;
    if (number + 1 >= edit->from->list.count || !is_birth(one) || !is_birth(other) || one->heap != other->heap)
        return false;
    uint32_t end = census->ends[number], other_end = census->ends[number + 1];
    bool is_together = end == other_end || (end != CENSUS_LIVES && other_end != CENSUS_LIVES && (end + 1 == other_end || other_end + 1 == end));
    return is_together && !census->is_resized[number] && !census->is_resized[number + 1] && is_of(edit, one, edit->idea->group) && is_of(edit, other, edit->idea->other);
}

static void merge_step(struct editing *edit, const struct request *request, uint64_t number)
{
    struct fate *fate = fate_of(edit, request);
    struct request whole = *request;
    if (is_birth(request)) {
        if (fate->partner && fate->is_inside && fate->born == number) /* the second of a pair */
            return;
        *fate = (struct fate){0};
        if (is_pair(edit, number)) {
            struct fate *other = fate_of(edit, request + 1);
            *other = (struct fate){.partner = request->block + 1, .is_inside = true, .born = (uint32_t)number + 1};
            fate->partner = (request + 1)->block + 1;
            whole.size = ((request->size + PIECE_ALIGN / 2 - 1) & ~(uint64_t)(PIECE_ALIGN / 2 - 1)) + (request + 1)->size;
        }
    }
    /* Only the first one of the two was asked for, so only its end is told. */
    if (request->kind == REQUEST_FREE && fate->partner && fate->is_inside) {
        fate->partner = 0;
        fate->is_inside = false;
        return;
    }
    if (request->kind == REQUEST_FREE)
        fate->partner = 0;
    put_at(edit, whole, number);
}

static bool is_for_good(const struct editing *edit, const struct request *request, uint64_t number)
{
    return is_birth(request) && edit->census->ends[number] == CENSUS_LIVES && !edit->census->is_resized[number] &&
           (edit->idea->group == IDEA_ALL || is_of(edit, request, edit->idea->group));
}

/* A block that is made earlier cannot have the number that was another one's meanwhile. */
static void early_begin(struct editing *edit)
{
    for (uint64_t i = 0; i < edit->from->list.count; i++) {
        struct request request = edit->from->list.at[i];
        if (!is_for_good(edit, &request, i))
            continue;
        request.block = block_new(edit, (uint32_t)request.heap);
        put_at(edit, request, 0);
    }
}

static void early_step(struct editing *edit, const struct request *request, uint64_t number)
{
    if (!is_for_good(edit, request, number))
        put_at(edit, *request, number);
}

static void growth_step(struct editing *edit, const struct request *request, uint64_t number)
{
    struct fate *fate = fate_of(edit, request);
    struct request larger = *request;
    if (is_birth(request))
        fate->capacity = request->size;
    if (request->kind != REQUEST_RESIZE) {
        put_at(edit, *request, number);
        return;
    }
    if (is_of(edit, request, edit->idea->group)) {
        uint64_t least = fate->capacity * edit->idea->size / 2;
        if (request->size <= fate->capacity)
            return;
        larger.size = request->size > least ? request->size : least;
    }
    fate->capacity = larger.size;
    put_at(edit, larger, number);
}

static uint64_t rounded(uint64_t size, uint64_t step)
{
    enum { SMALL = 4096 };
    uint64_t power = PIECE_ALIGN;
    if (!size || size > SMALL)
        return size;
    if (step)
        return (size + step - 1) / step * step;
    while (power < size)
        power *= 2;
    return power;
}

static void round_step(struct editing *edit, const struct request *request, uint64_t number)
{
    struct request larger = *request;
    if (request->kind != REQUEST_FREE && request->kind != REQUEST_TRY)
        larger.size = rounded(request->size, edit->idea->size);
    put_at(edit, larger, number);
}

static uint32_t moved_number(struct editing *edit)
{
    return edit->unused.count ? edit->unused.at[--edit->unused.count] : block_new(edit, edit->idea->heap);
}

static void move_step(struct editing *edit, const struct request *request, uint64_t number)
{
    struct fate *fate = fate_of(edit, request);
    struct request there = *request;
    if (is_birth(request))
        fate->moved = is_of(edit, request, edit->idea->group) ? moved_number(edit) + 1 : 0;
    if (fate->moved && request->kind != REQUEST_TRY) {
        there.heap = edit->idea->heap;
        there.block = fate->moved - 1;
        if (request->kind == REQUEST_FREE)
            vec_push(&edit->unused, there.block);
    }
    put_at(edit, there, number);
}

static void phase_step(struct editing *edit, const struct request *request, uint64_t number)
{
    const struct idea *idea = edit->idea;
    struct fate *fate = fate_of(edit, request);
    bool is_in = number >= idea->from && number < idea->to && request->heap == idea->heap;
    if (number == idea->from)
        piece_make(edit, number, idea->heap, edit->from->list.at[idea->from].stack, idea->size);
    if (number == idea->to && edit->is_made)
        put_at(edit, (struct request){.block = edit->piece, .size = idea->size, .heap = idea->heap, .kind = REQUEST_FREE}, number);
    if (is_birth(request))
        fate->is_inside = is_in && edit->census->ends[number] < idea->to && !edit->census->is_resized[number];
    if (!fate->is_inside || request->kind == REQUEST_TRY)
        put_at(edit, *request, number);
}

/* All blocks end, and are made again in the order of their numbers: they lie together then. */
static void compact_now(struct editing *edit, uint64_t number)
{
    uint32_t heap = edit->idea->heap;
    uint64_t count = edit->from->heaps.at[heap].blocks;
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < count; i++) {
            const struct fate *fate = &edit->fates[heap][i];
            struct request request = {.block = i, .size = fate->capacity, .heap = heap, .kind = round ? REQUEST_ALLOC : REQUEST_FREE};
            if (fate->is_live)
                put_at(edit, request, number);
        }
}

static void compact_step(struct editing *edit, const struct request *request, uint64_t number)
{
    struct fate *fate = fate_of(edit, request);
    if (number == edit->idea->from)
        compact_now(edit, number);
    if (is_birth(request))
        fate->is_live = true;
    if (request->kind == REQUEST_FREE)
        fate->is_live = false;
    else if (request->kind != REQUEST_TRY)
        fate->capacity = request->size;
    put_at(edit, *request, number);
}

static void same_step(struct editing *edit, const struct request *request, uint64_t number)
{
    put_at(edit, *request, number);
}

static void (*const steps[])(struct editing *edit, const struct request *request, uint64_t number) = {
    [IDEA_POOL] = pool_step,   [IDEA_BUFFER] = pool_step, [IDEA_MERGE] = merge_step, [IDEA_EARLY] = early_step,     [IDEA_GROWTH] = growth_step,
    [IDEA_ROUND] = round_step, [IDEA_MOVE] = move_step,   [IDEA_PHASE] = phase_step, [IDEA_COMPACT] = compact_step, [IDEA_ALLOCATOR] = same_step,
};

static void editing_begin(struct editing *edit)
{
    const struct requests *from = edit->from;
    *edit->to = (struct requests){.most = from->most};
    edit->fates = memory_new(from->heaps.count + 1, sizeof *edit->fates);
    vec_reserve(&edit->to->list, from->list.count);
    vec_reserve(&edit->to->times, from->list.count);
    for (size_t i = 0; i < from->heaps.count; i++) {
        const struct request_heap *heap = &from->heaps.at[i];
        vec_push(&edit->to->heaps, ((struct request_heap){.process = heap->process, .id = heap->id, .kind = heap->kind, .name = heap->name, .base = heap->base,
                                                          .bytes = heap->bytes, .lowest = heap->lowest, .highest = heap->highest, .peak_bytes = heap->peak_bytes,
                                                          .blocks = heap->blocks}));
        edit->fates[i] = memory_new(heap->blocks + 1, sizeof **edit->fates);
    }
}

/* What the changed program asks for at most: below that no arena need be tried. */
static void peaks_count(struct requests *changed)
{
    for (size_t heap = 0; heap < changed->heaps.count; heap++) {
        struct request_heap *of = &changed->heaps.at[heap];
        uint64_t *sizes = memory_new(of->blocks + 1, sizeof *sizes), live = 0;
        of->peak_bytes = 0;
        for (size_t i = of->first; i < of->end; i++) {
            const struct request *request = &changed->list.at[i];
            if (request->heap != heap || request->kind == REQUEST_TRY)
                continue;
            uint64_t size = request->kind == REQUEST_FREE ? 0 : request->size;
            live += size - sizes[request->block];
            sizes[request->block] = size;
            of->peak_bytes = live > of->peak_bytes ? live : of->peak_bytes;
        }
        memory_free(sizes);
    }
}

void idea_apply(const struct idea *idea, const struct census *census, struct requests *changed)
{
    struct editing edit = {.idea = idea, .census = census, .from = census->requests, .to = changed};
    editing_begin(&edit);
    if (idea->kind == IDEA_EARLY)
        early_begin(&edit);
    for (uint64_t i = 0; i < edit.from->list.count; i++)
        steps[idea->kind](&edit, &edit.from->list.at[i], i);
    peaks_count(changed);
    for (size_t i = 0; i < edit.from->heaps.count; i++)
        memory_free(edit.fates[i]);
    memory_free(edit.fates);
    vec_done(&edit.unused);
}

void idea_done(struct requests *changed)
{
    vec_done(&changed->list);
    vec_done(&changed->times);
    vec_done(&changed->heaps);
}

static void say_size(const struct idea *idea, struct str *out)
{
    char text[NUMBER_ROOM];
    if (idea->size)
        str_add_format(out, "round sizes up to multiples of %s", number_bytes(text, idea->size));
    else
        str_add(out, "round sizes up to powers of two");
}

void idea_say(const struct idea *idea, const struct census *census, struct str *out)
{
    char one[NUMBER_ROOM], two[NUMBER_ROOM];
    switch (idea->kind) {
    case IDEA_POOL:
        str_add_format(out, "a pool of %s blocks of %s%s", number_count(one, idea->count), number_bytes(two, idea->size), idea->is_at_start ? ", made at the start" : "");
        break;
    case IDEA_BUFFER:
        str_add_format(out, "keep %s of %s instead of making and freeing %s", idea->count == 1 ? "one block" : number_count(one, idea->count), number_bytes(two, idea->size),
                       idea->count == 1 ? "it again" : "them again");
        break;
    case IDEA_MERGE:
        str_add(out, "make one block of the two that are always made and freed together");
        break;
    case IDEA_EARLY:
        str_add(out, idea->group == IDEA_ALL ? "make all blocks that live to the end before the others" : "make the blocks that live to the end before the others");
        break;
    case IDEA_GROWTH:
        str_add_format(out, "let realloc grow the block %s", idea->size == 4 ? "twofold" : "by half");
        break;
    case IDEA_ROUND:
        say_size(idea, out);
        break;
    case IDEA_MOVE:
        str_add_format(out, "ask %s instead of %s", census->requests->heaps.at[idea->heap].name, census->requests->heaps.at[census->groups.at[idea->group].heap].name);
        break;
    case IDEA_PHASE:
        str_add_format(out, "an arena of %s from %s to %s", number_bytes(one, idea->size), number_time(two, census->requests->times.at[idea->from]),
                       number_time((char[NUMBER_ROOM]){0}, census->requests->times.at[idea->to - 1]));
        break;
    case IDEA_COMPACT:
        str_add_format(out, "move the blocks together at %s", number_time(one, census->requests->times.at[idea->from]));
        break;
    default:
        str_add_format(out, "another allocator: %s", idea->simulator->title);
    }
}

const char *idea_word(enum idea_kind kind)
{
    static const char *const words[IDEA_KINDS] = {"pool", "buffer", "merge", "early", "growth", "round", "move", "phase", "compact", "allocator"};
    return words[kind];
}

const char *idea_unknown(const struct idea *idea)
{
    static const char *const unknown[IDEA_KINDS] = {
        [IDEA_POOL] = "whether other runs need more blocks at once",
        [IDEA_BUFFER] = "whether other runs need a larger one",
        [IDEA_MERGE] = "whether one of the two is ever handed on without the other",
        [IDEA_EARLY] = "whether what they need is there so early",
        [IDEA_GROWTH] = "whether the block is handed on at its exact size",
        [IDEA_ROUND] = "nothing: any request may be larger",
        [IDEA_MOVE] = "how much slower that memory is where these blocks are used",
        [IDEA_PHASE] = "whether other runs need a larger one",
        [IDEA_COMPACT] = "who points to the blocks: they must be reached through handles",
        [IDEA_ALLOCATOR] = "its time and its behaviour with threads",
    };
    return unknown[idea->kind];
}
