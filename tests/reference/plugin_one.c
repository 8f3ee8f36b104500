/* plugin_one: in dice, out blocks made and freed from recursion; one of two libraries that take each other's place in memory. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/programs/random_dice.h"

static __attribute__((noinline)) int dig(uint64_t *dice, int depth)
{
    void *block = malloc(1 + dice_roll(dice, 200));
    int made = depth > 0 ? dig(dice, depth - 1) : 0;
    free(block);
    return made + 2;
}

int plugin_work(uint64_t *dice, int depth);
int plugin_work(uint64_t *dice, int depth)
{
    return dig(dice, depth);
}
