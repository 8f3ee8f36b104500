/* pid_space: a process in a PID namespace below ours (a container, a sandbox) has a number there and another one here; only /proc tells both. */
#include "pid_space.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 0: it cannot be read, as of a process of another user. */
static uint32_t space_of(const char *pid)
{
    char path[64], text[64] = "";
    unsigned space = 0;
    snprintf(path, sizeof path, "/proc/%.20s/ns/pid", pid);
    if (readlink(path, text, sizeof text - 1) > 0)
        sscanf(text, "pid:[%u]", &space);
    return space;
}

/* The number in the innermost namespace; 0 if that is ours, or the process is gone. */
static uint32_t number_inside(const char *pid)
{
    char path[64], line[256];
    unsigned long inside = 0;
    snprintf(path, sizeof path, "/proc/%.20s/status", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "NSpid:", 6) != 0)
            continue;
        char *first = line + 6, *last = strrchr(line, '\t');
        if (last > first)
            inside = strtoul(last, NULL, 10);
        break;
    }
    if (file)
        fclose(file);
    return (uint32_t)inside;
}

uint32_t pid_space_find(uint32_t space, uint32_t pid)
{
    static uint32_t ours;
    if (!ours)
        ours = space_of("self");
    if (!space || !ours || space == ours)
        return pid;
    uint32_t found = 0;
    DIR *folder = opendir("/proc");
    for (struct dirent *entry; !found && folder && (entry = readdir(folder));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || number_inside(entry->d_name) != pid)
            continue;
        uint32_t its = space_of(entry->d_name);
        if (!its || its == space)
            found = (uint32_t)strtoul(entry->d_name, NULL, 10);
    }
    if (folder)
        closedir(folder);
    return found;
}
