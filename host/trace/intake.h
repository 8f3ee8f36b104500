/* intake: in bytes from any source, out whole blocks of a trace, one after another; what is no block is passed over and counted. */
#ifndef HOST_TRACE_INTAKE_H
#define HOST_TRACE_INTAKE_H

#include <heaptracer/trace.h>

#include "block.h"

struct intake {
    trace_read read;
    void *context;
    char *name;
    struct block_bytes bytes; /* those from `start` on are not taken yet */
    size_t start, block_bytes;
    uint64_t offset; /* in the source, of `start` */
    bool at_end;
    int error_number;
};

enum intake_found { INTAKE_END, INTAKE_BLOCK };

void intake_init(struct intake *intake, trace_read read, void *context, const char *name);
void intake_done(struct intake *intake);
/* Forgets what was read: the source stands at `offset` now. */
void intake_restart(struct intake *intake, uint64_t offset);
/* How many bytes there are before the end, at most `count`. */
size_t intake_peek(struct intake *intake, size_t count);
void intake_skip(struct intake *intake, size_t count);
static inline const uint8_t *intake_at(const struct intake *intake)
{
    return intake->bytes.at + intake->start;
}
/* The next block whose head and records are whole; *lost bytes before it (or before the end) are none. */
enum intake_found intake_next(struct intake *intake, struct block_head *head, uint64_t *lost);
/* The bytes of the block that intake_next found; valid until its next call. */
static inline const uint8_t *intake_block(const struct intake *intake)
{
    return intake_at(intake);
}

#endif
