/* place: in modules and addresses in them, out session-wide ids: a module is one file (path and build-id), a place one address in one module. */
#ifndef HOST_SOURCE_PLACE_H
#define HOST_SOURCE_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/vec.h"

struct place {
    uint64_t offset;
    uint32_t module; /* 0: in no file, offset is the absolute address */
};

struct place_module {
    const char *path;
    const uint8_t *build_id;
    uint32_t build_id_bytes;
    struct map places; /* offset -> place id */
};

struct places {
    VEC(struct place) at;             /* by place id */
    VEC(struct place_module) modules; /* by module id; 0 is "no file" */
    struct arena arena;
};

void places_init(struct places *places);
/* Id of the module, from 1. */
uint32_t places_module(struct places *places, const char *path, const uint8_t *build_id, uint32_t build_id_bytes);
/* Id of the place. */
uint32_t places_find(struct places *places, uint32_t module, uint64_t offset);
void places_done(struct places *places);

#endif
