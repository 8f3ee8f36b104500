/* locate: in a module's path and build-id, out the file on this machine that is that module.
 *
 * Looked at in this order: DIR/.build-id/ab/cdef and DIR/.build-id/ab/cdef.debug, DIR/PATH and DIR/NAME for each folder DIR that the user named; the
 * path itself, below the sysroot if there is one; /usr/lib/debug/.build-id/ab/cdef.debug (debug data alone has all that is needed). */
#include "locate.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <libelf.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/path.h"

#define DEBUG_ROOT "/usr/lib/debug"

enum { VDSO_BYTES = 2 * 4096 };

struct search {
    const struct object_request *request;
    struct str *path;        /* of the candidate */
    enum object_state state; /* the best that was seen */
};

/* Only plain files: a trace may name a pipe or a terminal. */
static int open_plain(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)))
        return fd;
    close(fd);
    return -1;
}

static enum object_state check_elf(Elf *elf, const struct object_request *request)
{
    const void *id = NULL;
    if (!elf || elf_kind(elf) != ELF_K_ELF)
        return OBJECT_DAMAGED;
    if (!request->build_id_bytes)
        return OBJECT_GOOD;
    ssize_t count = dwelf_elf_gnu_build_id(elf, &id);
    return count == (ssize_t)request->build_id_bytes && memcmp(id, request->build_id, (size_t)count) == 0 ? OBJECT_GOOD : OBJECT_OTHER;
}

static int check_file(struct search *search, int fd)
{
    if (fd < 0)
        return -1;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    enum object_state state = check_elf(elf, search->request);
    elf_end(elf);
    if (state == OBJECT_GOOD)
        return fd;
    search->state = state;
    close(fd);
    return -1;
}

static int try_path(struct search *search)
{
    return check_file(search, open_plain(str_text(search->path)));
}

static int try_build_id(struct search *search, const char *folder, const char *suffix)
{
    const struct object_request *request = search->request;
    if (request->build_id_bytes < 2)
        return -1;
    str_clear(search->path);
    str_add_format(search->path, "%s/.build-id/%02x/", folder, request->build_id[0]);
    for (uint32_t i = 1; i < request->build_id_bytes; i++)
        str_add_format(search->path, "%02x", request->build_id[i]);
    str_add(search->path, suffix);
    return try_path(search);
}

static int try_below(struct search *search, const char *folder, const char *name)
{
    str_clear(search->path);
    str_add_format(search->path, "%s/%s", folder, name);
    return try_path(search);
}

static int try_folder(struct search *search, const char *folder)
{
    const char *path = search->request->path, *name = path_name(path);
    int fd = try_build_id(search, folder, "");
    fd = fd >= 0 ? fd : try_build_id(search, folder, ".debug");
    fd = fd >= 0 ? fd : try_below(search, folder, path);
    return fd >= 0 || name == path ? fd : try_below(search, folder, name);
}

/* A replaced file is still mapped under its old name; the kernel then adds this to the path. */
static void add_without_deleted(struct str *str, const char *path)
{
    static const char deleted[] = " (deleted)";
    size_t count = strlen(path), tail = sizeof deleted - 1;
    bool is_deleted = count > tail && memcmp(path + count - tail, deleted, tail) == 0;
    str_add_bytes(str, path, is_deleted ? count - tail : count);
}

static int try_own_path(struct search *search, const char *sysroot)
{
    str_clear(search->path);
    str_add(search->path, sysroot ? sysroot : "");
    str_add(search->path, sysroot && search->request->path[0] != '/' ? "/" : "");
    add_without_deleted(search->path, search->request->path);
    return try_path(search);
}

/* The kernel's page of code is in no file; ours is the target's if the build-id says so. */
static int try_vdso(struct search *search)
{
    const void *image = (const void *)getauxval(AT_SYSINFO_EHDR);
    if (!image || !search->request->build_id_bytes)
        return -1;
    int fd = memfd_create("vdso", MFD_CLOEXEC);
    str_clear(search->path);
    str_add(search->path, "[vdso]");
    if (fd >= 0 && write(fd, image, VDSO_BYTES) > 0)
        return check_file(search, fd);
    if (fd >= 0)
        close(fd);
    return -1;
}

int locate_module(const struct object_request *request, const struct object_search *where, struct str *path, enum object_state *state)
{
    struct search search = {request, path, OBJECT_ABSENT};
    int fd = -1;
    if (strcmp(request->path, "[vdso]") == 0) {
        fd = try_vdso(&search);
    } else if (request->path[0] && request->path[0] != '[') {
        for (size_t i = 0; where->folders && where->folders[i] && fd < 0; i++)
            fd = try_folder(&search, where->folders[i]);
        fd = fd >= 0 ? fd : try_own_path(&search, where->sysroot);
        fd = fd >= 0 ? fd : try_build_id(&search, DEBUG_ROOT, ".debug");
    }
    *state = fd >= 0 ? OBJECT_GOOD : search.state;
    return fd;
}
