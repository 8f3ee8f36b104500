/* call_frame: an address lies in blocks inside blocks; each inlined function among them is a frame of its own. */
#include "call_frame.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

static bool is_function(Dwarf_Die *die)
{
    int tag = dwarf_tag(die);
    return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

static const char *name_of(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
}

/* Where the inlined function was called. */
static void call_place(struct debug_module *module, Dwarf_Die *unit, Dwarf_Die *inlined, const char **file, uint32_t *line)
{
    Dwarf_Attribute attribute;
    Dwarf_Word number = 0, at = 0;
    Dwarf_Files *files;
    *file = NULL;
    if (dwarf_attr(inlined, DW_AT_call_file, &attribute) && dwarf_formudata(&attribute, &number) == 0 && dwarf_getsrcfiles(unit, &files, NULL) == 0)
        *file = debug_module_path(module, unit, dwarf_filesrc(files, number, NULL, NULL));
    if (dwarf_attr(inlined, DW_AT_call_line, &attribute))
        dwarf_formudata(&attribute, &at);
    *line = (uint32_t)at;
}

static void line_place(struct debug_module *module, Dwarf_Die *unit, uint64_t pc, const char **file, uint32_t *line)
{
    int number = 0;
    Dwarf_Line *entry = dwarf_getsrc_die(unit, pc);
    *file = entry ? debug_module_path(module, unit, dwarf_linesrc(entry, NULL, NULL)) : NULL;
    if (entry)
        dwarf_lineno(entry, &number);
    *line = number > 0 ? (uint32_t)number : 0;
}

static unsigned frames_split(struct debug_module *module, Dwarf_Die *unit, Dwarf_Die *scopes, int count, uint64_t pc, struct call_frame *frames, unsigned room)
{
    unsigned made = 0;
    const char *file;
    uint32_t line;
    line_place(module, unit, pc, &file, &line);
    for (int i = 0; i < count && made < room;) {
        struct call_frame *frame = &frames[made];
        *frame = (struct call_frame){.module = module, .unit = *unit, .file = file, .line = line, .pc = pc};
        for (; i < count && frame->block_count < CALL_BLOCKS_MOST; i++) {
            frame->blocks[frame->block_count++] = scopes[i];
            if (is_function(&scopes[i]))
                break;
        }
        Dwarf_Die *last = &frame->blocks[frame->block_count - 1];
        if (!is_function(last))
            break;
        frame->function = name_of(last);
        made++;
        if (dwarf_tag(last) == DW_TAG_subprogram)
            break;
        call_place(module, unit, last, &file, &line);
        i++;
    }
    return made;
}

unsigned call_frames_add(struct debug_module *module, uint64_t pc, struct call_frame *frames, unsigned room)
{
    Dwarf_Die unit, *scopes = NULL, *chain = NULL;
    unsigned made = 0;
    if (room && module && module->dwarf && debug_module_unit(module, pc, &unit)) {
        int count = dwarf_getscopes(&unit, pc, &scopes);
        int chained = count > 0 ? dwarf_getscopes_die(&scopes[0], &chain) : 0;
        made = chained > 0 ? frames_split(module, &unit, chain, chained, pc, frames, room) : 0;
        free(scopes);
        free(chain);
    }
    if (room && !made)
        frames[made++] = (struct call_frame){.module = module, .pc = pc, .function = module ? debug_module_symbol(module, pc) : NULL};
    return made;
}

Dwarf_Die *call_frame_function(struct call_frame *frame)
{
    return frame->block_count ? &frame->blocks[frame->block_count - 1] : NULL;
}

static bool is_called(Dwarf_Die *die, const char *name, size_t bytes)
{
    const char *other = name_of(die);
    return other && strlen(other) == bytes && !memcmp(other, name, bytes);
}

/* In the block itself; of an inlined function what the compiler left out is in its origin. */
static bool block_variable(Dwarf_Die *block, const char *name, size_t bytes, Dwarf_Die *variable, int *number)
{
    Dwarf_Attribute attribute;
    Dwarf_Die origin;
    int params = 0;
    if (dwarf_child(block, variable) == 0) {
        do {
            int tag = dwarf_tag(variable);
            *number = tag == DW_TAG_formal_parameter ? params++ : -1;
            if ((tag == DW_TAG_formal_parameter || tag == DW_TAG_variable) && is_called(variable, name, bytes))
                return true;
        } while (dwarf_siblingof(variable, variable) == 0);
    }
    return dwarf_attr(block, DW_AT_abstract_origin, &attribute) && dwarf_formref_die(&attribute, &origin) &&
           block_variable(&origin, name, bytes, variable, number);
}

/* Compilers leave unused parameters of an inlined function out: the origin has all. */
static int param_number(Dwarf_Die *block, const char *name, size_t bytes)
{
    Dwarf_Attribute attribute;
    Dwarf_Die origin = *block, found;
    int number;
    while (dwarf_attr(&origin, DW_AT_abstract_origin, &attribute) && dwarf_formref_die(&attribute, &origin))
        ;
    return block_variable(&origin, name, bytes, &found, &number) ? number : -1;
}

bool call_frame_variable(struct call_frame *frame, const char *name, size_t bytes, Dwarf_Die *variable, int *number)
{
    for (unsigned i = 0; i < frame->block_count; i++)
        if (block_variable(&frame->blocks[i], name, bytes, variable, number)) {
            *number = *number >= 0 ? param_number(&frame->blocks[i], name, bytes) : -1;
            return true;
        }
    *number = -1;
    return frame->module && debug_module_find(frame->module, DEBUG_VARIABLE, name, bytes, &frame->unit, variable);
}

unsigned call_frame_params(struct call_frame *frame)
{
    Dwarf_Die *function = call_frame_function(frame), origin, child;
    Dwarf_Attribute attribute;
    unsigned count = 0;
    if (!function)
        return 0;
    origin = *function;
    if (dwarf_attr(function, DW_AT_abstract_origin, &attribute))
        dwarf_formref_die(&attribute, &origin);
    if (dwarf_child(&origin, &child) != 0)
        return 0;
    do
        count += dwarf_tag(&child) == DW_TAG_formal_parameter;
    while (dwarf_siblingof(&child, &child) == 0);
    return count;
}
