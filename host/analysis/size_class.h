/* size_class: in a size, out its power-of-two class: 0 is size 0, class c is [2^(c-1), 2^c). */
#ifndef HOST_ANALYSIS_SIZE_CLASS_H
#define HOST_ANALYSIS_SIZE_CLASS_H

#include <stdint.h>

enum { SIZE_CLASSES = 65 };

static inline unsigned size_class(uint64_t size)
{
    return size ? 64u - (unsigned)__builtin_clzll(size) : 0;
}

static inline uint64_t size_class_from(unsigned number)
{
    return number ? 1ull << (number - 1) : 0;
}

static inline uint64_t size_class_to(unsigned number)
{
    return number ? size_class_from(number) + (size_class_from(number) - 1) : 0;
}

#endif
