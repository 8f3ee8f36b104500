/* record_shape: in the debug data of a struct, class or union, out its shape and the places of its members on both sides. */
#ifndef HOST_PREDICT_RECORD_SHAPE_H
#define HOST_PREDICT_RECORD_SHAPE_H

#include "layout.h"

bool record_shape(struct layout *layout, Dwarf_Die *type, struct shape *shape);
/* Also in members without a name; `member` becomes its type. */
bool record_member(struct layout *layout, Dwarf_Die *type, const char *name, uint64_t *host, uint64_t *target, Dwarf_Die *member);

#endif
