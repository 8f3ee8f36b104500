/* plugin_two: in dice, out blocks made and freed through big frames and a function pointer; the other of two libraries that take each other's place. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/programs/random_dice.h"

typedef int (*dig_function)(uint64_t *dice, int depth);
static int dig_wide(uint64_t *dice, int depth);
static int dig_small(uint64_t *dice, int depth);
static dig_function volatile digs[] = {dig_wide, dig_small};

static int dig_wide(uint64_t *dice, int depth)
{
    volatile char room[1000];
    room[depth] = 1;
    int made = depth > 0 ? digs[dice_roll(dice, 2)](dice, depth - 1) : 0;
    free(calloc(1 + dice_roll(dice, 5), 24));
    return made + 2 + (room[depth] == 2);
}

static int dig_small(uint64_t *dice, int depth)
{
    void *block = realloc(NULL, 1 + dice_roll(dice, 90));
    int made = depth > 0 ? digs[dice_roll(dice, 2)](dice, depth - 1) : 0;
    free(block);
    return made + 2;
}

int plugin_work(uint64_t *dice, int depth);
int plugin_work(uint64_t *dice, int depth)
{
    return digs[depth & 1](dice, depth);
}
