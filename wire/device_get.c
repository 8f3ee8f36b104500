/* device_get: the checks, and the records of a frame. */
#include "device_get.h"

enum { HEAD_BYTES = HT_FRAME_HEAD - 1, CHECK_BYTES = 4, RARE_SHIFT = 3, KIND_MASK = 7 };
enum { HAS_SLOT = 8, HAS_SOURCE = 16, HAS_TAKEN = 32, IS_ODD = 64, HAS_MORE = 128, MORE_TASK = 1, MORE_HEAP = 2, MORE_API = 16, MORE_KNOWN = 31 };

size_t ht__cobs_get(uint8_t *bytes, size_t count)
{
    size_t at = 0, to = 0;
    while (at < count) {
        uint8_t way = bytes[at++];
        if (!way || way - 1u > count - at)
            return 0;
        for (uint8_t i = 1; i < way; i++)
            bytes[to++] = bytes[at++];
        if (way < 0xFF && at < count)
            bytes[to++] = 0;
    }
    return to;
}

static uint32_t bytes_get(const uint8_t *bytes, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = count; i--;)
        value = value << 8 | bytes[i];
    return value;
}

static uint64_t pointer_cut(const struct ht_device *device, uint64_t address)
{
    return device->pointer_bytes >= 8 ? address : address & ((1ull << 8 * device->pointer_bytes) - 1);
}

/* A number of at most 16 bits, never 0: ids begin at 1. */
static uint16_t id_get(struct ht_opened *opened)
{
    uint64_t id = ht_varint_get(&opened->bytes);
    opened->bytes.bad |= id == 0 || id > UINT16_MAX;
    return (uint16_t)id;
}

static uint8_t byte_get(struct ht_opened *opened)
{
    if (opened->bytes.at < opened->bytes.end)
        return *opened->bytes.at++;
    opened->bytes.bad = true;
    return 0;
}

static uint32_t time_get(struct ht_opened *opened)
{
    uint64_t time = ht_varint_get(&opened->bytes);
    opened->bytes.bad |= time > UINT32_MAX;
    return opened->tick += (uint32_t)time;
}

static uint64_t address_get(struct ht_opened *opened, unsigned shift)
{
    uint64_t difference = (uint64_t)ht_unzigzag(ht_varint_get(&opened->bytes)) << shift;
    return opened->address = pointer_cut(opened->device, opened->address + difference);
}

static void more_get(struct ht_opened *opened, struct ht_told *told)
{
    uint8_t more = byte_get(opened);
    opened->bytes.bad |= !more || more & ~MORE_KNOWN || (more & HT_TOLD_INTERRUPT && more & MORE_TASK);
    told->flags = more & (HT_TOLD_INTERRUPT | HT_TOLD_CUT);
    if (more & MORE_TASK) {
        uint64_t task = ht_varint_get(&opened->bytes);
        opened->bytes.bad |= task > UINT16_MAX;
        opened->task = (uint16_t)task;
    }
    if (more & MORE_HEAP)
        opened->heap = byte_get(opened);
    if (more & MORE_API)
        told->api = byte_get(opened);
}

static void hot_get(struct ht_opened *opened, uint8_t head, struct ht_told *told)
{
    unsigned shift = head & IS_ODD ? 0 : opened->device->shift;
    *told = (struct ht_told){.kind = head & KIND_MASK};
    if (head & HAS_MORE)
        more_get(opened, told);
    told->task = told->flags & HT_TOLD_INTERRUPT ? 0 : opened->task;
    told->heap = opened->heap;
    told->tick = time_get(opened);
    if (told->kind == HT_TOLD_RESIZE || told->kind == HT_TOLD_RESIZE_FAILED)
        told->old_address = address_get(opened, shift);
    if (told->kind <= HT_TOLD_RESIZE)
        told->address = address_get(opened, shift);
    if (told->kind != HT_TOLD_FREE)
        told->size = ht_varint_get(&opened->bytes);
    if (head & HAS_TAKEN)
        told->taken = pointer_cut(opened->device, told->size + ht_varint_get(&opened->bytes));
    if (head & HAS_SLOT)
        told->slot = id_get(opened);
    if (head & HAS_SOURCE)
        told->source = id_get(opened);
}

static void stack_get(struct ht_opened *opened, struct ht_heard *heard)
{
    heard->told.slot = id_get(opened);
    uint8_t count = byte_get(opened);
    heard->is_cut = count & 1;
    heard->count = count >> 1;
    opened->bytes.bad |= heard->count > HT_STACK_MOST;
    for (unsigned i = 0; i < heard->count && !opened->bytes.bad; i++)
        heard->numbers[i] = opened->pc = pointer_cut(opened->device, opened->pc + (uint64_t)ht_unzigzag(ht_varint_get(&opened->bytes)));
}

static void rare_get(struct ht_opened *opened, struct ht_heard *heard)
{
    uint8_t count = byte_get(opened);
    bool has_tail = count & 1;
    heard->count = count >> 1;
    heard->tick = time_get(opened);
    for (unsigned i = 0; i < heard->count && !opened->bytes.bad; i++) {
        uint64_t number = ht_varint_get(&opened->bytes);
        if (i < HT_NUMBERS_MOST)
            heard->numbers[i] = number;
    }
    if (!has_tail || opened->bytes.bad)
        return;
    uint64_t bytes = ht_varint_get(&opened->bytes);
    opened->bytes.bad |= bytes > (uint64_t)(opened->bytes.end - opened->bytes.at);
    heard->tail = opened->bytes.at;
    heard->tail_bytes = opened->bytes.bad ? 0 : (size_t)bytes;
    opened->bytes.at += heard->tail_bytes;
}

bool ht__told_get(struct ht_opened *opened, struct ht_heard *heard)
{
    if (opened->bytes.bad || opened->bytes.at == opened->bytes.end)
        return false;
    uint8_t head = *opened->bytes.at++;
    *heard = (struct ht_heard){.kind = head & KIND_MASK ? head & KIND_MASK : head >> RARE_SHIFT, .tick = opened->tick, .tail = opened->bytes.at};
    if (!(head & KIND_MASK))
        rare_get(opened, heard);
    else if (head == HT_TOLD_STACK)
        stack_get(opened, heard);
    else
        hot_get(opened, head, &heard->told);
    heard->tick = opened->tick;
    bool is_known = head & KIND_MASK ? heard->kind < HT_TOLD_STACK || head == HT_TOLD_STACK : heard->kind >= HT_TOLD_FIRST_RARE;
    opened->bytes.bad |= !is_known;
    return !opened->bytes.bad;
}

static bool hello_is_sane(const uint64_t *numbers)
{
    uint64_t pointer = numbers[HT_HELLO_POINTER_BYTES];
    return (pointer == 2 || pointer == 3 || pointer == 4 || pointer == 8) && numbers[HT_HELLO_ADDRESS_SHIFT] <= 8 && numbers[HT_HELLO_BOOT] <= UINT32_MAX;
}

/* The device that the frame's HELLO tells of; false: it has none. */
static bool device_of(const struct ht_opened *opened, struct ht_device *device, bool *is_other_version)
{
    struct ht_opened first = *opened;
    struct ht_device none = {.pointer_bytes = 8};
    struct ht_heard hello;
    first.device = &none;
    if (!ht__told_get(&first, &hello) || hello.kind != HT_TOLD_HELLO)
        return false;
    *is_other_version = hello.numbers[HT_HELLO_VERSION] != HT_DEVICE_VERSION;
    *device = (struct ht_device){true, (uint32_t)hello.numbers[HT_HELLO_BOOT], (uint8_t)hello.numbers[HT_HELLO_ADDRESS_SHIFT],
                                 (uint8_t)hello.numbers[HT_HELLO_POINTER_BYTES], hello.numbers[HT_HELLO_ADDRESS_BASE], hello.numbers[HT_HELLO_IMAGE_START]};
    return *is_other_version || hello_is_sane(hello.numbers);
}

enum ht_open ht__frame_open(struct ht_opened *opened, struct ht_device *device, const uint8_t *payload, size_t count)
{
    if (count < HEAD_BYTES + CHECK_BYTES)
        return HT_OPEN_BROKEN;
    *opened = (struct ht_opened){.bytes = {payload + HEAD_BYTES, payload + count - CHECK_BYTES, false}, .device = device, .sequence = (uint16_t)bytes_get(payload, 2),
                                 .events = (uint16_t)bytes_get(payload + 2, 2), .tick = bytes_get(payload + 4, 4)};
    uint32_t check = bytes_get(opened->bytes.end, CHECK_BYTES);
    struct ht_device told;
    bool is_other_version;
    if (device_of(opened, &told, &is_other_version) && ht__check(HT_CHECK_START ^ told.boot, payload, count - CHECK_BYTES) == check) {
        if (is_other_version)
            return HT_OPEN_VERSION;
        *device = told;
    } else if (!device->is_known) {
        return HT_OPEN_STRANGE;
    } else if (ht__check(HT_CHECK_START ^ device->boot, payload, count - CHECK_BYTES) != check) {
        return HT_OPEN_BROKEN;
    }
    opened->address = device->address_base;
    opened->pc = device->pc_base;
    return HT_OPEN_DONE;
}
