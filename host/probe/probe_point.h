/* probe_point: in an ELF file, out where in it the functions of probe.def begin, and what its addresses are counted from. */
#ifndef HOST_PROBE_PROBE_POINT_H
#define HOST_PROBE_PROBE_POINT_H

#include <stdbool.h>
#include <stdint.h>

enum probe_role { PROBE_ALLOC, PROBE_RESIZE, PROBE_FREE };

struct probe_function {
    const char *symbol;
    uint8_t api; /* enum ht_api */
    uint8_t role;
    int8_t size, other;
};

enum probe_name {
#define PROBE(symbol, api, role, size, other) PROBE_NAME_##symbol,
#include "probe.def"
#undef PROBE
    PROBE_NAMES
};

extern const struct probe_function probe_functions[PROBE_NAMES];

struct probe_file {
    uint64_t offsets[PROBE_NAMES]; /* in the file; 0: it has no such function */
    uint64_t base;                 /* address in the file of what is mapped first */
    uint8_t build_id[20];
    uint32_t build_id_bytes;
};

/* False: it is no ELF file of this machine. Of two names for one function only the first counts. */
bool probe_file_read(struct probe_file *file, const char *path);
/* The same without a look at its symbols: no offsets. */
bool probe_file_know(struct probe_file *file, const char *path);
bool probe_file_has_any(const struct probe_file *file);

#endif
