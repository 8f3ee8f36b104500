/* events: in a plan, out random requests to an allocator, and hashes of what it answered. */
#include "events.h"

static libc_block blocks[LIBC_SLOTS_MOST];
static uint32_t state;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    /* An AVR divides slowly. */
    return below <= 0x10000 ? (state >> 16) * below >> 16 : (state >> 3) % below;
}

static uint32_t draw_size(const struct libc_plan *plan)
{
    uint32_t dice = draw(64), below = dice < 40 ? plan->small : dice < 60 ? plan->middle : plan->most;
    return dice ? 1 + draw(below) : 0;
}

static void note(struct libc_told *told, char kind, uint32_t bytes, libc_block block)
{
    uint64_t known = libc_known(block);
    told->hash = (told->hash ^ (uint32_t)known) * 16777619u;
    told->hash = (told->hash ^ (uint32_t)(known >> 32)) * 16777619u;
    told->answers++;
    told->refusals += !block;
    libc_each(told->event, kind, bytes, known);
}

static void fill(const struct libc_plan *plan, struct libc_told *told, libc_block *slot)
{
    uint32_t dice = draw(16), bytes = draw_size(plan), align = 8u << draw(7);
    if (dice == 0 && plan->aligned)
        *slot = libc_aligned(bytes, align);
    else
        *slot = dice == 1 ? libc_calloc(bytes) : libc_alloc(bytes);
    note(told, dice == 1 ? 'c' : dice || !plan->aligned ? 'm' : 'a', bytes, *slot);
}

static void change(const struct libc_plan *plan, struct libc_told *told, libc_block *slot)
{
    if (draw(4)) {
        libc_each(told->event, 'f', 0, libc_known(*slot));
        libc_free(*slot);
        *slot = 0;
        return;
    }
    uint32_t bytes = draw_size(plan);
    bytes = bytes < plan->least_resize ? plan->least_resize : bytes;
    libc_block block = libc_resize(*slot, bytes);
    note(told, 'r', bytes, block);
    if (block)
        *slot = block;
}

/* In turns most slots are filled and most are freed, so that free pieces come and go. */
void libc_events(const struct libc_plan *plan)
{
    struct libc_told told = {0, 2166136261u, 0, 0};
    state = plan->seed * 2654435761u | 1;
    while (told.event < plan->events) {
        uint16_t range = (told.event >> 11) & 1 ? plan->slots / 3 : plan->slots;
        libc_block *slot = &blocks[draw(range)];
        told.event++;
        if (*slot)
            change(plan, &told, slot);
        else
            fill(plan, &told, slot);
        if (told.event % plan->check_each == 0 || told.event == plan->events)
            libc_check(&told);
    }
}
