/* module: in a code address, out the loaded file that it belongs to. The operating system's folder answers. */
#ifndef TARGET_PROCESS_MODULE_H
#define TARGET_PROCESS_MODULE_H

#include <stdbool.h>
#include <stdint.h>

struct ht_module {
    uint64_t start, end;    /* mapped range */
    uint64_t bias;
    uint64_t eh_frame_hdr;  /* address, 0: none */
    uint64_t exidx, exidx_bytes; /* arm's own unwind table, 0: none */
    bool readable;          /* its first page, where code may be looked at */
    bool loader;            /* the dynamic loader: its first instructions are a root without unwind information */
};

/* False for code in no file (made at run time). A module is announced in the calling thread's lane the first time it is found, before this returns.
 * Async-signal-safe; never allocates. */
bool ht__module_find(uint64_t pc, struct ht_module *module);

#endif
