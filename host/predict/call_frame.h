/* call_frame: in a stack of return addresses and the modules' debug data, out the calls that made it, inlined ones too, each with its function, file and line.
 */
#ifndef HOST_PREDICT_CALL_FRAME_H
#define HOST_PREDICT_CALL_FRAME_H

#include "debug_module.h"

enum { CALL_FRAMES_MOST = 24, CALL_BLOCKS_MOST = 24 };

struct call_frame {
    struct debug_module *module; /* NULL: nothing is known of this one */
    Dwarf_Die unit;
    Dwarf_Die blocks[CALL_BLOCKS_MOST]; /* innermost first; the last is the function itself */
    unsigned block_count;
    const char *function; /* its plain name; NULL: not known */
    const char *file;     /* of the call that it makes; NULL: not known; lives as long as the module */
    uint32_t line;
    uint64_t pc;
};

/* Adds the frames of one return address, innermost first; how many. */
unsigned call_frames_add(struct debug_module *module, uint64_t pc, struct call_frame *frames, unsigned room);
/* The function of the frame, as it is declared: with parameters. */
Dwarf_Die *call_frame_function(struct call_frame *frame);
/* The variable or parameter of that name that the frame sees: in its blocks, then in its unit. `number`: of a parameter, from 0, else -1. */
bool call_frame_variable(struct call_frame *frame, const char *name, size_t bytes, Dwarf_Die *variable, int *number);
unsigned call_frame_params(struct call_frame *frame);

#endif
