/* parcel: counted by atomics: the thread of a source makes it, that of the clients sends it. */
#include "parcel.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/memory.h"

FILE *parcel_begin(struct parcel_maker *maker)
{
    *maker = (struct parcel_maker){0};
    maker->out = open_memstream(&maker->bytes, &maker->count);
    if (!maker->out)
        abort(); /* only without memory, where nothing else goes on either */
    return maker->out;
}

/* Within texts JSON has no line ends. */
static void line_make(struct parcel *parcel)
{
    for (char *at = parcel->bytes; (at = memchr(at, '\n', parcel->count - (size_t)(at - parcel->bytes))); at++)
        *at = ' ';
    while (parcel->count && parcel->bytes[parcel->count - 1] == ' ')
        parcel->count--;
}

struct parcel *parcel_end(struct parcel_maker *maker, bool is_line)
{
    struct parcel *parcel = memory_new(1, sizeof *parcel);
    fclose(maker->out);
    *parcel = (struct parcel){maker->bytes, maker->count, 1};
    if (is_line)
        line_make(parcel);
    return parcel;
}

struct parcel *parcel_hold(struct parcel *parcel)
{
    if (parcel)
        __atomic_add_fetch(&parcel->holders, 1, __ATOMIC_RELAXED);
    return parcel;
}

void parcel_drop(struct parcel *parcel)
{
    if (!parcel || __atomic_sub_fetch(&parcel->holders, 1, __ATOMIC_ACQ_REL))
        return;
    free(parcel->bytes);
    memory_free(parcel);
}

void parcel_replace(struct parcel **place, struct parcel *parcel)
{
    parcel_drop(*place);
    *place = parcel;
}
