/* profile: in the entries of a heap profile (counts at stacks of addresses) and the memory map behind them, out blocks that make the same sums. */
#ifndef HOST_IMPORT_PROFILE_H
#define HOST_IMPORT_PROFILE_H

#include "import.h"

/* Amounts as the file has them: of a sampled profile, those of the samples. */
struct profile_amount {
    uint64_t count, bytes;
};

struct profile_entry {
    struct profile_amount live, all; /* all: also what was freed; at least live */
    uint32_t first, depth;           /* into addresses, innermost first */
};

struct profile_map {
    uint64_t start, end, offset;
    const char *path;
};

struct profile {
    struct import *import;
    struct error *error;
    VEC(struct profile_entry) entries;
    VEC(uint64_t) addresses;
    VEC(struct profile_map) maps; /* of code */
    struct arena *texts;
    uint64_t sample_bytes;
};

enum { PROFILE_ADDRESSES_MOST = 16 << 20, PROFILE_ENTRIES_MOST = 4 << 20, PROFILE_DEPTH_MOST = 4096, PROFILE_FREED_MOST = 50000000 };

/* The addresses behind "@"; false and an error if they are none. */
bool profile_take_stack(struct profile *profile, const char *text, struct profile_entry *entry);
/* "count: bytes [count: bytes]" at *text, which moves behind it. */
bool profile_take_amounts(const char **text, struct profile_amount *live, struct profile_amount *all);
/* The sampling distance behind "heap_v2/". */
bool profile_take_distance(struct profile *profile, const char *text);
bool profile_add(struct profile *profile, const struct profile_entry *entry);
/* A line of /proc/PID/maps; others are passed over. */
bool profile_take_map(struct profile *profile, const char *line);
/* Everything as a trace; `tool` is where it came from. */
bool profile_put(struct profile *profile, const char *tool);
void profile_done(struct profile *profile);

#endif
