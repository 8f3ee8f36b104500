/* random_load: in a seed, a count, threads and folder, out heap calls from two libraries that are loaded and unloaded again and again, so that different code
 * comes to the same addresses.
 *
 * usage: random_load SEED EVENTS THREADS FOLDER (of libplugin_one.so and libplugin_two.so) */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <stddef.h>

#include "random_dice.h"
#include "random_threads.h"

static const char *folder;
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER; /* one at a time, so that the libraries really change places */

struct walker {
    uint64_t dice;
    long left;
};

static void visit(struct walker *walker)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/libplugin_%s.so", folder, dice_roll(&walker->dice, 2) ? "one" : "two");
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    int (*work)(uint64_t *, int) = library ? (int (*)(uint64_t *, int))dlsym(library, "plugin_work") : NULL;
    if (!work) {
        fprintf(stderr, "%s\n", dlerror());
        exit(3);
    }
    for (int i = 0; i < 20; i++)
        walker->left -= work(&walker->dice, (int)dice_roll(&walker->dice, 15));
    dlclose(library);
}

static void *run(void *argument)
{
    struct walker *walker = argument;
    while (walker->left > 0) {
        pthread_mutex_lock(&loading);
        visit(walker);
        pthread_mutex_unlock(&loading);
        for (int i = 0; i < 10; i++, walker->left--)
            free(malloc(1 + dice_roll(&walker->dice, 100)));
    }
    return NULL;
}

_Static_assert(offsetof(struct walker, dice) == offsetof(struct random_share, dice) && offsetof(struct walker, left) == offsetof(struct random_share, left),
               "a walker begins with its share");

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: random_load SEED EVENTS THREADS FOLDER\n");
        return 2;
    }
    folder = argv[4];
    random_threads(argv, run, sizeof(struct walker));
    return 0;
}
