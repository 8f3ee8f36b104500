/* process_memory: in an address of another process, out the bytes of its heap there; which memory that may be, /proc/PID/maps tells. */
#include "process_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

enum { GENERATIONS_MOST = 100 };

static pid_t parent_of(pid_t pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    const char *end = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    int parent = 0;
    if (end && sscanf(end, ") %*c %d", &parent) != 1)
        parent = 0;
    if (file)
        fclose(file);
    return parent;
}

bool process_memory_is_of(pid_t pid, pid_t of)
{
    for (int i = 0; i < GENERATIONS_MOST && pid > 1; i++, pid = parent_of(pid))
        if (pid == of)
            return true;
    return false;
}

/* "55d0c8a0c000-55d0c8a4d000 rw-p 00000000 00:00 0      [heap]" */
static bool is_heap(const char *line, uint64_t *start, uint64_t *end)
{
    char rights[8];
    uint64_t inode;
    int name = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %" SCNu64 " %n", start, end, rights, &inode, &name) < 4)
        return false;
    bool is_own = !strncmp(rights, "rw", 2) && rights[3] == 'p' && !inode;
    return is_own && (!name || !line[name] || line[name] == '\n' || !strncmp(line + name, "[heap]", 6) || !strncmp(line + name, "[anon", 5));
}

/* Neighbours in the list may be one piece. */
static bool is_readable(pid_t pid, uint64_t address, size_t count)
{
    char path[64], line[4096];
    uint64_t start, end, at = address;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps && at - address < count && fgets(line, sizeof line, maps))
        if (is_heap(line, &start, &end) && at >= start && at < end)
            at = end;
    if (maps)
        fclose(maps);
    return at - address >= count;
}

bool process_memory_read(pid_t pid, uint64_t address, uint8_t *bytes, size_t count, struct error *error)
{
    struct iovec here = {bytes, count}, there = {(void *)(uintptr_t)address, count};
    if (!count || address > UINT64_MAX - count || !is_readable(pid, address, count))
        return error_set(error, ERROR_READ, "0x%" PRIx64 " and the %zu bytes from there are not memory of the heap of process %d", address, count, (int)pid);
    ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);
    if (got < 0)
        return error_set_errno(error, ERROR_READ, "the memory of process %d cannot be read", (int)pid);
    return (size_t)got == count || error_set(error, ERROR_READ, "only %zd of %zu bytes from 0x%" PRIx64 " of process %d can be read", got, count, address, (int)pid);
}
