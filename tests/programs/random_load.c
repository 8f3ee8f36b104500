/* random_load: in a seed, a count, threads and folder, out heap calls from two libraries that are loaded and unloaded again and again, so that different code
 * comes to the same addresses.
 *
 * usage: random_load SEED EVENTS THREADS FOLDER (of libplugin_one.so and libplugin_two.so) */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "random_dice.h"

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

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: random_load SEED EVENTS THREADS FOLDER\n");
        return 2;
    }
    folder = argv[4];
    struct walker walkers[16];
    pthread_t ids[16];
    int threads = atoi(argv[3]);
    for (int i = 0; i < threads && i < 16; i++) {
        walkers[i] = (struct walker){strtoull(argv[1], NULL, 10) * 1000 + (uint64_t)i, atol(argv[2]) / threads};
        pthread_create(&ids[i], NULL, run, &walkers[i]);
    }
    for (int i = 0; i < threads && i < 16; i++)
        pthread_join(ids[i], NULL);
    return 0;
}
