/* locate: in a module's path and build-id, out the file on this machine that is that module: the build-id decides, not the name. */
#ifndef HOST_SYMBOL_LOCATE_H
#define HOST_SYMBOL_LOCATE_H

#include "host/base/str.h"

#include "object.h"

/* A file descriptor and its path, or -1 and *state says why. */
int locate_module(const struct object_request *request, const struct object_search *search, struct str *path, enum object_state *state);

#endif
