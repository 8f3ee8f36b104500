/* attached: in a request of `heaptracer attach`, out this process in its session, its calls led to our hooks; and later out of it again, as if we had never been
 * there. One of the program's threads is made to call these functions, at a moment when it is in no allocator and no loader; the others run on.
 *
 * A thread may be anywhere in a hook when its process leaves the session: it has been given its lane, or waits in the real realloc. Nothing tells when the last is
 * out. So the lanes do not go away: memory that nobody else sees takes their place, where a late record is lost without harm. Our code stays loaded. */
#include "os.h"

#include "redirect.h"
#include "target/process/port_process.h"
#include "target/process/thread.h"
#include "wire/join.h"

#include <errno.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes" /* called by their names */

#define EXPORT __attribute__((visibility("default")))

enum { WAITS_MOST = 200 }; /* of a millisecond each */

static bool is_attached;

static bool is_somewhere(void)
{
    return ht__redirect_is_inside() || ht__thread_is_busy();
}

/* Where the session was there is memory of our own, in which it reads that nobody collects. What no thread ever had a lane in is given back. */
static void replace_session(struct ht_session *session)
{
    uint64_t whole = session->file_bytes, kept = session->lanes_offset + session->lanes_used * session->lane_stride;
    struct ht_session *own = ht__pages_get(kept, MAP_NORESERVE);
    if (own == MAP_FAILED)
        return;
    *own = (struct ht_session){.magic = session->magic, .version = session->version, .lane_count = session->lanes_used, .lane_bytes = session->lane_bytes,
                               .lane_stride = session->lane_stride, .lanes_offset = session->lanes_offset, .file_bytes = kept, .policy = HT_POLICY_DROP,
                               .clock = session->clock, .lanes_used = session->lanes_used, .collector_gone = 1};
    if ((void *)syscall(SYS_mremap, own, kept, kept, MREMAP_MAYMOVE | MREMAP_FIXED, session) == MAP_FAILED)
        syscall(SYS_munmap, own, kept);
    else if (kept < whole)
        syscall(SYS_munmap, (char *)session + kept, whole - kept);
}

static void begin(struct ht_attach *attach)
{
    struct redirect_count count = {0};
    attach->answer = HT_ATTACH_BUSY;
    if (is_somewhere())
        return;
    bool is_late = ht__real_find_late();
    struct ht_session *before = is_attached ? ht__session : NULL; /* its recorder was killed */
    attach->answer = ht__session_join(attach->path, &attach->why, &attach->collector);
    if (attach->answer != HT_ATTACH_DONE)
        return;
    if (is_late && !ht__redirect_begin((void *)(uintptr_t)attach->handle, &count)) {
        attach->answer = HT_ATTACH_UNSUPPORTED;
        ht__session_leave();
        return;
    }
    if (before)
        replace_session(before);
    is_attached = true;
    attach->slots = count.slots;
    attach->left = count.left;
}

/* A record that is being written, or waits for room. */
static bool is_writing(void)
{
    if (__atomic_load_n(&ht__state->beginning, __ATOMIC_SEQ_CST))
        return true;
    for (uint32_t i = 0; i < __atomic_load_n(&ht__session->lanes_used, __ATOMIC_ACQUIRE) && i < ht__session->lane_count; i++) {
        const struct ht_lane *lane = ht_session_lane(ht__session, i);
        if (__atomic_load_n(&lane->process, __ATOMIC_RELAXED) != ht__process_serial)
            continue;
        if (__atomic_load_n(&lane->head, __ATOMIC_ACQUIRE) & 1 || __atomic_load_n(&lane->blocked, __ATOMIC_ACQUIRE))
            return true;
    }
    return false;
}

static void wait_for_writers(void)
{
    uint32_t nobody_wakes = 0;
    for (int i = 0; i < WAITS_MOST && is_writing(); i++)
        ht__port_wait(&nobody_wakes, 0, 1);
}

static void end(struct ht_attach *attach)
{
    struct redirect_count count = {0};
    attach->answer = HT_ATTACH_BUSY;
    if (is_somewhere())
        return;
    if (is_attached)
        ht__redirect_end(&count);
    if (!ht__session_leave())
        return;
    wait_for_writers();
    if (is_attached && !__atomic_load_n(&ht__state->beginning, __ATOMIC_SEQ_CST))
        replace_session(ht__session);
    is_attached = false;
    attach->answer = HT_ATTACH_DONE;
    attach->slots = count.slots;
    attach->left = count.left;
}

EXPORT void ht_attach_begin(struct ht_attach *attach)
{
    int saved = errno;
    begin(attach);
    errno = saved;
}

EXPORT void ht_attach_end(struct ht_attach *attach)
{
    int saved = errno;
    end(attach);
    errno = saved;
}
