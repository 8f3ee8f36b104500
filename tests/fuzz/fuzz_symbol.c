/* fuzz_symbol: in bytes as a module's ELF file or as a bundle's answers, out whether every address still gets a spot and nothing crashes. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/symbol/answers.h"
#include "host/symbol/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static char folder[] = "/tmp/fuzz_symbol.XXXXXX";

static void remove_files(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/input", folder);
    unlink(path);
    rmdir(folder);
}

static const char *write_input(const uint8_t *bytes, size_t count)
{
    static char path[64];
    if (!path[0]) {
        if (!mkdtemp(folder))
            abort();
        snprintf(path, sizeof path, "%s/input", folder);
        atexit(remove_files);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, count) != (ssize_t)count || close(fd) != 0)
        abort();
    return path;
}

/* Without the worker, so that what it would hide is seen. */
static void try_elf(const char *path, const uint8_t *bytes, size_t count)
{
    uint64_t entry = 0;
    struct spots spots = {0};
    struct object_search search = {0};
    if (count >= 32)
        memcpy(&entry, bytes + 24, sizeof entry);
    struct object *object = object_open(&(struct object_request){.path = path}, &search);
    for (uint64_t i = 0; i < 64; i++) {
        spots.list.count = 0;
        object_resolve(object, entry + i - 32, i & 1, &spots);
        if (!spots.list.count || spots.list.at[spots.list.count - 1].inlined)
            abort();
    }
    object_close(object);
    vec_done(&spots.list);
}

static void try_answers(const char *path)
{
    struct answers answers = {0};
    struct spots spots = {0};
    answers_read(&answers, path);
    for (uint64_t key = 0; key < 256; key++) {
        spots.list.count = 0;
        if (answers_find(&answers, key, &spots) != (spots.list.count > 0))
            abort();
    }
    vec_done(&spots.list);
    answers_done(&answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    const char *path = write_input(bytes, count);
    if (count >= 4 && memcmp(bytes, "\177ELF", 4) == 0)
        try_elf(path, bytes, count);
    else
        try_answers(path);
    return 0;
}
