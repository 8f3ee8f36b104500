/* data_model: in the name of a data model and changes to it, out how wide and how aligned the C types of a target are. */
#ifndef HOST_PREDICT_DATA_MODEL_H
#define HOST_PREDICT_DATA_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/vec.h"

/* What a type takes; align is that of a member, which on i386 is less than what _Alignof says of the type alone. */
struct extent {
    uint64_t size, align;
};

/* A named type that a target's library defines in its own way: time_t, pthread_mutex_t, struct stat. */
struct model_type {
    const char *name;
    struct extent extent;
};

struct data_model {
    uint32_t pointer_bytes, size_bytes; /* size_bytes: size_t and ptrdiff_t */
    uint32_t int_bytes, long_bytes, double_bytes, long_double_bytes, wchar_bytes;
    uint32_t align_most; /* no scalar is aligned more: 4 on i386, 1 on AVR */
    bool short_enums;    /* an enum is as narrow as its values allow (AAPCS on bare metal) */
    VEC(struct model_type) types;
};

enum number_name { NAME_OTHER, NAME_INT, NAME_LONG, NAME_POINTER, NAME_SIZE, NAME_DOUBLE, NAME_LONG_DOUBLE, NAME_WCHAR, NAME_FIXED };

/* NULL: none is called so. The result is a copy that the caller owns. */
bool data_model_find(struct data_model *model, const char *name);
/* "x86_64, i386, ..." for sentences. */
const char *data_model_names(void);
/* That of an ELF machine (EM_X86_64) and class; false: not known. */
bool data_model_of_elf(struct data_model *model, unsigned machine, bool is_64);
void data_model_add_type(struct data_model *model, const char *name, struct extent extent); /* keeps the pointer `name` */
const struct extent *data_model_type(const struct data_model *model, const char *name);     /* NULL: nothing special is known */
/* The widths of a base type ("long unsigned int") or typedef ("size_t") of that name, which has `bytes` in the model `from`; false: the name says nothing. */
bool data_model_base(const struct data_model *model, const char *name, uint64_t bytes, struct extent *extent);
bool data_model_typedef(const struct data_model *model, const char *name, uint64_t bytes, struct extent *extent);
struct extent data_model_scalar(const struct data_model *model, uint64_t bytes);
void data_model_done(struct data_model *model);

#endif
