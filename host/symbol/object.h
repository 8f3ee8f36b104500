/* object: in the path and build-id of one module, out an open ELF file (with its debug data, wherever that is) that turns addresses into spots. */
#ifndef HOST_SYMBOL_OBJECT_H
#define HOST_SYMBOL_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "spot.h"

enum { BUILD_ID_BYTES = 20 };

/* How much of a module is looked at; each time it proves to be harmful, less. */
enum object_care {
    OBJECT_ALL,
    OBJECT_NAMES_ONLY, /* no DWARF */
    OBJECT_NOTHING,
};

enum object_state {
    OBJECT_GOOD,
    OBJECT_ABSENT,  /* no file by that name or build-id */
    OBJECT_OTHER,   /* only a file with another build-id: not used */
    OBJECT_DAMAGED, /* the file is no ELF file that elfutils understands */
    OBJECT_HARMFUL, /* reading it was given up after it did harm */
};

struct object_request {
    const char *path; /* as the target had it mapped */
    uint8_t build_id[BUILD_ID_BYTES];
    uint32_t build_id_bytes; /* 0: not known, any file by that name is taken */
    uint64_t start;          /* of the mapping, as an address of the ELF file */
    enum object_care care;
};

/* The same paths for all objects. */
struct object_search {
    const char *const *folders; /* debug_paths of symbol.h, NULL-terminated; may be NULL */
    const char *sysroot;        /* may be NULL */
    bool debuginfod;
    unsigned patience_s; /* see worker.c; 0: what is usual */
};

struct object;

/* Never NULL. */
struct object *object_open(const struct object_request *request, const struct object_search *search);
enum object_state object_state(const struct object *object);
/* The spot list is never empty after it; texts live as long as the object. `pc`: an address of the instruction; `is_return`: it is the one behind a
 * call, and the call is meant. */
void object_resolve(struct object *object, uint64_t pc, bool is_return, struct spots *spots);
/* How much of its debug data was read so far: changes when memory was taken. */
size_t object_units_read(const struct object *object);
void object_close(struct object *object);

#endif
