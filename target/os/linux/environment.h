/* environment: in a list of variables for an exec, out the list that it shall be. The caller provides the room, on its stack. */
#ifndef TARGET_OS_LINUX_ENVIRONMENT_H
#define TARGET_OS_LINUX_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* `variable` is "NAME=value" with this name. */
static inline bool ht__is_named(const char *variable, const char *name)
{
    size_t bytes = strlen(name);
    return !strncmp(variable, name, bytes) && variable[bytes] == '=';
}

struct environment_plan {
    bool change;          /* false: the list is right as it is */
    bool follow;
    size_t count;         /* variables that are there; room for 4 more pointers is needed */
    size_t preload_bytes; /* room for LD_PRELOAD */
};

struct environment_plan ht__environment_plan(char *const variables[]);
/* This process has a session of its own making: its environment tells so from now on. */
void ht__environment_adopt(const char *session, const char *library);
void ht__environment_write(struct environment_plan plan, char *const variables[], char **to, char *preload);

#endif
