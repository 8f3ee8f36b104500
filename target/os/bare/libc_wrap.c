/* libc_wrap: in the calls of malloc, calloc, realloc and free of a whole firmware, its libraries' too, out ht_malloc and its like.
 *
 * HT_BARE_WRAP is 1 for --wrap=malloc,calloc,realloc,free (picolibc, avr-libc), 2 for --wrap=_malloc_r,_calloc_r,_realloc_r,_free_r (newlib, whose library calls
 * those itself). The libraries' realloc and calloc call their own malloc and free, and the linker leads those calls here too: while the library's allocator is at
 * work they pass through. */
#include <heaptracer/port.h>
#include "libc_wrap.h"

#if !HT_BARE_WRAP
#include <stdlib.h>

void *ht__libc_malloc(size_t bytes)
{
    return malloc(bytes);
}

void *ht__libc_realloc(void *block, size_t bytes)
{
    return realloc(block, bytes);
}

void ht__libc_free(void *block)
{
    free(block);
}

#else

#if HT_BARE_WRAP == 2
#define IGNORE_FIRST() (void)reent
#else
#define IGNORE_FIRST() (void)0
#endif

volatile uint8_t ht__libc_inside;

void *HT_WRAP(malloc)(HT_FIRST(size_t bytes));
void *HT_WRAP(calloc)(HT_FIRST(size_t count, size_t bytes));
void *HT_WRAP(realloc)(HT_FIRST(void *block, size_t bytes));
void HT_WRAP(free)(HT_FIRST(void *block));

HT_HOOK void *HT_WRAP(malloc)(HT_FIRST(size_t bytes))
{
    struct ht_site site = {HT_HERE, NULL, 0};
    IGNORE_FIRST();
    return ht__libc_inside ? HT_REAL(malloc)(HT_PASS(bytes)) : ht_malloc_from(&site, bytes);
}

HT_HOOK void *HT_WRAP(calloc)(HT_FIRST(size_t count, size_t bytes))
{
    struct ht_site site = {HT_HERE, NULL, 0};
    IGNORE_FIRST();
    return ht__libc_inside ? HT_REAL(calloc)(HT_PASS(count, bytes)) : ht_calloc_from(&site, count, bytes);
}

HT_HOOK void *HT_WRAP(realloc)(HT_FIRST(void *block, size_t bytes))
{
    struct ht_site site = {HT_HERE, NULL, 0};
    IGNORE_FIRST();
    return ht__libc_inside ? HT_REAL(realloc)(HT_PASS(block, bytes)) : ht_realloc_from(&site, block, bytes);
}

HT_HOOK void HT_WRAP(free)(HT_FIRST(void *block))
{
    struct ht_site site = {HT_HERE, NULL, 0};
    IGNORE_FIRST();
    if (ht__libc_inside)
        HT_REAL(free)(HT_PASS(block));
    else
        ht_free_from(&site, block);
}

#endif
