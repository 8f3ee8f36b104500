/* voice: in options, out on standard output what a firmware with three faults of its heap would send: for tests of the command. It is its own ELF file: it tells
 * its own addresses. Usage: voice [text] [log] [wrong] [lose=FRAME] [boots=N] [snapshot] [late=FRAMES] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/api.h"
#include "wire/line.h"

extern const char __executable_start[];

enum { ROUNDS = 200, EFFECT_BYTES = 96, SOCKET_BYTES = 40, TASK_NET = 1, IMAGE_BYTES = 512, SLOTS = 3 };

static struct voice {
    struct ht_frame frame;
    uint8_t bytes[HT_FRAME_MOST];
    uint32_t tick, boot, epoch;
    uint16_t sequence, lose;
    bool as_text, with_log, is_wrong, slots[SLOTS + 1];
    unsigned skip; /* frames that are not sent at the beginning */
} voice;

static void frame_begin(void)
{
    ht__frame_begin(&voice.frame, voice.bytes, HT_FRAME_MOST, voice.sequence++, voice.tick);
}

static void frame_end(void)
{
    char line[HT_LINE_MOST];
    size_t count = ht__frame_end(voice.bytes, voice.frame.used, voice.boot);
    bool is_lost = voice.sequence <= voice.skip || (voice.lose && voice.sequence == voice.lose + 1);
    if (voice.with_log && voice.sequence % 4 == 1)
        printf("I (%u) light: frame %u is out\r\n", voice.tick / 1000, voice.sequence);
    if (is_lost)
        return;
    if (voice.as_text)
        fwrite(line, 1, ht__line_put(line, voice.bytes, count), stdout);
    else
        fwrite(voice.bytes, 1, count, stdout);
}

static void frame_next(void)
{
    frame_end();
    frame_begin();
}

static void rare(uint8_t kind, const ht_number *numbers, uint8_t count, const char *text)
{
    struct ht_rare rare = {kind, count, (uint8_t)strlen(text), voice.tick, numbers, text};
    if (ht__frame_put_rare(&voice.frame, &rare))
        return;
    frame_next();
    ht__frame_put_rare(&voice.frame, &rare);
}
#define RARE(kind, text, ...) rare(kind, (const ht_number[]){__VA_ARGS__}, sizeof(ht_number[]){__VA_ARGS__} / sizeof(ht_number), text)

static void epoch_begin(void)
{
    static const char file[] = "light/socket.c", function[] = "socket_serve", variable[] = "session";
    uint32_t hash = ht__check(HT_CHECK_START, (const uint8_t *)__executable_start, IMAGE_BYTES) + voice.is_wrong;
    memset(voice.slots, 0, sizeof voice.slots);
    RARE(HT_TOLD_HELLO, "host", HT_DEVICE_VERSION, sizeof(void *), HT_TOLD_STREAM, 1000000, 4, 0, ++voice.epoch, (ht_number)__executable_start, IMAGE_BYTES, hash, voice.boot,
         0x20000000);
    RARE(HT_TOLD_HEAP, "internal", 1, 2, 0x20000000, 0x8000);
    RARE(HT_TOLD_TASK, "net", TASK_NET, 0x20001234, 0x20007000, 2048, 5);
    RARE(HT_TOLD_SOURCE, "", 1, (ht_number)file, (ht_number)function, (ht_number)variable, 42);
}

static void told_put(struct ht_told *told, const ht_number pcs[2])
{
    told->tick = voice.tick += 500;
    told->heap = 1;
    if (told->slot && !voice.slots[told->slot]) {
        if (!ht__frame_put_stack(&voice.frame, told->slot, pcs, 2, false)) {
            frame_next();
            ht__frame_put_stack(&voice.frame, told->slot, pcs, 2, false);
        }
        voice.slots[told->slot] = true;
    }
    if (ht__frame_put_hot(&voice.frame, told))
        return;
    frame_next();
    ht__frame_put_hot(&voice.frame, told);
}

static void made(uint16_t slot, uint16_t task, uint16_t source, ht_number address, ht_number size, const void *inner, const void *outer)
{
    struct ht_told told = {.kind = HT_TOLD_ALLOC, .slot = slot, .task = task, .source = source, .address = address, .size = size};
    told_put(&told, (const ht_number[]){(ht_number)inner, (ht_number)outer});
}

static void ended(uint16_t task, ht_number address)
{
    struct ht_told told = {.kind = HT_TOLD_FREE, .task = task, .address = address};
    told_put(&told, NULL);
}

/* Told by functions of these names. */
__attribute__((noinline)) static void *here(void)
{
    return __builtin_return_address(0);
}

__attribute__((noinline)) static void effect_switch(unsigned round, const void *outer)
{
    made(1, 0, 0, 0x20000100 + 0x80 * (round % 8), EFFECT_BYTES, here(), outer);
    if (round % 8 != 7)
        ended(0, 0x20000100 + 0x80 * (round % 8)); /* every eighth state leaks, until its place is given out again */
}

__attribute__((noinline)) static void socket_serve(unsigned round, const void *outer)
{
    made(2, TASK_NET, 1, 0x20001000 + 0x40 * round, SOCKET_BYTES, here(), outer);
    if (round % 20)
        ended(TASK_NET, 0x20001000 + 0x40 * round);
}

static void tick_interrupt(unsigned round)
{
    struct ht_told told = {.kind = HT_TOLD_REFUSE, .flags = HT_TOLD_INTERRUPT, .size = 70000 + round};
    told_put(&told, NULL);
}

static void faults_tell(void)
{
    RARE(HT_TOLD_FAULT, "\xde\xad", HT_FAULT_OVERFLOW, 0x20000160, 0x20000100, EFFECT_BYTES, 2 * EFFECT_BYTES, 2, HT_GUESS_OFF_BY_ONE, TASK_NET, HT_FOUND_FREE, 1, 0, 2);
    RARE(HT_TOLD_STACK_USE, "", TASK_NET, 2048, 128, 900);
    RARE(HT_TOLD_HEAP_USE, "", 1, 10000, 22768, 20000, 18000, 17);
    RARE(HT_TOLD_MARK, "effects done", 0);
}

static void snapshot_tell(void)
{
    RARE(HT_TOLD_SNAPSHOT, "", 0, 0);
    RARE(HT_TOLD_BLOCK, "", 0x20006000, 512, 100, 0, 1, 0, 0);
    RARE(HT_TOLD_SNAPSHOT, "", 1, 1);
}

static void boot_run(bool with_snapshot)
{
    voice.frame = (struct ht_frame){.shift = 4, .address_base = 0x20000000, .pc_base = (ht_number)__executable_start};
    voice.boot++;
    voice.epoch = voice.sequence = 0;
    frame_begin();
    epoch_begin();
    for (unsigned round = 0; round < ROUNDS; round++) {
        effect_switch(round, here());
        socket_serve(round, here());
        if (round % 50 == 49)
            tick_interrupt(round);
        if (round == ROUNDS / 2) {
            frame_next();
            epoch_begin();
        }
    }
    faults_tell();
    if (with_snapshot)
        snapshot_tell();
    RARE(HT_TOLD_COST, "", voice.sequence, 0, 3, 0, 0, 250);
    frame_end();
}

int main(int argc, char **argv)
{
    unsigned boots = 1;
    bool with_snapshot = false;
    for (int i = 1; i < argc; i++) {
        voice.as_text |= !strcmp(argv[i], "text");
        voice.with_log |= !strcmp(argv[i], "log");
        voice.is_wrong |= !strcmp(argv[i], "wrong");
        with_snapshot |= !strcmp(argv[i], "snapshot");
        if (!strncmp(argv[i], "lose=", 5))
            voice.lose = (uint16_t)atoi(argv[i] + 5);
        if (!strncmp(argv[i], "boots=", 6))
            boots = (unsigned)atoi(argv[i] + 6);
        if (!strncmp(argv[i], "late=", 5))
            voice.skip = (unsigned)atoi(argv[i] + 5);
    }
    while (boots--)
        boot_run(with_snapshot);
    return 0;
}
