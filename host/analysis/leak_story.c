/* leak_story: in changes, out what the blocks of each call stack did in each process. Of one that ended the story stays as it was then. */
#include "leak_story.h"

#include "answer.h"

enum { CLASS_SHIFT = 10, FREED_LEAST = 20, FEW = 8 };
static const uint64_t width_least_ns = 10000, latest_ns = UINT64_MAX / 4; /* a damaged trace's time must not make the slots overflow */

static unsigned age_class(uint64_t age)
{
    unsigned bits = age >> CLASS_SHIFT ? 64u - CLASS_SHIFT - (unsigned)__builtin_clzll(age) : 0;
    return bits < STORY_CLASSES ? bits : STORY_CLASSES - 1;
}

void leak_stories_begin(struct leak_stories *stories, const struct model *model)
{
    *stories = (struct leak_stories){.model = model, .begin_ns = model_get_totals(model)->begin_ns, .width_ns = width_least_ns};
    stories->edge_ns = stories->begin_ns + stories->width_ns;
}

static uint64_t *place_of(struct leak_stories *stories, uint32_t site, uint32_t process)
{
    stories->first_process = stories->first_process ? stories->first_process : process;
    if (process != stories->first_process)
        return map_put(&stories->places, (uint64_t)process << 32 | site, NULL);
    vec_extend(&stories->first, (size_t)site + 1);
    return stories->first.at + site;
}

static struct leak_story *story_of(struct leak_stories *stories, uint32_t site, uint32_t process, uint64_t birth_ns)
{
    uint64_t *place = place_of(stories, site, process);
    if (!*place) {
        vec_push(&stories->list, ((struct leak_story){.first_ns = birth_ns, .slot = stories->slot}));
        *place = stories->list.count;
    }
    return stories->list.at + *place - 1;
}

/* Each two slots become one: what lived at its end stays. Those that nothing happened in are filled before. */
static void story_halve(struct leak_story *story)
{
    for (uint32_t slot = story->slot; slot < STORY_SLOTS; slot++)
        story->course[slot] = (float)story->live_bytes;
    for (uint32_t i = 0; i < STORY_SLOTS / 2; i++)
        story->course[i] = story->course[2 * i + 1];
    story->slot /= 2;
}

static void slots_turn(struct leak_stories *stories, uint64_t time_ns)
{
    while (time_ns < latest_ns && age_ns(stories->begin_ns, time_ns) / stories->width_ns >= STORY_SLOTS) {
        for (size_t i = 0; i < stories->list.count; i++)
            story_halve(stories->list.at + i);
        stories->width_ns *= 2;
    }
    uint64_t slot = age_ns(stories->begin_ns, time_ns) / stories->width_ns;
    stories->slot = slot < STORY_SLOTS ? (uint32_t)slot : STORY_SLOTS - 1;
    stories->edge_ns = time_ns < latest_ns ? stories->begin_ns + (stories->slot + 1) * stories->width_ns : UINT64_MAX;
}

static void story_live(struct leak_stories *stories, struct leak_story *story, int64_t bytes)
{
    for (; story->slot < stories->slot; story->slot++)
        story->course[story->slot] = (float)story->live_bytes;
    story->live_bytes += bytes;
}

/* When there are too many windows, each two become one. */
static uint64_t windows_fold(uint64_t bits)
{
    uint64_t folded = 0;
    for (unsigned i = 0; i < STORY_WINDOWS / 2; i++)
        folded |= (uint64_t)((bits >> 2 * i & 3) != 0) << i;
    return folded;
}

static void windows_turn(struct leak_stories *stories, uint64_t time_ns)
{
    size_t count;
    const struct mark *marks = model_marks(stories->model, &count);
    while (stories->marks < count && marks[stories->marks].time_ns <= time_ns)
        stories->marks++;
    stories->mark_ns = stories->marks < count ? marks[stories->marks].time_ns : UINT64_MAX;
    for (; stories->marks >> stories->window_shift >= STORY_WINDOWS; stories->window_shift++)
        for (size_t i = 0; i < stories->list.count; i++) {
            stories->list.at[i].active = windows_fold(stories->list.at[i].active);
            stories->list.at[i].left = windows_fold(stories->list.at[i].left);
        }
}

static uint64_t window_bit(const struct leak_stories *stories, size_t window)
{
    return 1ull << (window >> stories->window_shift);
}

static void see_made(struct leak_stories *stories, const struct block *block)
{
    struct leak_story *story = story_of(stories, block->site, block->process, block->birth_ns);
    story_live(stories, story, (int64_t)block->size);
    story->active |= window_bit(stories, stories->marks);
}

static void see_gone(struct leak_stories *stories, const struct block *block)
{
    story_live(stories, story_of(stories, block->site, block->process, block->birth_ns), -(int64_t)block->size);
}

static void see_freed(struct leak_stories *stories, const struct change *change)
{
    const struct block *block = &change->block;
    struct leak_story *story = story_of(stories, block->site, block->process, block->birth_ns);
    story_live(stories, story, -(int64_t)block->size);
    story->freed++;
    story->lives[age_class(age_ns(block->birth_ns, change->time_ns))]++;
}

/* How many events came before the process was looked at last; 0: it never was. */
static uint64_t scan_event(const struct model *model, uint32_t process)
{
    size_t count;
    const struct scan_result *scans = model_scans(model, &count);
    while (count--)
        if (scans[count].process == process)
            return scans[count].event;
    return 0;
}

/* Whoever made it had ended before, and was not the process's first thread. */
static bool is_orphaned(const struct model *model, const struct block *block, const struct process *process)
{
    size_t count;
    const struct thread *thread = model_threads(model, &count) + block->thread;
    return block->thread < count && thread->ended && thread->tid != process->pid && thread->end_event <= scan_event(model, block->process);
}

static void thread_add(struct leak_story *story, uint32_t thread)
{
    story->ended_threads++;
    for (uint32_t i = 0; i < story->thread_count; i++)
        if (story->threads[i] == thread)
            return;
    if (story->thread_count < STORY_THREADS)
        story->threads[story->thread_count++] = thread;
}

/* The number of marks that came before. */
static size_t window_of(const struct model *model, uint64_t time_ns)
{
    size_t count, low = 0;
    const struct mark *marks = model_marks(model, &count);
    while (low < count) {
        size_t middle = (low + count) / 2;
        if (marks[middle].time_ns <= time_ns)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

/* The block lives on. */
static void see_left(struct leak_stories *stories, const struct block *block, uint64_t now_ns)
{
    size_t count;
    const struct process *process = model_processes(stories->model, &count) + block->process;
    struct leak_story *story = story_of(stories, block->site, block->process, block->birth_ns);
    uint64_t life = age_ns(process->begin_ns, now_ns), born = age_ns(process->begin_ns, block->birth_ns), age = age_ns(block->birth_ns, now_ns);
    uint64_t part = life ? (uint64_t)((double)born / (double)life * STORY_PARTS) : 0;
    story->births[part < STORY_PARTS ? part : STORY_PARTS - 1]++;
    story->oldest_ns = age > story->oldest_ns ? age : story->oldest_ns;
    story->newest_ns = !story->count || age < story->newest_ns ? age : story->newest_ns;
    story->ages[age_class(age)]++;
    story->left |= window_bit(stories, window_of(stories->model, block->birth_ns));
    story->count++;
    if (is_orphaned(stories->model, block, process))
        thread_add(story, block->thread);
}

static void see_one(struct leak_stories *stories, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_BIRTH:
    case CHANGE_INHERIT:
        see_made(stories, &change->block);
        break;
    case CHANGE_RESIZE:
        see_gone(stories, &change->old);
        see_made(stories, &change->block);
        break;
    case CHANGE_FREE:
        see_freed(stories, change);
        break;
    case CHANGE_VANISH:
        see_gone(stories, &change->block);
        break;
    case CHANGE_LEAVE:
        see_left(stories, &change->block, change->time_ns);
        break;
    default:
        break;
    }
}

void leak_stories_see(struct leak_stories *stories, const struct changes *changes)
{
    windows_turn(stories, changes->count ? changes->all->time_ns : 0);
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = changes->all + i;
        if (change->time_ns >= stories->edge_ns)
            slots_turn(stories, change->time_ns);
        if (change->time_ns >= stories->mark_ns)
            windows_turn(stories, change->time_ns);
        see_one(stories, change);
    }
}

struct taking {
    struct leak_stories *to;
    uint64_t now_ns;
};

static void take_visit(void *context, const struct block *block)
{
    struct taking *taking = context;
    see_left(taking->to, block, taking->now_ns);
}

void leak_stories_take(const struct leak_stories *from, struct leak_stories *to)
{
    *to = *from;
    to->list.at = NULL;
    to->list.count = to->list.room = 0;
    to->first.at = NULL;
    to->first.count = to->first.room = 0;
    to->places = (struct map){0};
    for (size_t i = 0; i < from->list.count; i++)
        vec_push(&to->list, from->list.at[i]);
    for (size_t i = 0; i < from->first.count; i++)
        vec_push(&to->first, from->first.at[i]);
    for (size_t i = 0; i < from->places.room; i++)
        if (from->places.at[i].key)
            *map_put(&to->places, from->places.at[i].key, NULL) = from->places.at[i].value;
    struct taking taking = {to, model_time(from->model)};
    windows_turn(to, taking.now_ns);
    model_each_block(from->model, take_visit, &taking);
}

const struct leak_story *leak_stories_find(const struct leak_stories *stories, uint32_t site, uint32_t process)
{
    const uint64_t *place = map_get(&stories->places, (uint64_t)process << 32 | site);
    if (process == stories->first_process)
        place = site < stories->first.count ? stories->first.at + site : NULL;
    return place && *place ? stories->list.at + *place - 1 : NULL;
}

size_t leak_story_course(const struct leak_stories *stories, const struct leak_story *story, uint32_t process, double values[STORY_SLOTS])
{
    size_t processes, count = 0;
    const struct process *of = model_processes(stories->model, &processes) + process;
    uint64_t end_ns = process < processes && of->ended ? of->end_ns : model_time(stories->model);
    uint64_t first = age_ns(stories->begin_ns, story->first_ns) / stories->width_ns, last = age_ns(stories->begin_ns, end_ns) / stories->width_ns;
    for (uint64_t slot = first; slot <= last && slot < STORY_SLOTS; slot++)
        values[count++] = slot < story->slot ? (double)story->course[slot] : (double)story->live_bytes;
    return count;
}

double leak_story_overdue(const struct leak_story *story)
{
    uint64_t ended = 0, overdue = 0;
    unsigned limit = 0;
    if (story->freed < FREED_LEAST || !story->count)
        return 0;
    while (limit + 1 < STORY_CLASSES && (ended += story->lives[limit]) < story->freed - story->freed / 100)
        limit++;
    for (unsigned i = limit + 1; i < STORY_CLASSES; i++)
        overdue += story->ages[i];
    return (double)overdue / (double)story->count;
}

void leak_story_windows(const struct leak_stories *stories, const struct leak_story *story, unsigned *active, unsigned *left)
{
    uint64_t latest = window_bit(stories, stories->marks), closed = latest - 1;
    closed &= ~1ull;
    *active = (unsigned)__builtin_popcountll(story->active & closed);
    *left = (unsigned)__builtin_popcountll(story->left & closed);
}

double leak_story_steadiness(const struct leak_story *story)
{
    int first = 0, filled = 0;
    while (first < STORY_PARTS && !story->births[first])
        first++;
    for (int i = first; i < STORY_PARTS; i++)
        filled += story->births[i] != 0;
    bool is_late = first > STORY_PARTS / 2;
    return story->count < FEW || is_late ? 0 : (double)filled / (STORY_PARTS - first);
}

void leak_stories_done(struct leak_stories *stories)
{
    vec_done(&stories->list);
    vec_done(&stories->first);
    map_done(&stories->places);
}
