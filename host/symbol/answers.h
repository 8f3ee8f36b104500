/* answers: in resolved frames, out the text file of them that a bundle holds for one module, and back. */
#ifndef HOST_SYMBOL_ANSWERS_H
#define HOST_SYMBOL_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/str.h"

#include "spot.h"

/* The file's name in the bundle: the build-id, else the path. */
void answers_add_name(struct str *str, const uint8_t *build_id, uint32_t build_id_bytes, const char *path);

/* Put: the head once, then each frame once. `key` is frame_key(). */
void answers_add_head(struct str *out, const char *path);
void answers_add(struct str *out, uint64_t key, const struct spots *spots);

/* Get: zero-filled is empty. */
struct answers {
    struct map lines; /* of a key: where its first line begins in `text`, plus 1 */
    struct str text;
    struct arena texts;
};
/* False if there is no such file or it is not one of ours. */
bool answers_read(struct answers *answers, const char *path);
/* Adds the spots of the frame; false if it is not there. Texts live as long as `answers`. */
bool answers_find(struct answers *answers, uint64_t key, struct spots *spots);
void answers_done(struct answers *answers);

#endif
