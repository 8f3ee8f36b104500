/* device_get: in bytes of a firmware's line, out its records. For the host. Nothing here believes a length, a number or a slot. */
#ifndef WIRE_DEVICE_GET_H
#define WIRE_DEVICE_GET_H

#include "device.h"
#include "varint.h"

/* Removes COBS in place: `count` bytes between two zeros. The payload's bytes, which begin at bytes[0]; 0: it makes no sense. */
size_t ht__cobs_get(uint8_t *bytes, size_t count);

/* What HELLO said, for the frames that follow. */
struct ht_device {
    bool is_known;
    uint32_t boot;
    uint8_t shift, pointer_bytes;
    uint64_t address_base, pc_base;
};

struct ht_heard {
    struct ht_told told;
    uint8_t kind;   /* enum ht_told_kind; unknown rare ones too */
    uint8_t count;  /* numbers, or return addresses of a STACK */
    bool is_cut;    /* of a STACK */
    uint32_t tick;
    uint64_t numbers[HT_STACK_MOST]; /* of a rare record (missing ones 0); return addresses of a STACK, innermost first */
    const uint8_t *tail;
    size_t tail_bytes;
};

/* A frame that is being read. */
struct ht_opened {
    struct ht_bytes bytes; /* `bad`: what is there makes no sense, though the check was right */
    struct ht_device *device;
    uint16_t sequence, events;
    uint32_t tick;
    uint8_t heap;
    uint16_t task;
    uint64_t address, pc;
};

enum ht_open {
    HT_OPEN_DONE,
    HT_OPEN_BROKEN,  /* the check is wrong, or there is no payload */
    HT_OPEN_STRANGE, /* of a boot whose HELLO was not heard, or broken: with no device known */
    HT_OPEN_VERSION, /* HELLO is of another version of the line */
};

/* `payload` is what ht__cobs_get gave. A frame that begins with HELLO sets the device. */
enum ht_open ht__frame_open(struct ht_opened *opened, struct ht_device *device, const uint8_t *payload, size_t count);
/* The next record; false at the end or when it is bad. */
bool ht__told_get(struct ht_opened *opened, struct ht_heard *heard);

#endif
