/* allocator_wish: in what people typed, out the arenas that they wish for. */
#include "allocator_wish.h"

bool allocator_wish_arenas(const struct allocator_wish *wish, struct arena_wishes *arenas, struct error *error)
{
    for (size_t i = 0; i < wish->arenas.count; i++)
        if (!arena_wish_add(arenas, "--arena", wish->arenas.at[i], error))
            return false;
    return true;
}
