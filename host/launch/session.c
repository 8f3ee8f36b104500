/* session: a sparse file in memory (/dev/shm), or in $TMPDIR when there is no room. Pages of a lane are touched only when a thread takes it. */
#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    LANES_MOST = 512,
    LANES_LEAST = 8,
    LANE_BYTES_LEAST = 64 * 1024,
};
static const uint64_t LANE_BYTES_MOST = 1u << 30;
static const char PREFIX[] = "heaptracer-";

static uint64_t round_up(uint64_t value, uint64_t to)
{
    return (value + to - 1) / to * to;
}

static uint64_t power_of_two(uint64_t bytes)
{
    uint64_t power = LANE_BYTES_LEAST;
    while (power < bytes && power < LANE_BYTES_MOST)
        power *= 2;
    return power;
}

/* Files of recordings that were killed. */
static void session_sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat status;
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1))
            continue;
        long pid = strtol(entry->d_name + sizeof PREFIX - 1, NULL, 10);
        if (pid <= 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
            continue;
        if (!fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) && S_ISREG(status.st_mode) && status.st_uid == geteuid())
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
}

/* A limit on the size of files is for the program's own. */
static uint64_t session_file_limit(rlim_t *soft)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &limit);
    *soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    return limit.rlim_max;
}

static void session_limit_again(rlim_t soft)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit))
        return;
    limit.rlim_cur = soft;
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* How many lanes may be used at once so that half of the free space stays: a watched program that touches a page which the file system cannot give dies. */
static uint32_t session_lanes(const char *folder, uint64_t stride, uint64_t file_limit)
{
    struct statvfs space;
    if (statvfs(folder, &space))
        return 0;
    uint64_t lanes = (uint64_t)space.f_bavail * space.f_frsize / 2 / stride;
    if (lanes > file_limit / stride)
        lanes = file_limit / stride ? file_limit / stride - 1 : 0;
    return lanes > LANES_MOST ? LANES_MOST : (uint32_t)lanes;
}

static bool session_create(struct session *session, const char *folder, uint64_t bytes)
{
    uint64_t dice;
    if (getrandom(&dice, sizeof dice, 0) != sizeof dice)
        return false;
    if (snprintf(session->path, sizeof session->path, "%s/%s%d-%016llx", folder, PREFIX, (int)getpid(), (unsigned long long)dice) >= (int)sizeof session->path)
        return false;
    session->fd = open(session->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (session->fd < 0)
        return false;
    if (!ftruncate(session->fd, (off_t)bytes)) {
        void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, session->fd, 0);
        if (at != MAP_FAILED) {
            session->shared = at;
            return true;
        }
    }
    unlink(session->path);
    close(session->fd);
    return false;
}

static void session_fill(struct ht_session *shared, const struct session_config *config, uint32_t lanes, uint64_t lane_bytes, uint64_t offset, uint64_t bytes)
{
    shared->magic = HT_SESSION_MAGIC;
    shared->version = HT_SESSION_VERSION;
    shared->lane_count = lanes;
    shared->lane_bytes = lane_bytes;
    shared->lane_stride = lane_bytes + HT_LANE_HEADER_BYTES;
    shared->lanes_offset = offset;
    shared->file_bytes = bytes;
    shared->flags = config->flags;
    shared->policy = config->policy;
    shared->clock = config->clock;
    shared->depth_limit = config->depth_limit;
    shared->sample_bytes = config->sample_bytes;
    shared->quarantine_bytes = config->quarantine_bytes;
    shared->pages_most = config->pages_most;
    shared->fail_nth = config->fail_nth;
    shared->fail_rate = config->fail_rate;
    shared->page_align = config->page_align;
    shared->page_before = config->page_before;
    shared->page_every = config->page_every;
    shared->clock_start = config->clock_start;
    shared->collector_pid = (uint32_t)getpid();
    shared->wake_bytes = (uint32_t)(lane_bytes / 4);
    shared->recording = config->recording;
}

static bool session_open_in(struct session *session, const struct session_config *config, uint64_t file_limit, struct error *error)
{
    const char *temporary = getenv("TMPDIR"), *folders[] = {"/dev/shm", temporary && *temporary ? temporary : "/tmp"};
    uint64_t lane_bytes = power_of_two(config->lane_bytes), stride = lane_bytes + HT_LANE_HEADER_BYTES, offset = round_up(sizeof *session->shared, 4096);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        session_sweep(folders[i]);
        uint32_t lanes = session_lanes(folders[i], stride, file_limit);
        uint64_t bytes = offset + lanes * stride;
        if (lanes < LANES_LEAST || !session_create(session, folders[i], bytes))
            continue;
        session_fill(session->shared, config, lanes, lane_bytes, offset, bytes);
        return true;
    }
    return error_set(error, ERROR_WRITE, "no room for the recording's shared memory in /dev/shm or %s; make some, or set TMPDIR or a smaller --lane-size",
                     folders[1]);
}

bool session_open(struct session *session, const struct session_config *config, struct error *error)
{
    rlim_t soft;
    uint64_t file_limit = session_file_limit(&soft);
    bool good = session_open_in(session, config, file_limit, error);
    session_limit_again(soft);
    return good;
}

void session_close(struct session *session)
{
    unlink(session->path);
    munmap(session->shared, session->shared->file_bytes);
    close(session->fd);
}
