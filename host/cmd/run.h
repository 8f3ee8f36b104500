/* run: what `heaptracer run` does, for a process that is there already too. */
#ifndef HOST_CMD_RUN_H
#define HOST_CMD_RUN_H

#include "host/launch/target.h"

/* Records as the words of a `heaptracer run` tell: the program that they name, or `adopted` (NULL: none), whose command line they name. Returns the exit code. */
int run_words(int argc, char **argv, const struct target *adopted);

#endif
