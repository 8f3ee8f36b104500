/* record: put and get side by side. */
#include "record.h"

static unsigned record_text_count(uint32_t kind)
{
    switch (kind) {
#define HT_RECORD(name, number, numbers, texts)                                                                                                               \
    case number:                                                                                                                                              \
        return texts;
#include "record.def"
#undef HT_RECORD
    default:
        return 0;
    }
}

static size_t text_bytes(const char *text)
{
    size_t bytes = 0;
    while (text && text[bytes])
        bytes++;
    return bytes;
}

size_t ht_record_room(const struct ht_record *record)
{
    size_t bytes = HT_RECORD_MOST;
    for (unsigned i = 0; i < record_text_count(record->kind); i++)
        bytes += text_bytes(record->texts[i]) + 1;
    return bytes;
}

static size_t varint_bytes(uint64_t value)
{
    uint8_t scratch[HT_VARINT_MOST];
    return (size_t)(ht_varint_put(scratch, value) - scratch);
}

static uint8_t *text_put(uint8_t *to, const char *text)
{
    for (; text && *text; text++)
        *to++ = (uint8_t)*text;
    *to++ = 0;
    return to;
}

uint8_t *ht_record_put(uint8_t *to, const struct ht_record *record)
{
    uint64_t mask = 0;
    size_t bytes = varint_bytes(record->kind);
    for (unsigned i = 0; i < HT_RECORD_NUMBERS; i++) {
        mask |= (uint64_t)(record->numbers[i] != 0) << i;
        bytes += record->numbers[i] ? varint_bytes(record->numbers[i]) : 0;
    }
    for (unsigned i = 0; i < record_text_count(record->kind); i++)
        bytes += text_bytes(record->texts[i]) + 1;
    to = ht_varint_put(to, bytes + varint_bytes(mask));
    to = ht_varint_put(to, record->kind);
    to = ht_varint_put(to, mask);
    for (unsigned i = 0; i < HT_RECORD_NUMBERS; i++)
        to = record->numbers[i] ? ht_varint_put(to, record->numbers[i]) : to;
    for (unsigned i = 0; i < record_text_count(record->kind); i++)
        to = text_put(to, record->texts[i]);
    return to;
}

static const char *text_get(struct ht_bytes *from)
{
    const char *text = (const char *)from->at;
    while (from->at < from->end && *from->at)
        from->at++;
    if (from->at == from->end)
        return "";
    from->at++;
    return text;
}

bool ht_record_get(struct ht_bytes *from, struct ht_record *record)
{
    if (from->at == from->end)
        return false;
    uint64_t bytes = ht_varint_get(from);
    if (from->bad || bytes > (uint64_t)(from->end - from->at))
        return from->bad = true, false;
    struct ht_bytes body = {from->at, from->at + bytes, false};
    from->at = body.end;
    *record = (struct ht_record){.kind = (uint32_t)ht_varint_get(&body)};
    uint64_t mask = ht_varint_get(&body);
    for (unsigned i = 0; i < 64; i++) {
        uint64_t number = mask >> i & 1 ? ht_varint_get(&body) : 0;
        if (i < HT_RECORD_NUMBERS)
            record->numbers[i] = number;
    }
    for (unsigned i = 0; i < HT_RECORD_TEXTS; i++)
        record->texts[i] = i < record_text_count(record->kind) ? text_get(&body) : "";
    from->bad = body.bad;
    return !from->bad;
}
