/* intake: bytes to blocks; keeps at most two blocks in memory. */
#include "intake.h"

#include <errno.h>

#include "index.h"

enum { INTAKE_CHUNK = 1 << 18 };

void intake_init(struct intake *intake, trace_read read, void *context, const char *name)
{
    *intake = (struct intake){.read = read, .context = context, .name = memory_copy_text(name)};
}

void intake_done(struct intake *intake)
{
    block_bytes_done(&intake->bytes);
    memory_free(intake->name);
    *intake = (struct intake){0};
}

void intake_restart(struct intake *intake, uint64_t offset)
{
    intake->bytes.count = intake->start = intake->block_bytes = 0;
    intake->offset = offset;
    intake->at_end = false;
    intake->error_number = 0;
}

static void intake_read(struct intake *intake)
{
    if (intake->start) {
        memmove(intake->bytes.at, intake_at(intake), intake->bytes.count - intake->start);
        intake->bytes.count -= intake->start;
        intake->start = 0;
    }
    uint8_t *to = block_bytes_room(&intake->bytes, INTAKE_CHUNK);
    long got = intake->read(intake->context, to, INTAKE_CHUNK);
    if (got < 0 && errno == EINTR)
        return;
    if (got < 0)
        intake->error_number = errno ? errno : EIO;
    if (got <= 0)
        intake->at_end = true;
    else
        intake->bytes.count += (size_t)got;
}

size_t intake_peek(struct intake *intake, size_t count)
{
    while (intake->bytes.count - intake->start < count && !intake->at_end)
        intake_read(intake);
    size_t here = intake->bytes.count - intake->start;
    return here < count ? here : count;
}

void intake_skip(struct intake *intake, size_t count)
{
    intake->start += count;
    intake->offset += count;
}

/* Passes over bytes up to what may be the next head. */
static size_t intake_scan(struct intake *intake)
{
    static const uint8_t sync[4] = {BLOCK_SYNC & 0xFF, BLOCK_SYNC >> 8 & 0xFF, BLOCK_SYNC >> 16 & 0xFF, BLOCK_SYNC >> 24};
    size_t here = intake->bytes.count - intake->start;
    const uint8_t *next = memmem(intake_at(intake) + 1, here - 1, sync, sizeof sync);
    size_t passed = next ? (size_t)(next - intake_at(intake)) : here < sizeof sync ? here : here - (sizeof sync - 1);
    intake_skip(intake, passed);
    return passed;
}

static bool intake_is_trailer(const struct intake *intake, size_t rest)
{
    uint64_t offset;
    return rest == INDEX_TRAILER_BYTES && index_get_trailer(intake_at(intake), &offset);
}

enum intake_found intake_next(struct intake *intake, struct block_head *head, uint64_t *lost)
{
    intake_skip(intake, intake->block_bytes);
    intake->block_bytes = 0;
    for (*lost = 0;; *lost += intake_scan(intake)) {
        size_t rest = intake_peek(intake, BLOCK_HEAD_BYTES);
        if (rest < BLOCK_HEAD_BYTES) {
            *lost += intake_is_trailer(intake, rest) ? 0 : rest;
            intake_skip(intake, rest);
            return INTAKE_END;
        }
        if (!block_head_get(intake_at(intake), head))
            continue;
        size_t with_records = BLOCK_HEAD_BYTES + (size_t)head->record_bytes, whole = with_records + head->token_bytes;
        if (intake_peek(intake, with_records) < with_records || !block_records_are_whole(intake_at(intake), head))
            continue;
        if (intake_peek(intake, whole) < whole)
            continue;
        intake->block_bytes = whole;
        return INTAKE_BLOCK;
    }
}
