/* leak_pattern: in what is known of the blocks of one stack and class, out what kind of leak they are and how sure that is. */
#ifndef HOST_ANALYSIS_LEAK_PATTERN_H
#define HOST_ANALYSIS_LEAK_PATTERN_H

#include <heaptracer/model.h>

enum { PATTERN_SLOTS = 16 };

/* Of the blocks of one stack that live on. The life of their process has PATTERN_SLOTS equal parts. */
struct survivors {
    uint32_t births[PATTERN_SLOTS];
    uint64_t oldest_ns, newest_ns; /* ages */
    uint64_t ended_threads;        /* blocks whose thread has ended */
    uint64_t count;
};

struct leak_evidence {
    enum block_class class;
    uint32_t cycle;
    const struct survivors *survivors; /* NULL: none are known */
    bool has_outlived;                 /* all were made between two marks, and none since */
};

struct leak_pattern {
    const char *name;
    double confidence; /* above 0.8: a leak; above 0.5: worth watching */
};

struct leak_pattern leak_pattern_find(const struct leak_evidence *evidence);
/* The share of the parts of their process's life, from their first on, in which some were born; 0 if they are few. */
double leak_pattern_steadiness(const struct survivors *survivors);

#endif
