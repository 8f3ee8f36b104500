/* reference: in every heap call of a program by preload, out one line of text for each, written at once under one lock, with a full unwind by libgcc.
 *
 * Slow and plain on purpose: it shares no line with what it judges. Preloaded before the runtime, so that it sees the calls as the program made them
 * and the runtime sees the same calls one frame deeper; trace_lines strips that frame and prints a trace in the same form:
 *   TID KIND API SIZE ALIGNMENT ADDRESS OLD | FILE+OFFSET FILE+OFFSET ...     innermost frame first; offsets of return addresses in the ELF file
 * KIND: A born, F ended, R moved (ADDRESS 0: refused), X refused. Frees have a stack if $REFERENCE_FREE_STACKS is set. Lines go to $REFERENCE_LOG.PID. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

enum { FRAMES = 20000, LINE_BYTES = 1 << 20, EARLY_BYTES = 1 << 16 };

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

/* What unwinding and looking up allocate is no event of the program. volatile: libc declares dlsym a leaf that never calls back, but it does. */
static __thread volatile int inside __attribute__((tls_model("initial-exec")));
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char line[LINE_BYTES];
static int log_file = -1, log_pid;
static bool free_stacks;

struct stack {
    size_t count;
    uintptr_t pcs[FRAMES];
};
static __thread struct stack *stack __attribute__((tls_model("initial-exec")));

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *argument)
{
    struct stack *all = argument;
    int interrupted = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &interrupted);
    if (pc && all->count < FRAMES)
        all->pcs[all->count++] = pc + (uintptr_t)interrupted; /* as if a call stood there: the instruction is the one before the address */
    return pc ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static struct link_map *module_of(uintptr_t pc)
{
    Dl_info info;
    struct link_map *map = NULL;
    return dladdr1((void *)pc, &info, (void **)&map, RTLD_DL_LINKMAP) ? map : NULL;
}

/* File name up to ".so": what follows depends on which link of several was opened. */
static int name_bytes(const char *name)
{
    const char *end = strstr(name, ".so");
    return (int)(end ? end + 3 - name : (long)strlen(name));
}

static const char *name_of(const struct link_map *map)
{
    static char self[4096];
    const char *path = map->l_name;
    if (!*path) {
        ssize_t bytes = self[0] ? 0 : readlink("/proc/self/exe", self, sizeof self - 1);
        (void)bytes;
        path = self;
    }
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void open_log(void)
{
    char path[4096];
    if (log_file >= 0)
        close(log_file);
    log_pid = getpid();
    free_stacks = getenv("REFERENCE_FREE_STACKS") != NULL;
    const char *prefix = getenv("REFERENCE_LOG");
    if (!prefix)
        return;
    snprintf(path, sizeof path, "%s.%d", prefix, log_pid);
    log_file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

struct call {
    char kind;
    const char *api;
    size_t size, alignment;
    uintptr_t address, old;
};

static size_t format_frames(char *out, size_t room)
{
    size_t used = 0;
    const struct link_map *own = module_of((uintptr_t)format_frames);
    bool outside = false;
    for (size_t i = 0; i < stack->count && used + 512 < room; i++) {
        const struct link_map *map = module_of(stack->pcs[i] - 1);
        outside |= map != own;
        if (!outside)
            continue;
        const char *name = map ? name_of(map) : "?";
        used += (size_t)snprintf(out + used, room - used, " %.*s+%lx", name_bytes(name), name, (long)(stack->pcs[i] - (map ? map->l_addr : 0)));
    }
    return used;
}

static int log2_of(size_t alignment)
{
    return alignment ? 63 - __builtin_clzll(alignment) : 0;
}

/* Frames are resolved before the lock is taken: the loader has a lock of its own, and its holder allocates. */
static void tell(const struct call *call)
{
    static __thread char *frames __attribute__((tls_model("initial-exec")));
    if (!stack) {
        stack = mmap(NULL, sizeof *stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        frames = mmap(NULL, LINE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    size_t frame_bytes = 0;
    if (call->kind != 'F' || free_stacks) {
        stack->count = 0;
        _Unwind_Backtrace(add_frame, stack);
        frame_bytes = format_frames(frames, LINE_BYTES - 256);
    }
    pthread_mutex_lock(&lock);
    if (log_pid != getpid())
        open_log();
    size_t bytes = (size_t)snprintf(line, LINE_BYTES, "%ld %c %s %zu %d %lx %lx |", syscall(SYS_gettid), call->kind, call->api, call->size,
                                    log2_of(call->alignment), (long)call->address, (long)call->old);
    memcpy(line + bytes, frames ? frames : "", frame_bytes);
    line[bytes + frame_bytes] = '\n';
    if (log_file >= 0 && write(log_file, line, bytes + frame_bytes + 1) < 0)
        _exit(99);
    pthread_mutex_unlock(&lock);
}

/* Signals wait, so that a handler that allocates never meets the lock held by its own thread. */
static void see(char kind, const char *api, size_t size, size_t alignment, const void *address, uintptr_t old)
{
    int saved = errno;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    inside++;
    tell(&(struct call){kind, api, size, alignment, (uintptr_t)address, old});
    inside--;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved;
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}
static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

/* The functions of these names behind us are the runtime's. All are looked up at once: dlsym gives back what an earlier dlsym allocated, and done later
 * that would be a free which nobody is told of. */
static struct {
    const char *name;
    void *found;
} known[] = {
    {"malloc", 0}, {"calloc", 0}, {"realloc", 0}, {"reallocarray", 0}, {"posix_memalign", 0}, {"memalign", 0}, {"aligned_alloc", 0}, {"valloc", 0},
    {"pvalloc", 0}, {"free", 0},
#define FORMS(stem) {stem "m", 0}, {stem "mRKSt9nothrow_t", 0}, {stem "mSt11align_val_t", 0}, {stem "mSt11align_val_tRKSt9nothrow_t", 0}
    FORMS("_Znw"), FORMS("_Zna"),
#undef FORMS
#define FORMS(stem)                                                                                                                                           \
    {stem "Pv", 0}, {stem "Pvm", 0}, {stem "PvRKSt9nothrow_t", 0}, {stem "PvSt11align_val_t", 0}, {stem "PvmSt11align_val_t", 0},                              \
    {stem "PvSt11align_val_tRKSt9nothrow_t", 0}
    FORMS("_Zdl"), FORMS("_Zda"),
#undef FORMS
};

/* Linked with -z initfirst: runs before the runtime's own start. The runtime looks up its real functions now, while nothing is told; what that allocates
 * is in no trace either. */
static __attribute__((constructor)) void start(void)
{
    inside++;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        known[i].found = dlsym(RTLD_NEXT, known[i].name);
    int (*unmap)(void *, size_t) = (int (*)(void *, size_t))dlsym(RTLD_NEXT, "munmap");
    unmap(NULL, 0);
    pthread_atfork(before_fork, after_fork, after_fork);
    inside--;
}

static void *next(void **found, const char *name)
{
    for (size_t i = 0; !*found && i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].name, name))
            *found = known[i].found;
    return *found;
}
#define NEXT(name, result, types)                                                                                                                             \
    static void *found_;                                                                                                                                      \
    result(*next_) types = (result(*) types)next(&found_, name)

static void allocated(const char *api, size_t size, size_t alignment, const void *block)
{
    see(block ? 'A' : 'X', api, size, alignment, block, 0);
}

void *malloc(size_t size)
{
    if (inside)
        return __libc_malloc(size);
    NEXT("malloc", void *, (size_t));
    void *block = next_(size);
    allocated("malloc", size, 0, block);
    return block;
}

void *calloc(size_t count, size_t size)
{
    if (inside)
        return __libc_calloc(count, size);
    NEXT("calloc", void *, (size_t, size_t));
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        bytes = SIZE_MAX;
    void *block = next_(count, size);
    allocated("calloc", bytes, 0, block);
    return block;
}

static void resized(const char *api, size_t size, uintptr_t old, const void *block)
{
    if (!old)
        allocated(api, size, 0, block);
    else if (size)
        see('R', api, size, 0, block, old);
    else {
        see('F', api, 0, 0, (void *)old, 0);
        if (block)
            allocated(api, size, 0, block);
    }
}

void *realloc(void *block, size_t size)
{
    if (inside)
        return __libc_realloc(block, size);
    NEXT("realloc", void *, (void *, size_t));
    uintptr_t old = (uintptr_t)block;
    void *fresh = next_(block, size);
    resized("realloc", size, old, fresh);
    return fresh;
}

void *reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;
    bool wide = __builtin_mul_overflow(count, size, &bytes);
    NEXT("reallocarray", void *, (void *, size_t, size_t));
    uintptr_t old = (uintptr_t)block;
    void *fresh = next_(block, count, size);
    if (wide)
        allocated("reallocarray", SIZE_MAX, 0, NULL);
    else
        resized("reallocarray", bytes, old, fresh);
    return fresh;
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    NEXT("posix_memalign", int, (void **, size_t, size_t));
    int result = next_(block, alignment, size);
    allocated("posix_memalign", size, alignment, result ? NULL : *block);
    return result;
}

#define ALIGNED(name)                                                                                                                                         \
    void *name(size_t alignment, size_t size)                                                                                                                 \
    {                                                                                                                                                         \
        NEXT(#name, void *, (size_t, size_t));                                                                                                               \
        void *block = next_(alignment, size);                                                                                                                 \
        allocated(#name, size, alignment, block);                                                                                                             \
        return block;                                                                                                                                         \
    }
ALIGNED(memalign)
ALIGNED(aligned_alloc)

#define PAGES(name)                                                                                                                                           \
    void *name(size_t size)                                                                                                                                   \
    {                                                                                                                                                         \
        NEXT(#name, void *, (size_t));                                                                                                                       \
        void *block = next_(size);                                                                                                                            \
        allocated(#name, size, 0, block);                                                                                                                     \
        return block;                                                                                                                                         \
    }
PAGES(valloc)
PAGES(pvalloc)

/* A free is told before it is done: after it another thread may own the address. */
void free(void *block)
{
    if (!block)
        return;
    if (inside) {
        __libc_free(block);
        return;
    }
    NEXT("free", void, (void *));
    see('F', "free", 0, 0, block, 0);
    next_(block);
}

/* Operators new and delete by their mangled names. A new that fails has told so through the malloc that it called; it may throw through us, so this file is
 * built with -fexceptions. */
#define NEW(symbol, text, parameters, types, arguments, alignment)                                                                                            \
    void *symbol parameters                                                                                                                                   \
    {                                                                                                                                                         \
        NEXT(#symbol, void *, types);                                                                                                                        \
        void *block = next_ arguments;                                                                                                                        \
        if (block)                                                                                                                                            \
            allocated(text, size, alignment, block);                                                                                                          \
        return block;                                                                                                                                         \
    }
#define NEW_FORMS(stem, text)                                                                                                                                 \
    NEW(stem##m, text, (size_t size), (size_t), (size), 0)                                                                                                    \
    NEW(stem##mRKSt9nothrow_t, text, (size_t size, const void *tag), (size_t, const void *), (size, tag), 0)                                                  \
    NEW(stem##mSt11align_val_t, text " (aligned)", (size_t size, size_t align), (size_t, size_t), (size, align), align)                                       \
    NEW(stem##mSt11align_val_tRKSt9nothrow_t, text " (aligned)", (size_t size, size_t align, const void *tag), (size_t, size_t, const void *),                \
        (size, align, tag), align)
NEW_FORMS(_Znw, "operator new")
NEW_FORMS(_Zna, "operator new[]")

#define DELETE(symbol, text, parameters, types, arguments)                                                                                                    \
    void symbol parameters                                                                                                                                    \
    {                                                                                                                                                         \
        if (!block)                                                                                                                                           \
            return;                                                                                                                                           \
        NEXT(#symbol, void, types);                                                                                                                         \
        see('F', text, 0, 0, block, 0);                                                                                                                       \
        next_ arguments;                                                                                                                                      \
    }
#define DELETE_FORMS(stem, text)                                                                                                                              \
    DELETE(stem##Pv, text, (void *block), (void *), (block))                                                                                                  \
    DELETE(stem##Pvm, text " (sized)", (void *block, size_t size), (void *, size_t), (block, size))                                                           \
    DELETE(stem##PvRKSt9nothrow_t, text, (void *block, const void *tag), (void *, const void *), (block, tag))                                                \
    DELETE(stem##PvSt11align_val_t, text " (aligned)", (void *block, size_t align), (void *, size_t), (block, align))                                         \
    DELETE(stem##PvmSt11align_val_t, text " (aligned)", (void *block, size_t size, size_t align), (void *, size_t, size_t), (block, size, align))             \
    DELETE(stem##PvSt11align_val_tRKSt9nothrow_t, text " (aligned)", (void *block, size_t align, const void *tag), (void *, size_t, const void *),            \
           (block, align, tag))
DELETE_FORMS(_Zdl, "operator delete")
DELETE_FORMS(_Zda, "operator delete[]")
