/* libc_wrap: the C library's own allocator behind the linker's --wrap, or as it is where nothing is wrapped. */
#ifndef TARGET_OS_BARE_LIBC_WRAP_H
#define TARGET_OS_BARE_LIBC_WRAP_H

#include <stddef.h>

#include "bare.h"

#if !HT_BARE_WRAP

void *ht__libc_malloc(size_t bytes);
void *ht__libc_realloc(void *block, size_t bytes);
void ht__libc_free(void *block);

#else

#if HT_BARE_WRAP == 2
#define HT_WRAP(name) __wrap__##name##_r
#define HT_REAL(name) __real__##name##_r
#define HT_FIRST(...) struct _reent *reent, __VA_ARGS__
#define HT_PASS(...) _impure_ptr, __VA_ARGS__
struct _reent;
extern struct _reent *_impure_ptr;
#else
#define HT_WRAP(name) __wrap_##name
#define HT_REAL(name) __real_##name
#define HT_FIRST(...) __VA_ARGS__
#define HT_PASS(...) __VA_ARGS__
#endif

extern volatile uint8_t ht__libc_inside; /* the library's allocator is at work: what it calls passes through */

void *HT_REAL(malloc)(HT_FIRST(size_t bytes));
void *HT_REAL(calloc)(HT_FIRST(size_t count, size_t bytes));
void *HT_REAL(realloc)(HT_FIRST(void *block, size_t bytes));
void HT_REAL(free)(HT_FIRST(void *block));

static inline void *ht__libc_malloc(size_t bytes)
{
    uint8_t before = ht__libc_inside;
    ht__libc_inside = 1;
    void *block = HT_REAL(malloc)(HT_PASS(bytes));
    ht__libc_inside = before;
    return block;
}

static inline void *ht__libc_realloc(void *block, size_t bytes)
{
    uint8_t before = ht__libc_inside;
    ht__libc_inside = 1;
    block = HT_REAL(realloc)(HT_PASS(block, bytes));
    ht__libc_inside = before;
    return block;
}

static inline void ht__libc_free(void *block)
{
    uint8_t before = ht__libc_inside;
    ht__libc_inside = 1;
    HT_REAL(free)(HT_PASS(block));
    ht__libc_inside = before;
}

#endif
#endif
