/* nearest: in a mistyped word and the right ones, out the one most likely meant (edit distance with swaps of neighbours). */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

enum { NEAREST_ROOM = 48 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance_between(const char *a, const char *b)
{
    size_t rows[3][NEAREST_ROOM + 1], height = strlen(a), width = strlen(b);
    if (height > NEAREST_ROOM || width > NEAREST_ROOM)
        return SIZE_MAX;
    for (size_t x = 0; x <= width; x++)
        rows[0][x] = x;
    for (size_t y = 1; y <= height; y++) {
        size_t *row = rows[y % 3], *above = rows[(y - 1) % 3], *two_above = rows[(y + 1) % 3];
        row[0] = y;
        for (size_t x = 1; x <= width; x++) {
            row[x] = least(least(above[x], row[x - 1]) + 1, above[x - 1] + (a[y - 1] != b[x - 1]));
            if (x > 1 && y > 1 && a[y - 1] == b[x - 2] && a[y - 2] == b[x - 1])
                row[x] = least(row[x], two_above[x - 2] + 1);
        }
    }
    return rows[height % 3][width];
}

void nearest_offer(struct nearest *nearest, const char *word)
{
    size_t typed = strlen(nearest->wanted), distance = distance_between(nearest->wanted, word);
    if (typed >= 3 && !strncmp(nearest->wanted, word, typed))
        distance = 1; /* a beginning of the word, however long its rest */
    if (distance > 1 + typed / 4 || (nearest->best && distance >= nearest->distance))
        return;
    nearest->best = word;
    nearest->distance = distance;
}
