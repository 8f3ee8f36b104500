/* choices: in questions with several answers that the text alone cannot decide, out one way through all of them at a time, until the caller finds one that
 * fits. */
#ifndef HOST_PREDICT_CHOICES_H
#define HOST_PREDICT_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

enum { CHOICES_DEEP = 12 };

/* Zero-filled is the first way. */
struct choices {
    uint8_t taken[CHOICES_DEEP], most[CHOICES_DEEP];
    unsigned at, count;
};

/* 0 to `count` - 1. */
static inline unsigned choices_take(struct choices *choices, unsigned count)
{
    if (count <= 1 || choices->at >= CHOICES_DEEP)
        return 0;
    if (choices->at >= choices->count)
        choices->taken[choices->count++] = 0;
    choices->most[choices->at] = (uint8_t)(count > 8 ? 8 : count);
    return choices->taken[choices->at++];
}

/* False: there is no other way. */
static inline bool choices_next(struct choices *choices)
{
    choices->at = 0;
    for (; choices->count; choices->count--)
        if (choices->taken[choices->count - 1] + 1 < choices->most[choices->count - 1]) {
            choices->taken[choices->count - 1]++;
            return true;
        }
    return false;
}

#endif
