/* elf_check: in a file, out whether a runtime can be preloaded into it; or, of a runtime, whether it is of our build. */
#ifndef HOST_LAUNCH_ELF_CHECK_H
#define HOST_LAUNCH_ELF_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elf_check_kind {
    ELF_CHECK_UNREADABLE, /* errno says why */
    ELF_CHECK_OTHER,      /* neither ELF nor script */
    ELF_CHECK_SCRIPT,
    ELF_CHECK_STATIC, /* no dynamic loader is asked for */
    ELF_CHECK_DYNAMIC,
};

struct elf_check {
    enum elf_check_kind kind;
    uint16_t machine;
    unsigned pointer_bytes;
    bool big_endian;
    uint32_t session; /* HT_SESSION_VERSION of a runtime; 0: it tells none */
    char interpreter[4096]; /* of a script: the program that runs it; of a dynamic program: its loader */
};

void elf_check(const char *path, struct elf_check *check);
/* "x86-64"; "machine 243" if it has no name here. Valid until the next call. */
const char *elf_check_machine(uint16_t machine, unsigned pointer_bytes);

#endif
