/* spin: code with landing pads (BTI) and signed return addresses (PAC), which keeps values in all vector registers, in their whole width where there is SVE, while it
 * does nothing but call through pointers. Out: how often a register did not hold what it should. */
#include <stdint.h>
#include <string.h>

long spin(volatile const int *over, int has_sve, volatile long *rounds);

static long calls;
static __attribute__((noinline)) void one(void)
{
    __asm__ volatile("" ::: "memory");
    calls++;
}
static __attribute__((noinline)) void other(void)
{
    __asm__ volatile("" ::: "memory");
    calls--;
}
static void (*volatile ways[])(void) = {one, other};

/* Two of the wide registers and a predicate, which no compiler looks after, hold what they should: it is looked 2,000 times. */
__attribute__((target("+sve"), noinline)) static long wide(void)
{
    long wrong = 0;
    __asm__ volatile("index z8.d, #7, #3\n\t"
                     "index z30.d, #5, #11\n\t"
                     "ptrue p5.b\n\t"
                     "cntb x11\n\t"
                     "mov x9, #2000\n"
                     "1:\n\t"
                     "ptrue p0.b\n\t"
                     "cntp x10, p0, p5.b\n\t"
                     "cmp x10, x11\n\t"
                     "cinc %0, %0, ne\n\t"
                     "index z0.d, #7, #3\n\t"
                     "cmpne p1.d, p0/z, z0.d, z8.d\n\t"
                     "cntp x10, p0, p1.d\n\t"
                     "add %0, %0, x10\n\t"
                     "index z0.d, #5, #11\n\t"
                     "cmpne p1.d, p0/z, z0.d, z30.d\n\t"
                     "cntp x10, p0, p1.d\n\t"
                     "add %0, %0, x10\n\t"
                     "subs x9, x9, #1\n\t"
                     "b.ne 1b"
                     : "+r"(wrong)
                     :
                     : "x9", "x10", "x11", "v0", "v8", "v30", "p0", "p1", "p5", "cc", "memory");
    return wrong;
}

static __attribute__((noinline)) long narrow(void)
{
    uint64_t low, high;
    __asm__ volatile("movi v20.2d, #0xff00ff00ff00ff00\n\t"
                     "mov x9, #2000\n"
                     "1:\n\t"
                     "subs x9, x9, #1\n\t"
                     "b.ne 1b\n\t"
                     "mov %0, v20.d[0]\n\t"
                     "mov %1, v20.d[1]"
                     : "=&r"(low), "=&r"(high)
                     :
                     : "x9", "v20", "cc");
    return (low != 0xff00ff00ff00ff00) + (high != 0xff00ff00ff00ff00);
}

long spin(volatile const int *over, int has_sve, volatile long *rounds)
{
    long wrong = 0;
    for (; !*over; ++*rounds) {
        for (int i = 0; i < 1000; i++)
            ways[i & 1]();
        wrong += has_sve ? wide() : narrow();
    }
    return wrong;
}
