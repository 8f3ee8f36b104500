/* real: in a name, out the function that would have been called without us; and the small arena for what is asked before that is known. */
#include "os.h"

#include <dlfcn.h>
#include <link.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* dlsym itself may allocate before the real allocator is known. Blocks here are never given back. */
char ht__early[HT_EARLY_BYTES] __attribute__((aligned(16)));
size_t ht__early_used;

void *ht__early_alloc(size_t size, size_t alignment)
{
    if (alignment < 16)
        alignment = 16;
    size_t wanted = size + alignment + 16;
    if (size > HT_EARLY_BYTES)
        return NULL;
    size_t from = __atomic_fetch_add(&ht__early_used, wanted & ~(size_t)15, __ATOMIC_RELAXED);
    if (from + wanted > HT_EARLY_BYTES)
        return NULL;
    uintptr_t block = ((uintptr_t)ht__early + from + 16 + alignment - 1) & ~(uintptr_t)(alignment - 1);
    ((size_t *)block)[-1] = size;
    return (void *)block;
}

size_t ht__early_size(const void *block)
{
    return ((const size_t *)block)[-1];
}

/* volatile: libc declares dlsym a leaf that never calls back, but it does. */
static __thread volatile bool resolving __attribute__((tls_model("initial-exec")));

/* The first call of each function comes here; while they are being looked up, memory comes from the arena. */
static void *first_malloc(size_t size)
{
    if (resolving)
        return ht__early_alloc(size, 16);
    ht__real_resolve();
    return ht__real.malloc(size);
}
static void first_free(void *block)
{
    if (resolving)
        return;
    ht__real_resolve();
    ht__real.free(block);
}
static void *first_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    if (resolving)
        return ht__early_alloc(bytes, 16); /* static memory is zero and used once */
    ht__real_resolve();
    return ht__real.calloc(count, size);
}
static void *first_realloc(void *block, size_t size)
{
    if (!resolving) {
        ht__real_resolve();
        return ht__real.realloc(block, size);
    }
    void *fresh = ht__early_alloc(size, 16);
    if (fresh && block)
        memcpy(fresh, block, ht__early_size(block) < size ? ht__early_size(block) : size);
    return fresh;
}
static void *first_memalign(size_t alignment, size_t size)
{
    if (resolving)
        return ht__early_alloc(size, alignment);
    ht__real_resolve();
    return ht__real.memalign(alignment, size);
}
static void *first_aligned_alloc(size_t alignment, size_t size)
{
    ht__real_resolve();
    return ht__real.aligned_alloc(alignment, size);
}
static int first_posix_memalign(void **block, size_t alignment, size_t size)
{
    ht__real_resolve();
    return ht__real.posix_memalign(block, alignment, size);
}

struct ht_real ht__real = {
    .malloc = first_malloc, .free = first_free, .calloc = first_calloc, .realloc = first_realloc, .memalign = first_memalign,
    .aligned_alloc = first_aligned_alloc, .posix_memalign = first_posix_memalign,
};

static bool is_late; /* the loader does not search us for the program's calls */

static bool is_ours(const void *address)
{
    extern const char __ehdr_start[] __attribute__((visibility("hidden"))), _end[] __attribute__((visibility("hidden")));
    return (uintptr_t)address >= (uintptr_t)__ehdr_start && (uintptr_t)address < (uintptr_t)_end;
}

#ifdef __GLIBC__
/* A program that is not position-independent and takes a function's address makes its own stub of it that address, for everybody. */
static bool is_stub(const void *found)
{
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    return dladdr1(found, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol && symbol->st_shndx == SHN_UNDEF;
}

/* Of the libraries in the order in which they were loaded, the first that has it itself. */
static void *find_in_libraries(const char *name)
{
    for (const struct link_map *map = _r_debug.r_map ? _r_debug.r_map->l_next : NULL; map; map = map->l_next) {
        void *handle = *map->l_name ? dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD) : NULL, *found = handle ? dlsym(handle, name) : NULL;
        Dl_info info;
        if (handle)
            dlclose(handle);
        if (found && !is_ours(found) && dladdr(found, &info) && (uintptr_t)info.dli_fbase == map->l_addr)
            return found;
    }
    return NULL;
}

static void *find_late(const char *name)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    return found && is_stub(found) ? find_in_libraries(name) : found;
}
#else
static void *find_late(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}
#endif

void *ht__real_find(const char *name)
{
    void *found = is_late ? find_late(name) : NULL;
    return found && !is_ours(found) ? found : dlsym(RTLD_NEXT, name);
}

/* What a libc without this function needs instead. */
static void *missing_reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return ht__real.realloc(block, bytes);
}
static void *missing_valloc(size_t size)
{
    return ht__real.memalign((size_t)sysconf(_SC_PAGESIZE), size);
}
static void *missing_pvalloc(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return ht__real.memalign(page, (size + page - 1) & ~(page - 1));
}
static void *missing_memalign(size_t alignment, size_t size)
{
    return ht__real.aligned_alloc(alignment, size);
}
bool ht__real_known;

bool ht__real_find_late(void)
{
    if (!is_late && !is_ours(dlsym(RTLD_DEFAULT, "malloc"))) {
        is_late = true;
        ht__real_resolve();
    }
    return is_late;
}

void ht__real_resolve(void)
{
    int saved = errno;
    struct ht_real found = {0};
    if (resolving)
        return;
    resolving = true;
#define HT_HOOK(result, name, parameters) found.name = (result(*) parameters)ht__real_find(#name);
#include "hooks.def"
#undef HT_HOOK
    resolving = false;
    if (!found.memalign)
        found.memalign = missing_memalign;
    if (!found.reallocarray)
        found.reallocarray = missing_reallocarray;
    if (!found.valloc)
        found.valloc = missing_valloc;
    if (!found.pvalloc)
        found.pvalloc = missing_pvalloc;
    ht__guarded_begin(&found);
    /* malloc last: another thread that sees it may use all of them. */
    void *(*real_malloc)(size_t) = found.malloc;
    found.malloc = ht__real.malloc;
    ht__real = found;
    __atomic_store_n(&ht__real.malloc, real_malloc, __ATOMIC_RELEASE);
    __atomic_store_n(&ht__real_known, true, __ATOMIC_RELEASE);
    errno = saved;
}

bool ht__same_module(const void *a, const void *b)
{
    Dl_info first, second;
    return a && b && dladdr(a, &first) && dladdr(b, &second) && first.dli_fbase == second.dli_fbase;
}

/* Before most of the program's own constructors, so that the less common functions need no first_... of their own. */
__attribute__((constructor)) static void resolve_at_load(void)
{
    ht__real_need();
}
