/* many_requests: 1,100,000 mallocs and frees, more than a report replays by itself. */
#include <stdlib.h>

int main(void)
{
    enum { PAIRS = 550000 };
    for (unsigned i = 0; i < PAIRS; i++) {
        void *volatile block = malloc(24);
        free(block);
    }
    return 0;
}
