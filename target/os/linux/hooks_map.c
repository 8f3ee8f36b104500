/* hooks_map: in the program's calls that map, unmap or move pages, out the real call and, when the session asks for pages, a record of it.
 *
 * Unmapping is told before the real call, mapping after it, as with blocks: what another thread is given at the same place comes later. */
#include "os.h"

#include "target/guard/guarding.h"
#include "target/process/port_process.h"
#include "target/process/tell.h"
#include "wire/api.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define EXPORT __attribute__((visibility("default")))
#define FRAME HT_FRAME
#define PAGE_MASK 4095u

/* The thread, if pages are wanted. Before the start too: the session's flags are known after it. */
static struct ht_thread *teller(void)
{
    if (ht__session && !(ht__session->flags & HT_SESSION_MAPS))
        return NULL;
    struct ht_thread *self = ht_thread_get();
    return self && ht__session->flags & HT_SESSION_MAPS ? self : NULL;
}

static inline void tell_mapped(const void *frame, const void *address, size_t size, const void *old, unsigned api)
{
    int saved = errno;
    struct ht_thread *self = teller();
    if (self)
        ht__tell_map(self, frame, address, size, old, api);
    errno = saved;
}

/* What lay there is there no more: bounds of stacks, code. */
static void forget_range(const void *address, size_t size)
{
    __atomic_add_fetch(&ht__maps_generation, 1, __ATOMIC_RELEASE);
    ht__modules_forget_range((uint64_t)(uintptr_t)address, (uint64_t)(uintptr_t)address + size);
    ht__guard_forget(address, size);
}

static inline void *mapped(const void *frame, void *result, size_t size, int flags)
{
    if (result == MAP_FAILED)
        return result;
    if (flags & MAP_FIXED)
        forget_range(result, size);
    tell_mapped(frame, result, size, NULL, HT_API_MMAP);
    return result;
}

EXPORT void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return mapped(FRAME, ht__pages_map(address, size, protection, flags, fd, offset), size, flags);
}

#ifdef __GLIBC__ /* elsewhere off_t is wide and this is another word for mmap */
EXPORT void *mmap64(void *address, size_t size, int protection, int flags, int fd, off64_t offset)
{
    return mapped(FRAME, ht__pages_map(address, size, protection, flags, fd, offset), size, flags);
}
#endif

EXPORT int munmap(void *address, size_t size)
{
    /* Otherwise the kernel refuses. */
    if (!((uintptr_t)address & PAGE_MASK) && size)
        tell_mapped(FRAME, address, size, NULL, HT_API_MUNMAP);
    int result = (int)syscall(SYS_munmap, address, size);
    if (!result)
        forget_range(address, size);
    return result;
}

EXPORT void *mremap(void *address, size_t old_size, size_t size, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    void *place = flags & MREMAP_FIXED ? va_arg(rest, void *) : NULL;
    va_end(rest);
    void *result = (void *)syscall(SYS_mremap, address, old_size, size, flags, place);
    if (result == MAP_FAILED)
        return result;
    if (result != address || size < old_size)
        forget_range(address, old_size);
    tell_mapped(FRAME, result, size, address, HT_API_MREMAP);
    return result;
}

/* The program's own use of the break; libc's allocator does not come by here. */
static inline void tell_break(const void *frame, const char *from, const char *to)
{
    if (to > from)
        tell_mapped(frame, from, (size_t)(to - from), NULL, HT_API_SBRK);
    else if (to < from)
        tell_mapped(frame, to, (size_t)(from - to), NULL, HT_API_MUNMAP);
}

EXPORT void *sbrk(intptr_t bytes)
{
    ht__real_need();
    char *before = ht__real.sbrk(bytes);
    if (before != (void *)-1)
        tell_break(FRAME, before, before + bytes);
    return before;
}

EXPORT int brk(void *end)
{
    ht__real_need();
    const char *before = ht__real.sbrk(0);
    int result = ht__real.brk(end);
    if (!result)
        tell_break(FRAME, before, end);
    return result;
}
