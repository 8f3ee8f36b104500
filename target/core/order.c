/* order: in control bytes of the host, out what it wants done. */
#include "core.h"
#include "outbox.h"

#if HT_WITH_STREAM

enum { ORDERS_A_PUMP = 16 };

#if HT_WITH_DUMP

enum { ADDRESS_BYTES = 8, DUMP_A_FRAME = 48 };

static uint8_t dump_bytes[HT_CONTROL_DUMP_BYTES - 1], dump_count; /* behind the 'd' */
static uintptr_t dump_at;
static uint16_t dump_left;

static void dump_take(uint8_t byte)
{
    dump_bytes[dump_count++ - 1] = byte;
    if (dump_count < HT_CONTROL_DUMP_BYTES)
        return;
    uint8_t check = HT_CONTROL_DUMP;
    uintptr_t address = 0;
    dump_count = 0;
    for (uint8_t i = 0; i < HT_CONTROL_DUMP_BYTES - 2; i++)
        check ^= dump_bytes[i];
    if (check != dump_bytes[HT_CONTROL_DUMP_BYTES - 2]) {
        ht__core.counters.bad_controls++;
        return;
    }
    for (uint8_t i = ADDRESS_BYTES; i-- > 0;)
        address = (address << 4 << 4) | dump_bytes[i];
    dump_at = address;
    dump_left = (uint16_t)(dump_bytes[ADDRESS_BYTES] | dump_bytes[ADDRESS_BYTES + 1] << 8);
}

static void dump_tell(void)
{
    bool room = true;
    while (room && dump_left) {
        uint8_t count = dump_left < DUMP_A_FRAME ? (uint8_t)dump_left : DUMP_A_FRAME;
        const ht_number address = dump_at;
        if (!ht__enter())
            return;
        room = ht__outbox_free() && ht__outbox_rare(HT_TOLD_DUMP, &address, 1, (const void *)dump_at, count);
        ht__leave();
        if (!room)
            return;
        dump_at += count;
        dump_left = (uint16_t)(dump_left - count);
        ht__core.outbox.flush = true;
    }
}

#endif

static void order_do(int order)
{
    switch (order) {
    case HT_CONTROL_START:
        ht__core.wants &= (uint8_t)~HT_WANT_DETACHED;
        ht_start(NULL);
        core_want(HT_WANT_EPOCH);
        return;
    case HT_CONTROL_STOP:
        ht_stop();
        return;
    case HT_CONTROL_SNAPSHOT:
        ht_snapshot();
        return;
    case HT_CONTROL_MARK:
        ht_mark("host");
        return;
    case HT_CONTROL_DETACH:
        ht_stop();
        core_want(HT_WANT_DETACHED);
        return;
    case HT_CONTROL_RESYNC:
        core_want(HT_WANT_EPOCH);
        return;
#if HT_WITH_DUMP
    case HT_CONTROL_DUMP:
        dump_count = 1;
        return;
#endif
    default:
        ht__core.counters.bad_controls++;
    }
}

void ht__order_take(void)
{
    const struct ht_sink *sink = ht__core.sink;
    int order;
    for (uint8_t i = 0; sink->read && i < ORDERS_A_PUMP && (order = sink->read(sink->context)) >= 0; i++) {
#if HT_WITH_DUMP
        if (dump_count) {
            dump_take((uint8_t)order);
            continue;
        }
#endif
        order_do(order);
    }
#if HT_WITH_DUMP
    dump_tell();
#endif
}

#endif
