/* allocator_wish: the allocator of a program and its memory, as people name them: options of every command that replays. */
#ifndef HOST_CMD_ALLOCATOR_WISH_H
#define HOST_CMD_ALLOCATOR_WISH_H

#include "host/base/opt.h"
#include "host/replay/arena_text.h"

struct allocator_wish {
    const char *allocator; /* NULL: nobody said */
    struct opt_list arenas;
};

/* The rows of an option table for the field `field` (a struct allocator_wish) of `type`. */
#define ALLOCATOR_WISH_OPTIONS(type, field, about, fallback, arena_fallback)                                                                                  \
    {OPT_TEXT, 0, "allocator", offsetof(type, field.allocator), "NAME[:OPTION,...]", about "; 'heaptracer replay --list' names them", fallback, NULL, NULL},  \
        {OPT_LIST, 0, "arena", offsetof(type, field.arenas), "[HEAP=]SIZE[@BASE][,...]", "and its memory; may be given again", arena_fallback, NULL, NULL}

/* False and `error` when one of the arenas makes no sense. */
bool allocator_wish_arenas(const struct allocator_wish *wish, struct arena_wishes *arenas, struct error *error);

#endif
