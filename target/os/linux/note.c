/* note: in what this runtime is built with, out a note in its file, by which a command of another build knows that they do not go together. */
#include "wire/lane.h"

struct note {
    uint32_t name_bytes, content_bytes, kind;
    char name[(sizeof HT_NOTE_NAME + 3) / 4 * 4];
    uint32_t session;
};

__attribute__((section(".note.heaptracer"), used, aligned(4))) static const struct note note = {
    sizeof HT_NOTE_NAME, sizeof(uint32_t), HT_NOTE_SESSION, HT_NOTE_NAME, HT_SESSION_VERSION,
};
