/* roots: in the mappings, threads and blocks of a process, out the ranges in which every pointer keeps a block alive. */
#ifndef HOST_REACH_ROOTS_H
#define HOST_REACH_ROOTS_H

#include "host/base/str.h"
#include "lookup.h"
#include "mappings.h"
#include "window.h"

struct reach_thread {
    uint32_t tid;
    bool is_whole;            /* it was held: the rest is known */
    uint64_t stack, pointer;  /* its stack pointer, and the address of its descriptor (0: not known) */
    uint64_t frames;          /* above its stack pointer: what lies below is not the program's; 0: all is */
    const uint64_t *registers;
    size_t register_count;
};

struct reach_range {
    uint64_t start, end;
};

enum root_kind { ROOT_REGISTER, ROOT_STACK, ROOT_MODULE, ROOT_MAPPING, ROOT_HEAP };

struct root {
    uint64_t start, end; /* of addresses; a register's are numbers of words */
    enum root_kind kind;
    bool shared;
    uint32_t number; /* of the thread or mapping */
};

struct roots_config {
    const struct mappings *mappings;
    const struct reach_thread *threads;
    size_t thread_count;
    const struct lookup *lookup;
    const struct reach_range *left_out; /* the runtime's own memory */
    size_t left_out_count;
    const char *session; /* file that the runtime tells through: "" for none */
    bool knows_heap;     /* the heap is glibc's: its arenas can be told from other memory */
    bool heap_counts;    /* not every block is known: what lies between the known ones may be a block that holds another */
    unsigned pointer_bytes;
};

struct roots {
    VEC(struct root) at;
};

void roots_find(struct roots *roots, const struct roots_config *config, struct window *window);
/* One more range, where memory is. */
void roots_add(struct roots *roots, const struct mappings *mappings, struct reach_range range);
/* Where an address in a root is, for people. */
void roots_name(const struct roots *roots, const struct roots_config *config, uint32_t number, uint64_t address, struct str *out);
void roots_done(struct roots *roots);

#endif
