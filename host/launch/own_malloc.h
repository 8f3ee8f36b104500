/* own_malloc: in a program's file, out whether it defines malloc itself, so that calls do not come to a preloaded one. */
#ifndef HOST_LAUNCH_OWN_MALLOC_H
#define HOST_LAUNCH_OWN_MALLOC_H

enum own_malloc {
    OWN_MALLOC_NONE,
    OWN_MALLOC_INSIDE, /* for its own calls */
    OWN_MALLOC_ALL,    /* exported: the loader prefers it for its libraries' calls too */
};

enum own_malloc own_malloc_find(const char *path);

#endif
