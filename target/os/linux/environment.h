/* environment: in a list of variables for an exec, out the list that it shall be. The caller provides the room, on its stack. */
#ifndef TARGET_OS_LINUX_ENVIRONMENT_H
#define TARGET_OS_LINUX_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

struct environment_plan {
    bool change;          /* false: the list is right as it is */
    bool follow;
    size_t count;         /* variables that are there; room for 4 more pointers is needed */
    size_t preload_bytes; /* room for LD_PRELOAD */
};

struct environment_plan ht__environment_plan(char *const variables[]);
void ht__environment_write(struct environment_plan plan, char *const variables[], char **to, char *preload);

#endif
