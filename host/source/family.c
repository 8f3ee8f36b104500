/* family: an entry is read once it is whole; a fork's entry is there before its child, and holds the merge at its stamp until the child has filled it. */
#include "family.h"

#include "host/base/now.h"
#include "pid_space.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that was killed before it filled its entry must not stop the session. */
static const uint64_t FAMILY_PATIENCE_NS = 500000000;

struct family *family_new(struct ht_session *shared, struct emit *emit)
{
    struct family *family = memory_new(1, sizeof *family);
    family->shared = shared;
    family->emit = emit;
    family->due_stamp = UINT64_MAX;
    return family;
}

static void family_watch(struct image *image, uint32_t pid_space)
{
    image->pid_here = pid_space_find(pid_space, image->pid);
    image->pidfd = (int)syscall(SYS_pidfd_open, image->pid_here, 0);
    if (image->pidfd < 0 && (errno == ESRCH || errno == EINVAL))
        image->gone = true;
}

/* Returns true when nothing of the entry is awaited any more. */
static bool family_look_at(struct family *family, struct image *image)
{
    const struct ht_process *entry = &family->shared->processes[image->serial - 1];
    uint32_t state = __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE);
    if (state == 0 || image->state == IMAGE_VOID)
        return image->state == IMAGE_VOID;
    if (state == 4) {
        image->state = IMAGE_VOID;
        return true;
    }
    if (image->state == IMAGE_NONE) {
        image->state = IMAGE_WAITING;
        image->seen_ns = now_ns();
        uint32_t parent = __atomic_load_n(&entry->parent, __ATOMIC_RELAXED);
        image->parent = parent < image->serial ? parent : 0;
        image->how = __atomic_load_n(&entry->how, __ATOMIC_RELAXED);
        image->stamp = __atomic_load_n(&entry->stamp, __ATOMIC_RELAXED);
    }
    if (state == 1)
        return false;
    image->pid = __atomic_load_n(&entry->pid, __ATOMIC_RELAXED);
    image->usable_rule = __atomic_load_n(&entry->usable_rule, __ATOMIC_RELAXED);
    family_watch(image, __atomic_load_n(&entry->pid_space, __ATOMIC_RELAXED));
    return true;
}

static void family_find_due(struct family *family)
{
    family->due = NULL;
    family->due_stamp = UINT64_MAX;
    for (uint32_t i = 0; i < family->count; i++) {
        struct image *image = &family->images[i];
        if (image->state == IMAGE_WAITING && !image->overdue && image->stamp < family->due_stamp) {
            family->due = image;
            family->due_stamp = image->stamp;
        }
    }
}

void family_look(struct family *family)
{
    uint32_t count = __atomic_load_n(&family->shared->process_count, __ATOMIC_ACQUIRE);
    if (count > HT_SESSION_PROCESSES)
        count = HT_SESSION_PROCESSES;
    if (family->settled >= count)
        return;
    for (; family->count < count; family->count++) /* not all at the start: they are 3 MiB */
        family->images[family->count] = (struct image){.serial = family->count + 1, .pidfd = -1};
    bool all = true;
    for (uint32_t i = family->settled; i < count; i++) {
        struct image *image = &family->images[i];
        bool settled = image->pid || family_look_at(family, image);
        all = all && settled;
        if (all)
            family->settled = i + 1;
    }
    family_find_due(family);
}

static void family_put(struct family *family, struct image *image)
{
    struct image *parent = image->parent ? &family->images[image->parent - 1] : NULL;
    char name[sizeof family->shared->processes[0].name + 1] = "";
    memcpy(name, family->shared->processes[image->serial - 1].name, sizeof name - 1);
    struct process_definition define = {.id = image->serial, .parent = image->parent, .pid = image->pid, .how = image->how, .command = name};
    if (parent && image->how == 1)
        image_inherit(image, parent);
    if (parent && image->how == 2 && parent->pid == image->pid)
        parent->gone = true;
    image->state = IMAGE_DEFINED;
    uint64_t time_ns = emit_time(family->emit, image->stamp > family->emit->last_stamp ? image->stamp : family->emit->last_stamp);
    emit_event(family->emit, &(struct event){.kind = EVENT_PROCESS, .process = image->serial, .time_ns = time_ns, .define = &define});
}

struct image *family_get(struct family *family, uint32_t serial)
{
    if (!serial || serial > HT_SESSION_PROCESSES)
        return NULL;
    struct image *image = &family->images[serial - 1];
    if (image->state == IMAGE_NONE) {
        family_look(family);
        if (image->state == IMAGE_NONE)
            return NULL;
    }
    if (image->state != IMAGE_WAITING)
        return image->state == IMAGE_VOID ? NULL : image;
    if (!image->pid)
        family_look(family);
    if (image->parent)
        family_get(family, image->parent);
    family_put(family, image);
    family_find_due(family);
    return image;
}

bool family_tell_due(struct family *family)
{
    struct image *image = family->due;
    if (!image->pid)
        family_look(family);
    if (image->state == IMAGE_VOID || image->state == IMAGE_NONE) {
        family_find_due(family);
        return true;
    }
    if (!image->pid) {
        if (!family->impatient && now_ns() - image->seen_ns < FAMILY_PATIENCE_NS)
            return false;
        image->overdue = true;
        family_find_due(family);
        return true;
    }
    family_get(family, image->serial);
    return true;
}

static bool family_has_ended(const struct image *image, const struct pollfd *entry)
{
    if (image->gone || !image->pid)
        return false;
    return image->pidfd < 0 ? kill((pid_t)image->pid_here, 0) < 0 && errno == ESRCH : entry->revents != 0;
}

/* The status of our own child, which is left to be waited for; nobody tells us that of another's. */
static void family_ask_status(struct image *image)
{
    siginfo_t info = {0};
    if (image->pidfd < 0 || waitid(P_PIDFD, (id_t)image->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
        return;
    image->status_known = true;
    image->wait_status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
}

void family_poll(struct family *family)
{
    static struct pollfd entries[HT_SESSION_PROCESSES];
    for (uint32_t i = 0; i < family->count; i++)
        entries[i] = (struct pollfd){.fd = family->images[i].gone ? -1 : family->images[i].pidfd, .events = POLLIN};
    poll(entries, family->count, 0);
    for (uint32_t i = 0; i < family->count; i++) {
        struct image *image = &family->images[i];
        if (!family_has_ended(image, &entries[i]))
            continue;
        image->gone = true;
        family_ask_status(image);
        if (image->pidfd >= 0)
            close(image->pidfd);
        image->pidfd = -1;
    }
}

void family_exited(struct family *family, uint32_t pid, int wait_status)
{
    family_look(family);
    for (uint32_t i = 0; i < family->count; i++) {
        struct image *image = &family->images[i];
        if (image->pid_here != pid || image->gone)
            continue;
        image->gone = image->status_known = true;
        image->wait_status = wait_status;
    }
}

void family_end(struct family *family, struct image *image)
{
    if (image->state != IMAGE_DEFINED)
        return;
    image->state = IMAGE_ENDED;
    emit_event(family->emit, &(struct event){.kind = EVENT_PROCESS_END,
                                             .process = image->serial,
                                             .time_ns = family->emit->last_ns,
                                             .size = image->status_known ? (uint64_t)image->wait_status : 0,
                                             .flags = !image->status_known});
}

uint32_t family_living(const struct family *family)
{
    uint32_t living = 0;
    for (uint32_t i = 0; i < family->count; i++) {
        const struct image *image = &family->images[i];
        living += (image->state == IMAGE_WAITING || image->state == IMAGE_DEFINED) && !image->gone && (image->pid || !image->overdue);
    }
    return living;
}

void family_free(struct family *family)
{
    for (uint32_t i = 0; i < family->count; i++)
        image_done(&family->images[i]);
    memory_free(family);
}
