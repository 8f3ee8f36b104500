/* path: in the path of a file, out the parts of its name, and the end of the file. */
#ifndef HOST_BASE_PATH_H
#define HOST_BASE_PATH_H

#include "str.h"

/* What stands behind the last slash, a part of `path`; all of it where nothing stands there. */
const char *path_name(const char *path);
/* Appends the path without ".", ".." and doubled slashes, as it reads: links are not looked at. */
void path_add_plain(struct str *out, const char *path);
/* Of an output that is not to be kept. A device or a pipe stays, even if who asks may remove it: /dev/null is everybody's. */
void path_remove_output(const char *path);

#endif
