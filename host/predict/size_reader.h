/* size_reader: in the tokens of an expression and the function that it stands in, out its value as a form, and its type. */
#ifndef HOST_PREDICT_SIZE_READER_H
#define HOST_PREDICT_SIZE_READER_H

#include "sizing.h"

struct value_type {
    Dwarf_Die die;
    bool has_die;
    unsigned stars;     /* pointers around it */
    struct both scalar; /* without a DIE: a base type */
    uint64_t elements;  /* of an array that the text itself says; 0: none */
    bool is_void;       /* what a void * points to */
};
struct value {
    struct form form;
    struct value_type type;
    bool has_type;
};

struct value size_read(struct sizing *sizing, const struct size_scope *scope, const struct token *tokens, size_t count);
/* A type's name, as in sizeof, new and casts; how many tokens it took, 0: it is none. */
size_t size_read_type(struct sizing *sizing, const struct size_scope *scope, const struct token *tokens, size_t count, struct value_type *type);
bool value_type_size(struct sizing *sizing, const struct value_type *type, struct both *size);
/* What a pointer points to or an array consists of. */
bool value_type_inside(const struct value_type *type, struct value_type *inside);
/* The form of parameter `number` of the scope's function, from its callers. */
struct form size_read_param(struct sizing *sizing, const struct size_scope *scope, unsigned number, uint64_t id);

#endif
