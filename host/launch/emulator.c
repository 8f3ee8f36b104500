/* emulator: qemu-user, by the names that its packages give it. What is preloaded is told by -E: the emulator is a program of this machine, whose own loader
 * must not see it. */
#include "emulator.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/base/path.h"
#include "search.h"

static const struct known {
    uint16_t machine;
    unsigned pointer_bytes;
    const char *name, *root, *package;
} known[] = {
    {EM_AARCH64, 8, "qemu-aarch64", "/usr/aarch64-linux-gnu", "libc6-arm64-cross"},
    {EM_ARM, 4, "qemu-arm", "/usr/arm-linux-gnueabihf", "libc6-armhf-cross"},
    {EM_RISCV, 8, "qemu-riscv64", "/usr/riscv64-linux-gnu", "libc6-riscv64-cross"},
    {EM_386, 4, "qemu-i386", "/usr/i686-linux-gnu", "libc6-i386-cross"},
    {EM_X86_64, 8, "qemu-x86_64", "/usr/x86_64-linux-gnu", "libc6-amd64-cross"},
};

bool emulator_is_native(const struct elf_check *program)
{
    struct elf_check own;
    elf_check("/proc/self/exe", &own);
    bool narrower = (own.machine == EM_X86_64 && program->machine == EM_386) || (own.machine == EM_AARCH64 && program->machine == EM_ARM);
    return program->machine == own.machine || narrower;
}

/* Options of qemu-user that no value follows. */
static bool stands_alone(const char *option)
{
    static const char *const alone[] = {"-h", "-help", "-strace", "-singlestep", "-version", "-xtensa-abi-call0"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        if (!strcmp(option + (option[1] == '-'), alone[i]))
            return true;
    return false;
}

static bool is_known(const char *file)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t bytes = strlen(known[i].name);
        if (!strncmp(file, known[i].name, bytes) && (!file[bytes] || !strcmp(file + bytes, "-static")))
            return true;
    }
    return false;
}

bool emulator_named(struct emulator *emulator, const char *path, char **words, struct elf_check *guest)
{
    unsigned at = 1;
    if (!is_known(path_name(path)))
        return false;
    while (words[at] && words[at][0] == '-' && words[at + 1])
        at += stands_alone(words[at]) ? 1 : 2;
    if (!words[at])
        return false;
    elf_check(words[at], guest);
    if (guest->kind != ELF_CHECK_DYNAMIC && guest->kind != ELF_CHECK_STATIC)
        return false;
    *emulator = (struct emulator){.guest = at};
    snprintf(emulator->path, sizeof emulator->path, "%s", path);
    return true;
}

static const struct known *find_known(const struct elf_check *check)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].machine == check->machine && known[i].pointer_bytes == check->pointer_bytes)
            return &known[i];
    return NULL;
}

static bool is_loader(const char *path, const struct elf_check *program)
{
    struct elf_check loader;
    elf_check(path, &loader);
    return loader.machine == program->machine && loader.pointer_bytes == program->pointer_bytes;
}

/* Where its loader is. */
static bool find_root(struct emulator *emulator, const struct known *machine, const struct elf_check *check)
{
    char path[sizeof check->interpreter + 64];
    if (getenv("QEMU_LD_PREFIX") || is_loader(check->interpreter, check))
        return true;
    snprintf(path, sizeof path, "%s%s", machine->root, check->interpreter);
    if (!is_loader(path, check))
        return false;
    snprintf(emulator->root, sizeof emulator->root, "%s", machine->root);
    return true;
}

bool emulator_find(struct emulator *emulator, const char *program, const struct elf_check *check, struct error *error)
{
    const struct known *machine = find_known(check);
    const char *name = elf_check_machine(check->machine, check->pointer_bytes);
    char word[64];
    *emulator = (struct emulator){.path = ""};
    if (!machine)
        return error_set(error, ERROR_USAGE, "%s is for %s and this machine is not; run it where it belongs", program, name);
    snprintf(word, sizeof word, "%s-static", machine->name);
    if (!search_path(machine->name, emulator->path) && !search_path(word, emulator->path))
        return error_set(error, ERROR_USAGE, "%s is for %s and this machine is not; install qemu-user, by whose %s it runs here", program, name, machine->name);
    if (check->kind == ELF_CHECK_DYNAMIC && !find_root(emulator, machine, check))
        return error_set(error, ERROR_USAGE, "%s is for %s, and its loader %s is not here; install %s, or set QEMU_LD_PREFIX to the folder that holds it", program,
                         name, check->interpreter, machine->package);
    return true;
}

char **emulator_words(const struct emulator *emulator, const char *program, const char *library, char **words)
{
    static char preload[PATH_MAX + 16];
    size_t count = 0, at = 0;
    while (words[count])
        count++;
    char **all = memory_new(count + 9, sizeof *all);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", library);
    all[at++] = (char *)emulator->path;
    all[at++] = (char *)"-E";
    all[at++] = preload;
    if (emulator->root[0]) {
        all[at++] = (char *)"-L";
        all[at++] = (char *)emulator->root;
    }
    if (!emulator->guest) {
        all[at++] = (char *)"-0";
        all[at++] = words[0];
        all[at++] = (char *)program;
    }
    memcpy(all + at, words + 1, count * sizeof *all);
    return all;
}
