/* type_name: in the tokens of a type's name and where they stand, out the type; and what a type consists of. */
#ifndef HOST_PREDICT_TYPE_NAME_H
#define HOST_PREDICT_TYPE_NAME_H

#include "size_reader.h"

/* The type of that member of a record, found by name alone: also of records that have no layout here. */
bool type_name_member(struct debug_module *module, Dwarf_Die *type, const char *name, Dwarf_Die *member);

#endif
