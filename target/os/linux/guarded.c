/* guarded: in a session that asks for guards, out the functions of a guarded heap in the place of the real ones. */
#include "os.h"

#include "target/guard/guarding.h"
#include "target/process/port_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

bool ht__guarded;

static void *guarded_malloc(size_t size)
{
    return ht__guard_alloc(size, 0, GUARD_MALLOC);
}

static void guarded_free(void *block)
{
    ht__guard_free(block, &(struct guard_ending){.family = GUARD_MALLOC});
}

static void *guarded_reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;
    return ht__guard_realloc(block, __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes);
}

static void *guarded_memalign(size_t alignment, size_t size)
{
    return ht__guard_alloc(size, alignment, GUARD_MALLOC);
}

static int guarded_posix_memalign(void **block, size_t alignment, size_t size)
{
    int saved = errno;
    if (alignment % sizeof(void *) || alignment & (alignment - 1) || !alignment)
        return EINVAL;
    void *got = ht__guard_alloc(size, alignment, GUARD_MALLOC);
    errno = saved;
    if (!got)
        return ENOMEM;
    *block = got;
    return 0;
}

static void *guarded_valloc(size_t size)
{
    return ht__guard_alloc(size, (size_t)sysconf(_SC_PAGESIZE), GUARD_MALLOC);
}

static void *guarded_pvalloc(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return ht__guard_alloc(size < SIZE_MAX / 2 ? (size + page - 1) & ~(page - 1) : size, page, GUARD_MALLOC);
}

static size_t guarded_usable_size(void *block)
{
    return ht__guard_size(block);
}

/* What the session says, read before it is mapped: the first block comes before the first record. */
static bool read_session(struct guard_config *config)
{
    struct {
        uint32_t flags, policy, clock, depth_limit;
        uint64_t sample_bytes, clock_start;
        uint32_t collector_pid, wake_bytes;
        uint64_t quarantine_bytes, pages_most, fail_nth;
        uint32_t page_every, fail_rate, page_align, page_before;
    } part;
    _Static_assert(offsetof(struct ht_session, flags) == 48 && offsetof(struct ht_session, quarantine_bytes) == 88, "as in struct ht_session");
    const char *path = getenv(HT_ENV_SESSION);
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    long skipped = syscall(SYS_lseek, fd, (long)offsetof(struct ht_session, flags), SEEK_SET), bytes = syscall(SYS_read, fd, &part, sizeof part);
    syscall(SYS_close, fd);
    if (skipped < 0 || bytes != (long)sizeof part || !(part.flags & HT_SESSION_GUARD))
        return false;
    config->quarantine_bytes = part.quarantine_bytes;
    config->pages_most = part.pages_most;
    config->fail_nth = part.fail_nth;
    config->fail_rate = part.fail_rate;
    config->layout = (struct paged_layout){part.page_align, part.page_before};
    config->page_every = part.page_every;
    config->stop = part.flags & HT_SESSION_GUARD_STOP;
    return true;
}

void ht__guarded_begin(struct ht_real *real)
{
    struct guard_config config = {.below = {real->malloc, real->free, real->calloc, real->realloc, real->memalign}};
    if (!read_session(&config))
        return;
    const void *dice = (const void *)(uintptr_t)getauxval(AT_RANDOM);
    if (dice)
        memcpy(&config.secret, dice, sizeof config.secret);
    if (!ht__guard_begin(&config))
        return;
    ht__guarded = true;
    if (config.page_every)
        ht__hits_begin(real);
    real->malloc = guarded_malloc;
    real->free = guarded_free;
    real->calloc = ht__guard_zeroed;
    real->realloc = ht__guard_realloc;
    real->reallocarray = guarded_reallocarray;
    real->memalign = real->aligned_alloc = guarded_memalign;
    real->posix_memalign = guarded_posix_memalign;
    real->valloc = guarded_valloc;
    real->pvalloc = guarded_pvalloc;
    real->malloc_usable_size = guarded_usable_size;
}
