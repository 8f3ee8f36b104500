/* slice: the words, each with its address, and the registers that the walk begins with. */
#include "slice.h"

#include "wire/varint.h"

enum { WORDS_MOST = HT_TAIL_MOST / 2 };

struct slice {
    struct slice_word {
        uint64_t at, value;
    } words[WORDS_MOST];
    unsigned count;
    uint64_t sp, above; /* bytes from sp on that were looked at; 0: code may be where it was not looked for */
};

static uint64_t cut(const struct machine *machine, uint64_t value)
{
    return machine->pointer_bytes == 8 ? value : (uint32_t)value;
}

static bool words_get(struct slice *slice, const struct machine *machine, const struct ht_heard *heard)
{
    struct ht_bytes bytes = {heard->tail, heard->tail + heard->tail_bytes, false};
    uint64_t at = cut(machine, heard->numbers[HT_SLICE_SP] - heard->numbers[HT_SLICE_BELOW]), code = heard->numbers[HT_SLICE_PC];
    while (bytes.at < bytes.end && slice->count < WORDS_MOST) {
        uint64_t head = ht_varint_get(&bytes), difference = (uint64_t)ht_unzigzag(ht_varint_get(&bytes));
        bool is_stack = head & 1;
        at = cut(machine, at + (head >> 1) * machine->pointer_bytes);
        struct slice_word word = {at, cut(machine, (is_stack ? at : code) + difference)};
        code = is_stack ? code : word.value;
        slice->words[slice->count++] = word;
        at = cut(machine, at + machine->pointer_bytes);
    }
    return !bytes.bad;
}

/* As a debugger would read them, but only whole words. One that was looked at and is not told is no address: 0 stands for it. */
static size_t word_read(void *context, uint64_t address, uint8_t *bytes, size_t count)
{
    const struct slice *slice = context;
    uint64_t value = 0;
    bool is_known = address - slice->sp < slice->above;
    for (unsigned i = 0; i < slice->count; i++) {
        bool is_it = slice->words[i].at == address;
        value = is_it ? slice->words[i].value : value;
        is_known |= is_it;
    }
    for (size_t k = 0; k < count; k++)
        bytes[k] = (uint8_t)(value >> 8 * k);
    return is_known ? count : 0;
}

bool slice_unwind(const struct caller_walk *walk, const struct ht_heard *heard, bool all_code, struct callers *callers)
{
    const struct machine *machine = walk->machine;
    const uint64_t *n = heard->numbers;
    struct slice slice = {.sp = n[HT_SLICE_SP], .above = all_code ? n[HT_SLICE_ABOVE] : 0};
    struct caller_memory memory = {word_read, &slice};
    struct machine_state state = {.pc = n[HT_SLICE_PC], .sp = n[HT_SLICE_SP]};
    if (!words_get(&slice, machine, heard))
        return false;
    uint64_t fp = n[HT_SLICE_FP] ? cut(machine, n[HT_SLICE_SP] + n[HT_SLICE_FP] - 1) : 0;
    state.registers[machine->sp] = state.sp;
    state.registers[machine->fp] = n[HT_SLICE_HOOK] ? caller_walk_fp(walk, n[HT_SLICE_HOOK], state.sp, fp, &memory) : fp;
    caller_walk(walk, &state, n[HT_SLICE_PC], &memory, callers);
    return true;
}
