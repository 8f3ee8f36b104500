/* vec: in elements, out a growable array (by one half each time, so that a freed piece can be used again). */
#include "vec.h"

#include <string.h>

void vec__grow(void **at, size_t *room, size_t least, size_t element_bytes)
{
    size_t wanted = *room + *room / 2 + 8;
    if (wanted < least)
        wanted = least;
    *at = memory_resize(*at, wanted, element_bytes);
    *room = wanted;
}

void vec__extend(void **at, size_t *count, size_t *room, size_t least, size_t element_bytes)
{
    if (*count >= least)
        return;
    if (*room < least)
        vec__grow(at, room, least, element_bytes);
    memset((char *)*at + *count * element_bytes, 0, (least - *count) * element_bytes);
    *count = least;
}
