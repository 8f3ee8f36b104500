/* survey: in a process that stands still and the blocks that live in it, out who keeps each alive, and which are lost. */
#ifndef HOST_REACH_SURVEY_H
#define HOST_REACH_SURVEY_H

#include <stdio.h>

#include "mark.h"
#include "memory_word.h"
#include "roots.h"

struct survey_config {
    pid_t pid;
    int memory, pagemap; /* files of /proc, see window.h */
    const struct still *still; /* see window.h */
    FILE *maps;          /* its /proc/PID/maps; stays the caller's */
    struct reach_block *blocks; /* in any order; they are brought into one */
    size_t block_count;
    struct roots_config roots; /* without mappings and lookup */
    struct memory_words regions; /* what the user says of memory */
    bool swapped;
    uint64_t why; /* an address: who points to its block is told, 0: none */
};

struct survey_totals {
    struct class_sum of[CLASS_COUNT];
    uint64_t block_bytes, root_bytes, read_bytes, mark_ns;
    uint64_t unseen_blocks; /* that cannot be told apart, or are where no memory is */
};

/* A block, or all blocks of one stack and class. */
struct survey_finding {
    enum block_class class;
    uint32_t stack;
    uint64_t address, bytes, count; /* address: of the block, or of one that stands for all */
    uint64_t owner;                 /* address of the block that it goes with, 0: none */
    uint64_t retained_bytes, retained_count;
    uint32_t cycle;                 /* blocks of its circle, or of the largest */
    const char *chain;              /* who keeps it alive: a root, then blocks; "" of a lost one */
};

struct survey_hear {
    void (*site)(void *context, const struct survey_finding *finding);  /* most bytes first in each class */
    void (*block)(void *context, const struct survey_finding *finding); /* of the classes but reachable, by address */
    void (*unknown)(void *context, const char *word);                  /* of `regions` that the process does not have; may be NULL */
    void (*why)(void *context, const char *line);                      /* each holder of the block that `why` is in */
    void *context;
};

void survey_run(const struct survey_config *config, const struct survey_hear *hear, struct survey_totals *totals);

#endif
