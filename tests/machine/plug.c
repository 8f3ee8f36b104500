/* plug: a library that is loaded by path: one block of 4,242 bytes a call. */
#include <stdlib.h>

void plug_work(void);

void plug_work(void)
{
    void *volatile block = malloc(4242);
    free(block);
}
