/* target_profile: in the values of profile files, out the targets that can be asked for: data model, allocator, memory; and hints about sizes. */
#ifndef HOST_PREDICT_TARGET_PROFILE_H
#define HOST_PREDICT_TARGET_PROFILE_H

#include "host/base/arena.h"
#include "host/base/error.h"
#include "data_model.h"
#include "size_hint.h"

struct target_profile {
    const char *name, *title, *group, *allocator, *options, *place;
    struct data_model model, widths;     /* widths: what the file says beside its model; 0: nothing */
    uint64_t arena_bytes, base;          /* arena 0: it grows as long as the system gives */
    uint64_t header, unit, least, align; /* a block takes max(least, header + size rounded up to unit), where there is no model of the allocator */
    bool has_model;
};

struct target_profiles {
    VEC(struct target_profile) list; /* a later one goes before an earlier one of the same name */
    struct size_hints hints;
    struct arena texts;
    size_t read_from, hints_from; /* what the file that is read now has added */
};

/* One value of the file: "target[0].name". `place` is FILE:LINE. */
bool target_profiles_take(struct target_profiles *profiles, const char *key, const char *text, const char *place, struct error *error);
/* Behind the last value of a file: is each of its targets whole? */
bool target_profiles_end(struct target_profiles *profiles, const char *file, struct error *error);
/* The targets that a word names: one by its name, else all of a group. False and `error` if there is none. */
bool target_profiles_find(const struct target_profiles *profiles, const char *word, size_t bytes, const struct target_profile **found, size_t room,
                          size_t *count, struct error *error);
uint64_t target_profile_stride(const struct target_profile *profile, uint64_t size);
void target_profiles_done(struct target_profiles *profiles);

#endif
