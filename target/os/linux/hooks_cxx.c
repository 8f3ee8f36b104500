/* hooks_cxx: in operator new and delete in all their forms, out the real allocation and its record.
 *
 * The standard libraries' new is malloc in a loop and their delete is free; so malloc and free are called at once, which keeps one frame and one
 * event per allocation. Where malloc and new come from one other library (jemalloc, tcmalloc, mimalloc), that library's own new and delete are
 * called. When memory is short the real new decides what happens: it may throw. */
#include "os.h"

#include "target/guard/guarding.h"
#include "target/process/sample.h"
#include "wire/api.h"

/* The mangled names have no header. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define EXPORT __attribute__((visibility("default")))
#define FRAME HT_FRAME

/* The text of what a macro stands for. */
#define TEXT_(symbol) #symbol
#define TEXT(symbol) TEXT_(symbol)

/* A function behind us, looked up once. */
struct late {
    const char *name;
    void *found;
    int looked; /* 1: found may be called instead of malloc or free; 2: only when malloc fails; 3: so too, and the heap is guarded; 0 not looked up */
};

static void look_up(struct late *late)
{
    late->found = ht__real_find(late->name);
    int way = ht__guarded ? 3 : ht__same_module(late->found, (void *)(uintptr_t)ht__real.malloc) ? 1 : 2;
    __atomic_store_n(&late->looked, way, __ATOMIC_RELEASE);
}

static inline int ready(struct late *late)
{
    int looked = __atomic_load_n(&late->looked, __ATOMIC_ACQUIRE);
    if (__builtin_expect(!looked, 0)) {
        ht__real_need();
        look_up(late);
        looked = late->looked;
    }
    return looked;
}

/* The call `real` is made when the library's own new is to be used, or when malloc failed: then it is recorded by whoever it calls. */
#define NEW(symbol, api, parameters, types, arguments, alignment, quick)                                                                                      \
    EXPORT void *symbol parameters                                                                                                                            \
    {                                                                                                                                                         \
        static struct late real = {TEXT(symbol), NULL, 0};                                                                                                         \
        int way = ready(&real);                                                                                                                               \
        void *block = way == 2 ? (quick) : way == 1 ? ((void *(*) types)real.found)arguments : ht__guard_alloc(size, alignment, GUARD_##api);                 \
        if (__builtin_expect(!block && way != 1, 0))                                                                                                          \
            return real.found ? ((void *(*) types)real.found)arguments : NULL;                                                                                \
        sample_tell_alloc(FRAME, block, size, HT_API_##api, alignment);                                                                                       \
        return block;                                                                                                                                         \
    }

#define DELETE(symbol, api, parameters, types, arguments, ...)                                                                                                \
    EXPORT void symbol parameters                                                                                                                             \
    {                                                                                                                                                         \
        static struct late real = {TEXT(symbol), NULL, 0};                                                                                                         \
        if (!block || ht__early_owns(block))                                                                                                                  \
            return;                                                                                                                                           \
        int way = ready(&real);                                                                                                                               \
        sample_tell_free(FRAME, block, HT_API_##api);                                                                                                         \
        if (way == 2)                                                                                                                                         \
            ht__real.free(block);                                                                                                                             \
        else if (way == 1)                                                                                                                                    \
            ((void (*) types)real.found)arguments;                                                                                                            \
        else                                                                                                                                                  \
            ht__guard_free(block, &(struct guard_ending){__VA_ARGS__});                                                                                       \
    }

#if __SIZEOF_SIZE_T__ == __SIZEOF_LONG__ && defined(__LP64__)
#define S(before, after) before##m##after
#else
#define S(before, after) before##j##after
#endif
typedef const void *nothrow;
#define PLAIN ht__real.malloc(size ? size : 1)
#define ALIGNED ht__real.memalign(alignment, size ? size : 1)

#define NEW_FORMS(base, array)                                                                                                                                \
    NEW(S(base, ), NEW##array, (size_t size), (size_t), (size), 0, PLAIN)                                                                                     \
    NEW(S(base, RKSt9nothrow_t), NEW##array, (size_t size, nothrow tag), (size_t, nothrow), (size, tag), 0, PLAIN)                                            \
    NEW(S(base, St11align_val_t), NEW##array##_ALIGNED, (size_t size, size_t alignment), (size_t, size_t), (size, alignment), (uint32_t)alignment, ALIGNED)   \
    NEW(S(base, St11align_val_tRKSt9nothrow_t), NEW##array##_ALIGNED, (size_t size, size_t alignment, nothrow tag), (size_t, size_t, nothrow),                \
        (size, alignment, tag), (uint32_t)alignment, ALIGNED)

#define DELETE_FORMS(base, array)                                                                                                                             \
    DELETE(base, DELETE##array, (void *block), (void *), (block), GUARD_NEW##array, false, 0)                                                                           \
    DELETE(base##RKSt9nothrow_t, DELETE##array, (void *block, nothrow tag), (void *, nothrow), (block, tag), GUARD_NEW##array, false, 0)                                \
    DELETE(S(base, ), DELETE##array##_SIZED, (void *block, size_t size), (void *, size_t), (block, size), GUARD_NEW##array, true, size)                       \
    DELETE(base##St11align_val_t, DELETE##array##_ALIGNED, (void *block, size_t alignment), (void *, size_t), (block, alignment), GUARD_NEW##array##_ALIGNED, false, 0) \
    DELETE(base##St11align_val_tRKSt9nothrow_t, DELETE##array##_ALIGNED, (void *block, size_t alignment, nothrow tag), (void *, size_t, nothrow),             \
           (block, alignment, tag), GUARD_NEW##array##_ALIGNED, false, 0)                                                                                               \
    DELETE(S(base, St11align_val_t), DELETE##array##_ALIGNED, (void *block, size_t size, size_t alignment), (void *, size_t, size_t),                         \
           (block, size, alignment), GUARD_NEW##array##_ALIGNED, true, size)

NEW_FORMS(_Znw, )
NEW_FORMS(_Zna, _ARRAY)
DELETE_FORMS(_ZdlPv, )
DELETE_FORMS(_ZdaPv, _ARRAY)
