/* path: in the path of a file, out the parts of its name. */
#ifndef HOST_BASE_PATH_H
#define HOST_BASE_PATH_H

/* What stands behind the last slash, a part of `path`; all of it where nothing stands there. */
const char *path_name(const char *path);

#endif
