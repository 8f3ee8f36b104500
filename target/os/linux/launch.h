/* launch: in a program that was started with the runtime but without a session, out the session of a collector that it starts itself. */
#ifndef TARGET_OS_LINUX_LAUNCH_H
#define TARGET_OS_LINUX_LAUNCH_H

#include <stdbool.h>

/* Path of the session file; NULL: none is wanted (by $HEAPTRACER_OUTPUT, or `asked`), or it could not be, which is said on stderr then. The program's
 * environment has session and library from now on. */
const char *ht__launch(bool asked);

#endif
