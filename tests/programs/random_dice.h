/* random_dice: in a seed, out numbers that are the same everywhere; for victims. */
#ifndef TESTS_PROGRAMS_RANDOM_DICE_H
#define TESTS_PROGRAMS_RANDOM_DICE_H

#include <stdint.h>

static inline uint32_t dice_roll(uint64_t *dice, uint32_t sides)
{
    *dice = *dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*dice >> 33) % sides);
}

#endif
