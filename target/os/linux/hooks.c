/* hooks: in the program's calls of malloc and its kin, out the real call and its record. Frees are recorded before the real call, allocations after it. */
#include "os.h"

#include "target/guard/guarding.h"
#include "target/process/sample.h"
#include "target/process/port_process.h"
#include "wire/api.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* These are definitions of other libraries' functions: their headers are not ours to include. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define EXPORT __attribute__((visibility("default")))
#define FRAME HT_FRAME
/* The record is made in the function itself, not by a call. */
#define HOT __attribute__((flatten))

/* Inlined into each hook, so that FRAME is the hook's own. */
#define GOT(block, size, api, alignment) sample_tell_alloc(FRAME, (block), (size), HT_API_##api, (alignment))
#define GOING(block, api) sample_tell_free(FRAME, (block), HT_API_##api)

/* Apart from the hooks, which save few registers then where blocks are passed over. */
static HOT __attribute__((noinline)) void *told_malloc(const void *frame, void *block, size_t size)
{
    sample_tell_rest(frame, block, size, HT_API_MALLOC, 0);
    return block;
}

EXPORT void *malloc(size_t size)
{
    void *block = ht__real.malloc(size);
    if (block && sample_pass(ht__self, size))
        return block;
    block = told_malloc(FRAME, block, size);
    __asm__("" : "+r"(block)); /* no tail call: the hook's frame must stay */
    return block;
}

static HOT __attribute__((noinline)) void told_free(const void *frame, void *block)
{
    if (!block || ht__early_owns(block))
        return;
    sample_tell_free(frame, block, HT_API_FREE);
    ht__real.free(block);
}

EXPORT void free(void *block)
{
    if (ht__sample_filter && !sample_may_know(block)) {
        ht__real.free(block);
        return;
    }
    told_free(FRAME, block);
    __asm__(""); /* no tail call */
}

EXPORT void *calloc(size_t count, size_t size)
{
    void *block = ht__real.calloc(count, size);
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        bytes = ~(size_t)0;
    GOT(block, bytes, CALLOC, 0);
    return block;
}

static void *move_early(const void *block, size_t size)
{
    void *fresh = ht__real.malloc(size);
    size_t old = ht__early_size(block);
    if (fresh)
        memcpy(fresh, block, old < size ? old : size);
    return fresh;
}

enum { MOST_BITS = 48 }; /* no block has more bytes; asked for they would turn the countdown round */

/* The old block counts if it was recorded, the new one (`wanted`) by its own draw: so each is taken with the probability of its own size. */
static __attribute__((noinline)) void *resize_sampled(const void *frame, void *block, size_t size, unsigned api, bool wanted)
{
    struct ht_thread *self = ht_thread_get();
    if (!self)
        return ht__real.realloc(block, size);
    bool known = block && sample_may_know(block) && ht__sample_forget(block);
    wanted = wanted && ht__sample_hit(self, size);
    if (known && wanted)
        ht__tell_resize_begin(self, block, api);
    else if (known)
        ht__tell_free(self, frame, block, api);
    void *fresh = ht__real.realloc(block, size);
    bool failed = !fresh && (size || !block);
    struct telling telling = {.op = known && wanted ? HT_LANE_RESIZE_END : HT_LANE_ALLOC_WIDE, .api = api, .block = fresh, .old = known ? block : NULL, .size = size};
    telling.flags = fresh ? HT_LANE_SAMPLED : 0;
    if (failed && !block)
        telling.op = HT_LANE_REFUSE;
    else if (failed && known && !wanted) /* it lives on, and was told to be gone */
        telling.block = block, telling.size = ht__real.malloc_usable_size(block), telling.flags = HT_LANE_SAMPLED;
    else if (failed ? !known : !wanted || !fresh)
        return fresh;
    ht__tell(self, frame, &telling);
    if (telling.block || known)
        ht__sample_remember(self, telling.block ? telling.block : block);
    return fresh;
}

static inline __attribute__((always_inline)) void *resize(const void *frame, void *block, size_t size, unsigned api)
{
    if (__builtin_expect(ht__sample_filter != NULL, 0)) {
        bool wanted = (size || !block) && (uint64_t)size >> MOST_BITS == 0 && !sample_pass(ht__self, size);
        return wanted || sample_may_know(block) ? resize_sampled(frame, block, size, api, wanted) : ht__real.realloc(block, size);
    }
    struct ht_thread *self = ht_thread_get();
    if (self && block && size)
        ht__tell_resize_begin(self, block, api);
    else if (self && block)
        ht__tell_free(self, frame, block, api);
    void *fresh = ht__real.realloc(block, size);
    if (!self)
        return fresh;
    if (block && size)
        ht__tell_resize_end(self, frame, block, fresh, size, api);
    else if (fresh || !block)
        ht__tell_alloc(self, frame, fresh, size, api, 0);
    return fresh;
}

EXPORT void *realloc(void *block, size_t size)
{
    if (block && ht__early_owns(block))
        return move_early(block, size);
    return resize(FRAME, block, size, HT_API_REALLOC);
}

EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        GOT(NULL, ~(size_t)0, REALLOCARRAY, 0);
        errno = ENOMEM;
        return NULL;
    }
    if (block && ht__early_owns(block))
        return move_early(block, bytes);
    return resize(FRAME, block, bytes, HT_API_REALLOCARRAY);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    void *block = ht__real.memalign(alignment, size);
    GOT(block, size, MEMALIGN, (uint32_t)alignment);
    return block;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    void *block = ht__real.aligned_alloc(alignment, size);
    GOT(block, size, ALIGNED_ALLOC, (uint32_t)alignment);
    return block;
}

EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
    int result = ht__real.posix_memalign(block, alignment, size);
    GOT(result ? NULL : *block, size, POSIX_MEMALIGN, (uint32_t)alignment);
    return result;
}

EXPORT void *valloc(size_t size)
{
    void *block = ht__real.valloc(size);
    GOT(block, size, VALLOC, 0);
    return block;
}

EXPORT void *pvalloc(size_t size)
{
    void *block = ht__real.pvalloc(size);
    GOT(block, size, PVALLOC, 0);
    return block;
}

/* These three are free under other names: C23 requires no more, and libc's that have them do no more. */
EXPORT void cfree(void *block)
{
    if (!block || ht__early_owns(block))
        return;
    GOING(block, CFREE);
    ht__real.free(block);
}

EXPORT void free_sized(void *block, size_t size)
{
    if (!block || ht__early_owns(block))
        return;
    GOING(block, FREE_SIZED);
    if (ht__guarded)
        ht__guard_free(block, &(struct guard_ending){GUARD_MALLOC, true, size});
    else
        ht__real.free(block);
}

EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
    if (!block || ht__early_owns(block))
        return;
    GOING(block, FREE_ALIGNED_SIZED);
    (void)alignment;
    if (ht__guarded)
        ht__guard_free(block, &(struct guard_ending){GUARD_MALLOC, true, size});
    else
        ht__real.free(block);
}

EXPORT size_t malloc_usable_size(void *block)
{
    return block && ht__early_owns(block) ? ht__early_size(block) : ht__real.malloc_usable_size(block);
}

EXPORT int dlclose(void *handle)
{
    ht__real_need();
    uint64_t before = ht__modules_unloaded();
    int result = ht__real.dlclose(handle);
    if (before != ht__modules_unloaded())
        ht__modules_forget();
    return result;
}

EXPORT int prctl(int option, ...)
{
    unsigned long words[4];
    va_list rest;
    va_start(rest, option);
    for (int i = 0; i < 4; i++)
        words[i] = va_arg(rest, unsigned long);
    va_end(rest);
    int result = (int)syscall(SYS_prctl, option, words[0], words[1], words[2], words[3]);
    if (option == PR_SET_NAME && !result)
        ht__names_changed();
    return result;
}

/* Whichever thread it is: each tells its own name. */
EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
    ht__real_need();
    int result = ht__real.pthread_setname_np(thread, name);
    if (!result)
        ht__names_changed();
    return result;
}

static void child_begin(void)
{
    ht__sample_redraw(ht__self);
    ht__guard_after_fork();
}

EXPORT pid_t fork(void)
{
    ht__real_need();
    uint32_t entry = ht__fork_prepare();
    pid_t pid = ht__real.fork();
    if (pid == 0)
        child_begin();
    ht__fork_done(entry, pid);
    return pid;
}
