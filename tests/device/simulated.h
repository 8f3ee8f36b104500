/* simulated: in random numbers, out the frames that a device would send, and the truth about every event in them. For tests of the host's side. */
#ifndef TESTS_DEVICE_SIMULATED_H
#define TESTS_DEVICE_SIMULATED_H

#include "wire/device.h"

enum { SIM_KEPT = 1 << 18, SIM_SLOTS = 64, SIM_STACKS = 200, SIM_DEPTH = 4, SIM_BLOCKS = 256, SIM_EPOCH = 64, SIM_BASE = 0x20000000, SIM_TEXT = 0x08000000 };

struct sim_event {
    struct ht_told told; /* slot: 0 or not */
    uint64_t tick;       /* since the boot */
    uint16_t stack;      /* number of its stack, from 1; 0 none */
};

struct sim_block {
    uint32_t address, size;
};

struct sim {
    uint64_t dice;
    struct ht_frame frame;
    uint8_t bytes[HT_FRAME_MOST];
    uint8_t room;
    uint32_t boot, first_tick;
    uint16_t sequence, frames_of_epoch;
    uint32_t epoch;
    uint64_t tick;
    uint64_t told;                     /* events of this boot */
    uint16_t slots[SIM_SLOTS];         /* the stack in each, 0 none */
    struct sim_block blocks[SIM_BLOCKS];
    uint32_t dropped;                  /* not told yet, by LOST */
    bool has_next;
    struct sim_event next;             /* found no room in the frame before */
    struct sim_event events[SIM_KEPT]; /* the event `ordinal` of the boot is at ordinal % SIM_KEPT */
};

uint64_t sim_roll(struct sim *sim, uint64_t sides);
void sim_pcs(uint16_t stack, ht_number pcs[SIM_DEPTH]);
void sim_begin(struct sim *sim, uint64_t seed);
void sim_restart(struct sim *sim);
/* The next frame as it goes over the line, with its 0; the bytes are valid until the next call. */
size_t sim_frame(struct sim *sim, const uint8_t **bytes);

#endif
