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
#define WRAP(name) __wrap__##name##_r
#define REAL(name) __real__##name##_r
#define FIRST(...) struct _reent *reent, __VA_ARGS__
#define PASS(...) current_reent(), __VA_ARGS__
#define IGNORE_FIRST() (void)reent
struct _reent;
extern struct _reent *_impure_ptr;
static inline struct _reent *current_reent(void)
{
    return _impure_ptr;
}
#else
#define WRAP(name) __wrap_##name
#define REAL(name) __real_##name
#define FIRST(...) __VA_ARGS__
#define PASS(...) __VA_ARGS__
#define IGNORE_FIRST() (void)0
#endif

void *REAL(malloc)(FIRST(size_t bytes));
void *REAL(calloc)(FIRST(size_t count, size_t bytes));
void *REAL(realloc)(FIRST(void *block, size_t bytes));
void REAL(free)(FIRST(void *block));
void *WRAP(malloc)(FIRST(size_t bytes));
void *WRAP(calloc)(FIRST(size_t count, size_t bytes));
void *WRAP(realloc)(FIRST(void *block, size_t bytes));
void WRAP(free)(FIRST(void *block));

static volatile uint8_t inside;

void *ht__libc_malloc(size_t bytes)
{
    uint8_t before = inside;
    inside = 1;
    void *block = REAL(malloc)(PASS(bytes));
    inside = before;
    return block;
}

void *ht__libc_realloc(void *block, size_t bytes)
{
    uint8_t before = inside;
    inside = 1;
    block = REAL(realloc)(PASS(block, bytes));
    inside = before;
    return block;
}

void ht__libc_free(void *block)
{
    uint8_t before = inside;
    inside = 1;
    REAL(free)(PASS(block));
    inside = before;
}

HT_HOOK void *WRAP(malloc)(FIRST(size_t bytes))
{
    struct ht_site site = {HT_HERE, NULL, 0};
    IGNORE_FIRST();
    return inside ? REAL(malloc)(PASS(bytes)) : ht_malloc_from(&site, bytes);
}

HT_HOOK void *WRAP(calloc)(FIRST(size_t count, size_t bytes))
{
    struct ht_site site = {HT_HERE, NULL, 0};
    IGNORE_FIRST();
    return inside ? REAL(calloc)(PASS(count, bytes)) : ht_calloc_from(&site, count, bytes);
}

HT_HOOK void *WRAP(realloc)(FIRST(void *block, size_t bytes))
{
    struct ht_site site = {HT_HERE, NULL, 0};
    IGNORE_FIRST();
    return inside ? REAL(realloc)(PASS(block, bytes)) : ht_realloc_from(&site, block, bytes);
}

HT_HOOK void WRAP(free)(FIRST(void *block))
{
    struct ht_site site = {HT_HERE, NULL, 0};
    IGNORE_FIRST();
    if (inside)
        REAL(free)(PASS(block));
    else
        ht_free_from(&site, block);
}

#endif
