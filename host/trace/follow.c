/* follow: in the file of a trace that may still be written, out its bytes as they come. */
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/memory.h"

/* No trace gets that long. */
static const off_t FOLLOW_WRITER = (off_t)1 << 61, FOLLOW_READER = ((off_t)1 << 61) + 1, FOLLOW_AWAY = ((off_t)1 << 61) + 2;
enum { FOLLOW_PIPE_MS = 30 };

struct follow {
    struct follow_config config;
    int file;
    bool is_regular;
};

static struct flock byte_lock(short type, off_t at)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
}

void follow_hold(int file)
{
    struct flock lock = byte_lock(F_WRLCK, FOLLOW_WRITER); /* not one of the open file: that would not tell the process */
    fcntl(file, F_SETLK, &lock);
}

void follow_tell_away(int file, bool is_away)
{
    struct flock lock = byte_lock(is_away ? F_WRLCK : F_UNLCK, FOLLOW_AWAY);
    fcntl(file, F_SETLK, &lock);
}

bool follow_is_wanted(int file)
{
    struct flock lock = byte_lock(F_WRLCK, FOLLOW_READER);
    return !fcntl(file, F_GETLK, &lock) && lock.l_type != F_UNLCK;
}

struct follow *follow_open(const struct follow_config *config, struct error *error)
{
    struct stat status;
    int file = strcmp(config->path, "-") ? open(config->path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    if (file < 0)
        return error_set_errno(error, ERROR_READ, "%s cannot be opened", config->path), NULL;
    struct follow *follow = memory_new(1, sizeof *follow);
    *follow = (struct follow){*config, file, !fstat(file, &status) && S_ISREG(status.st_mode)};
    struct flock lock = byte_lock(F_RDLCK, FOLLOW_READER);
    if (follow->is_regular)
        fcntl(file, F_OFD_SETLK, &lock);
    return follow;
}

static bool writer_find(const struct follow *follow, off_t at, struct flock *lock)
{
    *lock = byte_lock(F_RDLCK, at);
    return follow->is_regular && !fcntl(follow->file, F_GETLK, lock) && lock->l_type != F_UNLCK;
}

bool follow_is_written(const struct follow *follow)
{
    struct flock lock;
    return writer_find(follow, FOLLOW_WRITER, &lock);
}

bool follow_is_away(const struct follow *follow)
{
    struct flock lock;
    return writer_find(follow, FOLLOW_AWAY, &lock);
}

pid_t follow_writer(const struct follow *follow)
{
    struct flock lock;
    return writer_find(follow, FOLLOW_WRITER, &lock) && lock.l_pid > 0 ? lock.l_pid : 0;
}

/* Of a pipe that is silent the follower must be asked too. False: it does not want any more. */
static bool pipe_await(const struct follow *follow)
{
    struct pollfd at = {.fd = follow->file, .events = POLLIN};
    while (poll(&at, 1, FOLLOW_PIPE_MS) == 0)
        if (!follow->config.wait(follow->config.context))
            return false;
    return true;
}

long follow_read(void *context, void *bytes, size_t room)
{
    const struct follow *follow = context;
    if (!follow->is_regular && !pipe_await(follow))
        return 0;
    for (;;) {
        bool was_written = follow_is_written(follow); /* asked first, so that what it wrote last is read */
        long got = read(follow->file, bytes, room);
        if (got || !was_written || !follow->config.wait(follow->config.context))
            return got;
    }
}

void follow_close(struct follow *follow)
{
    if (!follow)
        return;
    close(follow->file);
    memory_free(follow);
}
