/* fault_watch: in events on their way into a trace, out their faults with the stacks that made and freed the block; and what people are told of them. */
#include "fault_watch.h"

#include <stdio.h>

#include "host/base/number.h"
#include "host/trace/fault_words.h"
#include "summary_line.h"

enum {
    FREED_MOST = 1 << 20, /* blocks of which it is known who freed them */
    SAID_MOST = 10,
    PROCESS_SHIFT = 48,
};

static uint64_t key_of(uint32_t process, uint64_t address)
{
    return (uint64_t)process << PROCESS_SHIFT ^ address;
}

/* Forgets the oldest of many, unless its address was given out again. */
static void remember_freed(struct fault_watch *watch, uint64_t key)
{
    if (watch->freed.count < FREED_MOST) {
        vec_push(&watch->freed, key);
        return;
    }
    uint64_t *slot = &watch->freed.at[watch->oldest], *stacks = map_get(&watch->blocks, *slot);
    if (stacks && (uint32_t)*stacks)
        map_remove(&watch->blocks, *slot, NULL);
    *slot = key;
    watch->oldest = (watch->oldest + 1) % FREED_MOST;
}

static void see_birth(struct fault_watch *watch, const struct event *event)
{
    if (event->address)
        *map_put(&watch->blocks, key_of(event->process, event->address), NULL) = (uint64_t)event->stack << 32;
}

static uint64_t stacks_of(const struct fault_watch *watch, uint32_t process, uint64_t address)
{
    const uint64_t *stacks = map_get(&watch->blocks, key_of(process, address)), *parent = map_get(&watch->parents, process);
    if (stacks)
        return *stacks;
    return parent && *parent < process ? stacks_of(watch, (uint32_t)*parent, address) : 0;
}

/* A second free of a block is no end of it. */
static void see_end(struct fault_watch *watch, uint32_t process, uint64_t address, uint32_t stack)
{
    uint64_t key = key_of(process, address), stacks = stacks_of(watch, process, address);
    if (!stacks || (uint32_t)stacks || !stack)
        return;
    *map_put(&watch->blocks, key, NULL) = stacks | stack;
    remember_freed(watch, key);
}

static void see_resize(struct fault_watch *watch, const struct event *event)
{
    if (event->address && event->old_address != event->address)
        see_end(watch, event->process, event->old_address, event->stack);
    see_birth(watch, event);
}

/* A free is told before what it finds. */
static bool is_about_freed(const struct fault_definition *fault)
{
    return fault->kind == HT_FAULT_DOUBLE_FREE || fault->kind == HT_FAULT_FREED_RESIZE || fault->kind == HT_FAULT_USE_AFTER_FREE ||
           fault->kind == HT_FAULT_READ_AFTER_FREE;
}

static void see_fault(struct fault_watch *watch, const struct event *event, struct fault_definition *define)
{
    enum { SEEN_MOST = SAID_MOST };
    *define = *(const struct fault_definition *)event->define;
    uint64_t stacks = define->block ? stacks_of(watch, event->process, define->block) : 0;
    define->alloc_stack = (uint32_t)(stacks >> 32);
    if (is_about_freed(define))
        define->free_stack = (uint32_t)stacks;
    if (watch->count++ < SEEN_MOST)
        vec_push(&watch->seen, ((struct fault_seen){*define, event->address, event->stack}));
}

bool fault_watch_see(struct fault_watch *watch, const struct event *event, struct fault_definition *define)
{
    const struct process_definition *process = event->define;
    switch (event->kind) {
    case EVENT_ALLOC:
        see_birth(watch, event);
        return false;
    case EVENT_FREE:
        see_end(watch, event->process, event->address, event->stack);
        return false;
    case EVENT_RESIZE_END:
        see_resize(watch, event);
        return false;
    case EVENT_PROCESS:
        if (process->how == 1)
            *map_put(&watch->parents, process->id, NULL) = process->parent;
        return false;
    case EVENT_FAULT:
        see_fault(watch, event, define);
        return true;
    default:
        return false;
    }
}

static void say_place(struct str *out, const struct fault_definition *fault)
{
    int64_t end = (int64_t)fault->block_bytes;
    if (fault->first_bad < 0)
        str_add_format(out, ", from %lld before it", (long long)-fault->first_bad);
    else if (fault->first_bad >= end)
        str_add_format(out, ", from %lld behind its end", (long long)(fault->first_bad - end));
    else
        str_add_format(out, ", from its byte %lld", (long long)fault->first_bad);
}

static void say_stack(struct str *out, const struct shm *shm, const char *what, uint32_t stack)
{
    if (!stack)
        return;
    str_add_format(out, "    %-10s ", what);
    summary_stack(out, shm, stack);
    str_add(out, "\n");
}

static void say_one(struct str *out, const struct shm *shm, const struct fault_seen *seen)
{
    const struct fault_definition *fault = &seen->define;
    char text[NUMBER_ROOM];
    str_add_format(out, "  %s", fault_word(fault->kind));
    if (fault->block)
        str_add_format(out, ": block 0x%llx", (unsigned long long)fault->block);
    if (seen->address == UINT64_MAX)
        str_add(out, ": at an address that no memory can have");
    else if (!fault->block && !fault->block_bytes)
        str_add_format(out, ": 0x%llx", (unsigned long long)seen->address);
    if (!fault->block && fault->block_bytes)
        str_add_format(out, ": %lld bytes were asked for", (long long)fault->block_bytes);
    else if (fault->block_bytes)
        str_add_format(out, " of %s", number_bytes(text, fault->block_bytes));
    if (fault->bad_bytes) {
        str_add_format(out, ", %s bad byte%s", number_count(text, fault->bad_bytes), fault->bad_bytes == 1 ? "" : "s");
        say_place(out, fault);
    }
    if (fault->guess)
        str_add_format(out, " (%s)", guess_word(fault->guess));
    str_add_format(out, "; found by %s\n", found_word(fault->found_by));
    say_stack(out, shm, "allocated", fault->alloc_stack);
    say_stack(out, shm, "freed", fault->free_stack);
    say_stack(out, shm, "found", seen->stack);
}

void fault_watch_say(const struct fault_watch *watch, const struct shm *shm)
{
    struct str out = {0};
    char text[NUMBER_ROOM];
    str_add_format(&out, "heaptracer: %s fault%s%s\n", watch->count ? number_count(text, watch->count) : "no", watch->count == 1 ? "" : "s", watch->count ? ":" : "");
    for (size_t i = 0; i < watch->seen.count; i++)
        say_one(&out, shm, &watch->seen.at[i]);
    if (watch->count > watch->seen.count)
        str_add(&out, "  and more: heaptracer analyze --table faults\n");
    fputs(str_text(&out), stderr);
    str_done(&out);
}

void fault_watch_done(struct fault_watch *watch)
{
    map_done(&watch->blocks);
    map_done(&watch->parents);
    vec_done(&watch->freed);
    vec_done(&watch->seen);
}
