/* twin_stacks: in the slots of a device, out stacks as a tree of frames. A slot that was not heard since the last loss has a stack that says so. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "slice.h"
#include "twin.h"

enum { IMAGE_HASHED = 4096, MODULE = 1 };

/* 0: there are too many. */
static uint32_t frame_of(struct twin *twin, uint32_t parent, uint64_t pc)
{
    bool is_new, in_file = twin->flash && flash_is_code(twin->flash, pc);
    const uint64_t numbers[] = {parent, pc};
    uint64_t *id = map_put(&twin->frames, XXH3_64bits(numbers, sizeof numbers), &is_new);
    if (!is_new && *id)
        return (uint32_t)*id;
    if (twin->frame_count >= TWIN_FRAMES_MOST)
        return 0;
    *id = ++twin->frame_count;
    struct frame_definition frame = {.id = twin->frame_count, .parent = parent, .module = in_file ? MODULE : 0, .offset = pc};
    twin_define(twin, EVENT_FRAME, &frame);
    return frame.id;
}

static uint32_t lost_stack(struct twin *twin)
{
    if (twin->lost_stack)
        return twin->lost_stack;
    struct frame_definition frame = {.id = ++twin->frame_count, .function = "(stack lost on the line)"};
    twin_define(twin, EVENT_FRAME, &frame);
    return twin->lost_stack = frame.id;
}

static uint64_t pc_of(const struct twin *twin, uint64_t told)
{
    return twin->has_words ? told * 2 : twin->is_thumb ? told & ~(uint64_t)1 : told;
}

static uint64_t *slice_place(struct twin *twin, const uint64_t key[HT_SLICE_KEY])
{
    const uint64_t digest = XXH3_64bits(key, HT_SLICE_KEY * sizeof *key);
    return map_count(&twin->slices) < TWIN_SLICES_MOST ? map_put(&twin->slices, digest, NULL) : map_get(&twin->slices, digest);
}

/* Where it cannot be unwound only the place itself is certain. */
static struct twin_slot slice_take(struct twin *twin, const struct ht_heard *heard)
{
    const uint64_t key[HT_SLICE_KEY] = {heard->numbers[HT_SLICE_PC], heard->numbers[HT_SLICE_FIRST], heard->numbers[HT_SLICE_SECOND]};
    struct twin_slot slot = {.age = twin->slots_age, .is_cut = true};
    struct callers callers = {0};
    bool is_unwound = twin->walk.machine && !twin->has_wrong_file && slice_unwind(&twin->walk, heard, twin->has_all_code, &callers) && callers.count;
    for (unsigned i = callers.count; is_unwound && i-- > 0;)
        slot.stack = frame_of(twin, slot.stack, callers.pc[i]);
    if (is_unwound)
        slot.is_cut = callers.is_cut;
    else
        slot.stack = frame_of(twin, 0, pc_of(twin, *key));
    uint64_t *known = slice_place(twin, key);
    if (known)
        *known = (uint64_t)slot.stack << 1 | slot.is_cut;
    return slot;
}

/* A key whose slice was lost: only the place is certain. */
static struct twin_slot key_take(struct twin *twin, const uint64_t key[HT_SLICE_KEY])
{
    const uint64_t *known = map_get(&twin->slices, XXH3_64bits(key, HT_SLICE_KEY * sizeof *key));
    if (known)
        return (struct twin_slot){(uint32_t)(*known >> 1), twin->slots_age, *known & 1};
    return (struct twin_slot){frame_of(twin, 0, pc_of(twin, *key)), twin->slots_age, true};
}

void twin_slot_set(struct twin *twin, const struct ht_heard *heard)
{
    bool is_slice = heard->kind == HT_TOLD_SLICE;
    uint64_t place = is_slice ? heard->numbers[HT_SLICE_SLOT] : heard->told.slot;
    struct twin_slot slot = {0, twin->slots_age, heard->is_cut};
    if (place > UINT16_MAX)
        return;
    if (is_slice)
        slot = slice_take(twin, heard);
    else if (twin->has_slices && heard->count == HT_SLICE_KEY)
        slot = key_take(twin, heard->numbers);
    else
        for (unsigned i = heard->count; i-- > 0;)
            slot.stack = frame_of(twin, slot.stack, pc_of(twin, heard->numbers[i]));
    if (twin->slots.count <= place)
        vec_extend(&twin->slots, place + 1);
    twin->slots.at[place] = slot;
}

uint32_t twin_slot_stack(struct twin *twin, uint64_t slot, bool *is_cut)
{
    if (!slot)
        return 0;
    if (slot >= twin->slots.count || twin->slots.at[slot].age != twin->slots_age) {
        *is_cut = true;
        return lost_stack(twin);
    }
    *is_cut |= twin->slots.at[slot].is_cut;
    return twin->slots.at[slot].stack;
}

/* Whether the file has what the device says of its own image; true when that cannot be told. */
static bool file_fits(const struct twin *twin, const struct ht_heard *hello)
{
    uint8_t image[IMAGE_HASHED];
    uint64_t bytes = hello->numbers[HT_HELLO_IMAGE_BYTES] < IMAGE_HASHED ? hello->numbers[HT_HELLO_IMAGE_BYTES] : IMAGE_HASHED;
    if (!hello->numbers[HT_HELLO_IMAGE_HASH] || !bytes)
        return true;
    return flash_bytes(twin->flash, hello->numbers[HT_HELLO_IMAGE_START], image, (size_t)bytes) &&
           ht__check(HT_CHECK_START, image, (size_t)bytes) == hello->numbers[HT_HELLO_IMAGE_HASH];
}

/* The trace may be looked at from another folder. */
static void module_define(struct twin *twin)
{
    char *real = realpath(flash_path(twin->flash), NULL);
    struct module_definition module = {.id = MODULE, .process = twin->process, .path = real ? real : flash_path(twin->flash)};
    flash_code_range(twin->flash, &module.start, &module.end);
    module.build_id_bytes = flash_build_id(twin->flash, module.build_id);
    twin_define(twin, EVENT_MODULE, &module);
    free(real);
}

static void walk_open(struct twin *twin, const struct ht_heard *hello)
{
    uint64_t low, high, start = hello->numbers[HT_HELLO_IMAGE_START];
    flash_code_range(twin->flash, &low, &high);
    twin->has_all_code = low >= start && high - start <= hello->numbers[HT_HELLO_IMAGE_BYTES];
    if (!twin->walk.machine)
        caller_walk_open(&twin->walk, twin->flash, machine_find((uint16_t)flash_machine(twin->flash), twin->pointer_bytes == 8));
}

void twin_modules(struct twin *twin, const struct ht_heard *hello)
{
    twin->is_thumb = twin->flash && flash_machine(twin->flash) == EM_ARM;
    if (twin->flash && twin->has_slices)
        walk_open(twin, hello);
    if (!twin->flash) {
        if (twin->process == 1)
            str_add(&twin->note, "addresses are not named: say which firmware it is with --elf FILE\n");
        return;
    }
    if (twin->process == 1)
        module_define(twin);
    twin->has_wrong_file = !file_fits(twin, hello);
    if (!twin->has_wrong_file)
        return;
    str_add_format(&twin->note, "'%s' is not the firmware that sends: names and lines will be wrong; give the ELF file of the very build that runs\n",
                   flash_path(twin->flash));
    twin_define(twin, EVENT_MARK, "the ELF file is not the firmware that sent this: names and lines are wrong");
}
