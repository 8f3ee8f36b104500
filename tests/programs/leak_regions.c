/* leak_regions: in nothing, out blocks whose only pointers are where nobody looks without being told: 301 with a tag in its upper byte, 302 in a pool of the
 * program's own that is a variable, 303 far behind in shared memory. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SHARED ((char *)0x200000000)

static volatile uintptr_t tagged;
void *volatile pool[512];

static __attribute__((noinline)) void make(void)
{
    enum { BYTES = 1 << 29 };
    char *shared = mmap(SHARED, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    tagged = (uintptr_t)malloc(301) | (uintptr_t)0x42 << 56;
    pool[77] = malloc(302);
    *(void *volatile *)(shared + BYTES - 4096) = malloc(303);
}

static __attribute__((noinline)) int scrub(void)
{
    volatile char room[16384];
    for (unsigned i = 0; i < sizeof room; i++)
        room[i] = 0;
    return room[77];
}

int main(void)
{
    make();
    return scrub();
}
