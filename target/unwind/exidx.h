/* exidx: in an .ARM.exidx table in memory and a code address, out the rule that leads from a frame there to its caller. */
#ifndef TARGET_UNWIND_EXIDX_H
#define TARGET_UNWIND_EXIDX_H

#include "rule.h"

/* RULE_LOST if the table does not tell. Words outside [low, high), the module's mapping, are not read. */
struct rule_wide ht__exidx_find(uint64_t table, uint64_t bytes, uint64_t low, uint64_t high, uint64_t pc);

#endif
