/* plugs: loads and unloads libplug.so all the time, and calls it; ends with 1 if it cannot. Its own blocks have 333 bytes. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    for (;;) {
        void *handle = dlopen("/victims/libplug.so", RTLD_NOW);
        void (*work)(void) = handle ? (void (*)(void))dlsym(handle, "plug_work") : NULL;
        void *volatile block = malloc(333);
        free(block);
        if (!work)
            return 1;
        work();
        dlclose(handle);
        usleep(2000);
    }
}
