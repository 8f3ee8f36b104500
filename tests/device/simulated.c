/* simulated: a program of random calls, on a device with a few tasks, two heaps and a table of stack slots that is too small. */
#include "simulated.h"

#include <string.h>

uint64_t sim_roll(struct sim *sim, uint64_t sides)
{
    sim->dice = sim->dice * 6364136223846793005u + 1442695040888963407u;
    return (sim->dice >> 24) % sides;
}

void sim_pcs(uint16_t stack, ht_number pcs[SIM_DEPTH])
{
    for (unsigned i = 0; i < SIM_DEPTH; i++)
        pcs[i] = SIM_TEXT + 4u * ((uint32_t)stack * 2654435761u >> (12 + i) & 0xFFF) + 0x1000 * i;
}

static bool rare_put(struct sim *sim, uint8_t kind, const ht_number *numbers, uint8_t count, const char *text)
{
    return ht__frame_put_rare(&sim->frame, &(struct ht_rare){kind, count, (uint8_t)strlen(text), (uint32_t)sim->tick, numbers, text});
}

static void epoch_begin(struct sim *sim)
{
    const ht_number hello[HT_HELLO_NUMBERS] = {HT_DEVICE_VERSION, 4, HT_TOLD_STREAM, 1000000, 3, 0, ++sim->epoch, SIM_TEXT, 0x10000, 0, sim->boot, SIM_BASE};
    const ht_number heap[HT_HEAP_NUMBERS] = {1, 2, SIM_BASE, 0x10000}, task[HT_TASK_NUMBERS] = {2, 0x20001000, 0x20008000, 1024, 5};
    memset(sim->slots, 0, sizeof sim->slots);
    sim->frames_of_epoch = 1;
    rare_put(sim, HT_TOLD_HELLO, hello, HT_HELLO_NUMBERS, "sim");
    rare_put(sim, HT_TOLD_HEAP, heap, HT_HEAP_NUMBERS, "big");
    rare_put(sim, HT_TOLD_TASK, task, HT_TASK_NUMBERS, "net");
}

static void frame_begin(struct sim *sim)
{
    sim->room = (uint8_t)(HT_FRAME_LEAST + sim_roll(sim, HT_FRAME_MOST - HT_FRAME_LEAST + 1));
    ht__frame_begin(&sim->frame, sim->bytes, sim->room, sim->sequence++, (uint32_t)sim->tick);
    if (sim->frames_of_epoch++ % SIM_EPOCH == 0)
        epoch_begin(sim);
}

void sim_restart(struct sim *sim)
{
    uint64_t dice = sim->dice;
    uint32_t boot = sim->boot + 1 + (uint32_t)sim_roll(sim, 1000);
    sim->frame = (struct ht_frame){.shift = 3, .address_base = SIM_BASE, .pc_base = SIM_TEXT};
    sim->boot = boot;
    sim->epoch = sim->sequence = sim->frames_of_epoch = 0;
    sim->tick = sim->first_tick = (uint32_t)(dice >> 32);
    sim->told = 0;
    sim->dropped = 0;
    sim->has_next = false;
    memset(sim->blocks, 0, sizeof sim->blocks);
}

void sim_begin(struct sim *sim, uint64_t seed)
{
    memset(sim, 0, sizeof *sim);
    sim->dice = seed;
    sim_restart(sim);
}

static void birth_fill(struct sim *sim, struct ht_told *told, struct sim_block *block)
{
    size_t place = (size_t)(block - sim->blocks);
    uint32_t offset = (uint32_t)(place * 64 + 8 * sim_roll(sim, 4)) + (uint32_t)!sim_roll(sim, 50);
    *block = (struct sim_block){SIM_BASE + offset, (uint32_t)sim_roll(sim, 1u << sim_roll(sim, 12))};
    told->address = block->address;
    told->size = block->size;
    told->taken = sim_roll(sim, 4) ? 0 : block->size + sim_roll(sim, 9);
}

static struct sim_event event_next(struct sim *sim)
{
    struct sim_block *block = sim->blocks + sim_roll(sim, SIM_BLOCKS);
    bool is_interrupt = !sim_roll(sim, 30);
    sim->tick += sim_roll(sim, sim_roll(sim, 100) ? 3000 : 100000000);
    struct sim_event event = {.stack = (uint16_t)sim_roll(sim, sim_roll(sim, 10) ? 40 : SIM_STACKS), .tick = sim->tick};
    struct ht_told *told = &event.told;
    *told = (struct ht_told){.tick = (uint32_t)sim->tick, .task = (uint16_t)(is_interrupt ? 0 : sim_roll(sim, 4)), .flags = is_interrupt ? HT_TOLD_INTERRUPT : 0, .heap = 1};
    if (!sim_roll(sim, 60)) {
        told->kind = HT_TOLD_REFUSE;
        told->size = 70000 + sim_roll(sim, 1000000);
    } else if (!block->address) {
        told->kind = HT_TOLD_ALLOC;
        birth_fill(sim, told, block);
    } else if (!sim_roll(sim, 5)) {
        told->kind = sim_roll(sim, 8) ? HT_TOLD_RESIZE : HT_TOLD_RESIZE_FAILED;
        told->old_address = block->address;
        told->size = 100000;
        if (told->kind == HT_TOLD_RESIZE)
            birth_fill(sim, told, block);
    } else {
        told->kind = HT_TOLD_FREE;
        told->address = block->address;
        block->address = 0;
        event.stack = 0;
    }
    return event;
}

/* False: no room. */
static bool stack_put(struct sim *sim, struct sim_event *event)
{
    ht_number pcs[SIM_DEPTH];
    unsigned slot = event->stack % SIM_SLOTS;
    if (!event->stack)
        return true;
    event->told.slot = (uint16_t)(slot + 1);
    if (sim->slots[slot] == event->stack)
        return true;
    sim_pcs(event->stack, pcs);
    if (!ht__frame_put_stack(&sim->frame, event->told.slot, pcs, SIM_DEPTH, event->stack % 2))
        return false;
    sim->slots[slot] = event->stack;
    return true;
}

static bool event_put(struct sim *sim, struct sim_event *event)
{
    const ht_number lost[HT_LOST_NUMBERS] = {sim->dropped, 0, HT_WHY_RING_FULL};
    if (sim->dropped && !rare_put(sim, HT_TOLD_LOST, lost, HT_LOST_NUMBERS, ""))
        return false;
    sim->dropped = 0;
    return stack_put(sim, event) && ht__frame_put_hot(&sim->frame, &event->told);
}

/* Ends when the frame is full, sometimes before. */
size_t sim_frame(struct sim *sim, const uint8_t **bytes)
{
    frame_begin(sim);
    for (uint64_t most = sim_roll(sim, 30) ? UINT64_MAX : 1 + sim_roll(sim, 3), put = 0; put < most; put++) {
        if (!sim->has_next)
            sim->next = event_next(sim);
        sim->has_next = true;
        bool is_dropped = !sim_roll(sim, 2000);
        if (!is_dropped && !event_put(sim, &sim->next))
            break;
        sim->has_next = false;
        sim->dropped += is_dropped;
        sim->events[sim->told++ % SIM_KEPT] = sim->next;
    }
    *bytes = sim->bytes;
    return ht__frame_end(sim->bytes, sim->frame.used, sim->boot);
}
