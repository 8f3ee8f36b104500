/* epoch: in what the tracer knows of its machine, out the records by which a host that comes now, or lost something, can go on. */
#include "core.h"
#include "outbox.h"
#include "slots.h"

#if HT_WITH_STREAM

static const char machine[] =
#if defined(__arm__)
    "cortex-m";
#elif defined(__riscv) && __riscv_xlen == 32
    "rv32";
#elif defined(__riscv)
    "rv64";
#elif defined(__AVR__)
    "avr";
#elif defined(__xtensa__)
    "xtensa";
#else
    "host";
#endif

enum {
    FLAGS = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? HT_HELLO_BIG_ENDIAN : 0) | (HT_WITH_GUARD ? HT_HELLO_GUARDS : 0) | (HT_WITH_SLICE ? HT_HELLO_SLICES : 0),
};

bool ht__epoch_begin(void)
{
    struct ht_outbox *box = &ht__core.outbox;
    if (!ht__frame_is_empty(&box->frame) && !ht__outbox_next(ht_port_now()))
        return false;
    struct ht_image image = ht_port_image();
    const ht_number numbers[HT_HELLO_NUMBERS] = {
        [HT_HELLO_VERSION] = HT_DEVICE_VERSION,
        [HT_HELLO_POINTER_BYTES] = sizeof(void *),
        [HT_HELLO_MODE] = ht__core.mode,
        [HT_HELLO_TICKS_PER_S] = ht_port_ticks_per_s(),
        [HT_HELLO_ADDRESS_SHIFT] = box->frame.shift,
        [HT_HELLO_FLAGS] = FLAGS,
        [HT_HELLO_EPOCH] = (uint16_t)(ht__core.epoch + 1),
        [HT_HELLO_IMAGE_START] = (uintptr_t)image.start,
        [HT_HELLO_IMAGE_BYTES] = image.bytes,
        [HT_HELLO_IMAGE_HASH] = ht__core.image_hash,
        [HT_HELLO_BOOT] = ht__core.boot,
        [HT_HELLO_ADDRESS_BASE] = box->frame.address_base,
#if HT_WITH_GUARD
        [HT_HELLO_QUARANTINE] = ht__core.quarantine.count,
        [HT_HELLO_QUARANTINE_BYTES] = ht__core.quarantine.most_bytes == SIZE_MAX ? 0 : ht__core.quarantine.most_bytes,
#endif
    };
    /* a LOST may have come first: then this is not the frame for it */
    if (!ht__frame_is_empty(&box->frame) || !ht__outbox_rare(HT_TOLD_HELLO, numbers, HT_HELLO_NUMBERS, machine, sizeof machine - 1))
        return false;
    ht__core.epoch++;
    ht__core.wants &= (uint8_t)~HT_WANT_EPOCH;
    ht__core.names = 0;
#if HT_FRAMES
    ht__slots_forget();
#endif
    box->frames_of_epoch = 0;
    return true;
}

/* One under each lock: none is long. */
void ht__epoch_names(void)
{
    bool room = true;
    while (room && ht__core.names < HT_HEAPS + HT_TASKS) {
        if (!ht__enter())
            return;
        uint8_t name = ht__core.names;
        room = name < HT_HEAPS ? ht__heap_tell(name) : ht__task_tell((uint8_t)(name - HT_HEAPS));
        if (room)
            ht__core.names++;
        ht__leave();
    }
}

#endif
