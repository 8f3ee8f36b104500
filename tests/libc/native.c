/* native: in a plan's number, out where this process's heap begins, and the hashes of random requests to its malloc. Nothing else here asks malloc.
 * usage: native PLAN [EVENT [narrow]]; with EVENT its answers from there on are printed; narrow: the break can move by 1 MiB only. */
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plans.h"

enum { NARROW = 1 << 20, HEAP_MOST = 1 << 28 };

static uint32_t print_from = UINT32_MAX;
static uintptr_t start;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[256];
    va_list values;
    va_start(values, format);
    int bytes = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (write(STDOUT_FILENO, line, (size_t)bytes) != bytes)
        _exit(1);
}

static libc_block use(void *block, uint32_t bytes)
{
    if (block)
        memset(block, 0x55, bytes);
    return (libc_block)block;
}

libc_block libc_alloc(uint32_t bytes)
{
    return use(malloc(bytes), bytes);
}

libc_block libc_calloc(uint32_t bytes)
{
    return use(calloc(1, bytes), bytes);
}

libc_block libc_aligned(uint32_t bytes, uint32_t align)
{
    return use(memalign(align, bytes), bytes);
}

libc_block libc_resize(libc_block block, uint32_t bytes)
{
    return use(realloc((void *)block, bytes), bytes);
}

void libc_free(libc_block block)
{
    free((void *)block);
}

/* The second bit of a block's size says that it is a mapping; what lies far above the break is in one that was got in the break's place. The kernel placed both. */
uint64_t libc_known(libc_block block)
{
    return block && (((const size_t *)block)[-1] & 2 || block - start > HEAP_MOST) ? UINT64_C(0xffffffffffff0000) | (block & 0xfff) : block;
}

void libc_check(const struct libc_told *told)
{
    say("check %x %x %x %x\n", told->event, told->hash, told->answers, told->refusals);
}

void libc_each(uint32_t event, char kind, uint32_t bytes, uint64_t known)
{
    if (event >= print_from && event < print_from + LIBC_EACH)
        say("%c %x %x %llx\n", kind, event, bytes, (unsigned long long)known);
}

int main(int count, char **words)
{
    static const struct libc_plan plans[] = LIBC_PLANS;
    unsigned long long end;
    start = (uintptr_t)sbrk(0);
    end = start + HEAP_MOST;
    if (count < 2)
        return 2;
    if (count > 2)
        print_from = (uint32_t)strtoul(words[2], NULL, 0);
    if (count > 3) {
        end = start + NARROW;
        if (mmap((void *)(uintptr_t)end, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
            return 3;
    }
    say("heap %llx %llx %s\n", (unsigned long long)start, end, sizeof(void *) == 8 ? "7f0000000000 7fff00000000" : "d0000000 ff000000");
    libc_events(&plans[atoi(words[1])]);
    say("end\n");
    return 0;
}
