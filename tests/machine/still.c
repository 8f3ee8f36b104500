/* still: a static program: what cannot be joined, and only the kernel's probes see. After a line on its input it allocates 500 blocks of 77 bytes. */
#include <stdio.h>
#include <stdlib.h>

static void *volatile sink;

__attribute__((noinline)) static void make(void)
{
    sink = malloc(77);
}

int main(void)
{
    char line[16];
    if (!fgets(line, sizeof line, stdin))
        return 1;
    for (int i = 0; i < 500; i++)
        make();
    return 0;
}
