/* shift: the file has a high number, where programs do not look; it is known by what the kernel says whether it is still ours. */
#include "shift.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_userfaultfd

enum { PAGE = 4096, TRIES = 8, HIGHEST = 1023 };

/* linux/userfaultfd.h of a kernel that is new enough has these. */
struct api { uint64_t api, features, calls; };
struct range { uint64_t start, bytes; };
struct registration { struct range range; uint64_t mode, calls; };
struct transfer { uint64_t to, from, bytes, mode; int64_t done; };
struct zeroes { struct range range; uint64_t mode; int64_t done; };
static const uint64_t API = 0xAA, SIGBUS_FEATURE = 1 << 7, MOVE_FEATURE = 1 << 16, MISSING = 1, HOLES = 2;
static const long USER_MODE_ONLY = 1;
#define CALL(number, type) (3ul << 30 | (unsigned long)sizeof(type) << 16 | 0xAAul << 8 | (number))

static const char zero_page[PAGE];
static int file = -1;
static struct range region;
static bool works;

/* False, and errno is as the program left it; what says that the file is not ours is kept in mind. */
static bool call(unsigned long number, const void *request)
{
    int saved = errno;
    bool is_done = false;
    for (int i = 0; i < TRIES && !is_done; i++) {
        is_done = !syscall(SYS_ioctl, file, number, request);
        if (!is_done && errno != EAGAIN)
            break;
    }
    if (!is_done && (errno == EBADF || errno == ENOTTY || errno == EINVAL || errno == EPERM))
        works = false;
    errno = saved;
    return is_done;
}

static bool open_file(void)
{
    long low = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | USER_MODE_ONLY), high = -1;
    for (long number = HIGHEST; low >= 0 && high < 0 && number > 64; number /= 2)
        high = syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, number);
    if (high >= 0)
        syscall(SYS_close, low);
    file = (int)(high >= 0 ? high : low);
    works = file >= 0 && call(CALL(0x3F, struct api), &(struct api){.api = API, .features = SIGBUS_FEATURE | MOVE_FEATURE}) &&
            call(CALL(0, struct registration), &(struct registration){.range = region, .mode = MISSING});
    if (!works && file >= 0)
        syscall(SYS_close, file);
    return works;
}

bool shift_begin(const void *low, uint64_t bytes)
{
    int saved = errno;
    region = (struct range){(uint64_t)(uintptr_t)low, bytes};
    bool is_good = open_file();
    errno = saved;
    return is_good;
}

/* What was shut by a mark of the kernel's (paged.c) is in the way. */
static bool unmark(const char *to, uint64_t pages)
{
    enum { GUARD_REMOVE = 103 };
    return !syscall(SYS_madvise, to, pages * PAGE, GUARD_REMOVE);
}

bool shift_page(char *to, const char *from)
{
    struct transfer transfer = {(uint64_t)(uintptr_t)to, (uint64_t)(uintptr_t)from, PAGE, HOLES, 0};
    return works && call(CALL(5, struct transfer), &transfer) && transfer.done == PAGE;
}

bool shift_fresh(char *to, uint64_t pages)
{
    struct transfer copy = {(uint64_t)(uintptr_t)to, (uint64_t)(uintptr_t)zero_page, PAGE, 0, 0};
    struct zeroes zeroes = {{(uint64_t)(uintptr_t)to, pages * PAGE}, 0, 0};
    for (int i = 0; i < 2 && works; i++) {
        if (pages == 1 ? call(CALL(3, struct transfer), &copy) : call(CALL(4, struct zeroes), &zeroes))
            return true;
        shift_drop(to, pages);
        unmark(to, pages);
    }
    return false;
}

void shift_drop(char *from, uint64_t pages)
{
    int saved = errno;
    syscall(SYS_madvise, from, pages * PAGE, MADV_DONTNEED);
    errno = saved;
}

bool shift_works(void)
{
    return works;
}

/* The parent's file is of the parent's memory. */
void shift_after_fork(void)
{
    if (!works)
        return;
    syscall(SYS_close, file);
    open_file();
}

#else

bool shift_begin(const void *low, uint64_t bytes)
{
    (void)low, (void)bytes;
    return false;
}

bool shift_page(char *to, const char *from)
{
    (void)to, (void)from;
    return false;
}

bool shift_fresh(char *to, uint64_t pages)
{
    (void)to, (void)pages;
    return false;
}

void shift_drop(char *from, uint64_t pages)
{
    (void)from, (void)pages;
}

bool shift_works(void)
{
    return false;
}

void shift_after_fork(void)
{
}

#endif
