/* symbol: in a module (path, build-id) and an address in its ELF file, out function, file and line, with inlined frames. elfutils does the work. */
#ifndef HOST_SYMBOL_SYMBOL_H
#define HOST_SYMBOL_SYMBOL_H

#include <heaptracer/trace.h>

struct symbols;

struct symbols_config {
    const char *const *debug_paths; /* further folders with debug files or copies of modules, NULL-terminated; may be NULL */
    const char *sysroot;            /* put before module paths; may be NULL */
    const char *bundle;             /* folder made by symbols_save; may be NULL */
    bool debuginfod;                /* ask the servers in DEBUGINFOD_URLS */
};

struct frame_text {
    const char *function; /* demangled; for stripped code "symbol+0x12" or "module+0x1234"; never NULL; lives as long as the symbols */
    const char *file;     /* NULL: not known */
    unsigned line;        /* 0: not known; the line of the call */
    const char *module;   /* base name, never NULL; "": not known of a frame that the trace names itself */
    bool inlined;         /* into the next frame of the array */
};

struct symbols *symbols_new(const struct symbols_config *config); /* NULL config: defaults */
/* Must be told each module and frame of the trace (EVENT_MODULE, EVENT_FRAME) before it is asked for. */
void symbols_see(struct symbols *symbols, const struct event *event);
/* The texts of the innermost frame of `stack`, inlined ones first; never 0. Cached: the second call for a frame is a look-up. */
size_t symbols_frame(struct symbols *symbols, uint32_t stack, const struct frame_text **texts);
/* Parent stack id, 0 at the root. */
uint32_t symbols_parent(const struct symbols *symbols, uint32_t stack);
/* Where the innermost frame of `stack` lies, as the trace defined it: module 0 is code in no file; false for stack 0 and what is not known. */
bool symbols_place(const struct symbols *symbols, uint32_t stack, uint32_t *module, uint64_t *offset);
/* Sentences for a view to show once: modules that are not here, that are not the file that ran, or whose debug data is damaged, each with the mend.
 * Grows while frames are asked for; valid until the next symbols_frame. */
size_t symbols_notes(const struct symbols *symbols, const char *const **notes);
/* What `heaptracer bundle` keeps: asks for every frame seen so far and writes the texts into `folder`, one file for each module that has any. */
struct symbols_saved {
    size_t modules, frames, unknown; /* frames of modules whose names are not known here */
    uint64_t bytes;
};
bool symbols_save(struct symbols *symbols, const char *folder, struct symbols_saved *saved, struct error *error);
void symbols_free(struct symbols *symbols);

#endif
