/* ending: in a process that is about to end, out the same a little later: its blocks were looked at once more, and its collector has seen its memory. Only
 * where the session asks for it.
 * All of it may run in signal handlers and in vfork children, which end their own lives and not the process's. */
#include "os.h"

#include "target/guard/guarding.h"
#include "target/process/port_process.h"
#include "target/process/module.h"
#include "target/process/thread.h"
#include "target/process/walk.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes" /* libc has not all of them in a header */

#define EXPORT __attribute__((visibility("default")))

enum {
    WAIT_MS = 100,
    WAITS_MOST = 300, /* before a collector that lives but does not answer is given up */
};

/* The entry of this very process, or NULL: it is none of the session's, or does not tell. */
static struct ht_process *own_entry(void)
{
    if (!ht__session || !ht__process_serial || !ht__state->generation || ht__state->generation == HT_OFF)
        return NULL;
    struct ht_process *entry = &ht__session->processes[ht__process_serial - 1];
    return entry->pid == (uint32_t)syscall(SYS_getpid) ? entry : NULL;
}

static void wait_for_collector(struct ht_process *entry, enum ht_hold why)
{
    for (int i = 0; i < WAITS_MOST && __atomic_load_n(&entry->hold, __ATOMIC_ACQUIRE) == (uint32_t)why && ht__port_collector_lives(); i++)
        ht__port_wait(&entry->hold, why, WAIT_MS);
}

/* Code of the runtime, of the loader or of the C library. */
static bool is_ending_code(uint64_t pc)
{
    struct ht_module at, own, libc;
    if (!ht__module_find(pc, &at))
        return false;
    return at.loader || (ht__module_find((uint64_t)(uintptr_t)is_ending_code, &own) && own.bias == at.bias) ||
           (ht__module_find((uint64_t)(uintptr_t)ht__real.abort, &libc) && libc.bias == at.bias);
}

/* What lies below is full of what was there before exit came, old pointers to lost blocks too. */
static uint64_t program_frames(const void *frame)
{
    struct ht_thread *self = ht_thread_get();
    uint64_t found = 0;
    if (!self || self->busy)
        return 0;
    struct walk walk = ht__walk(self, frame);
    walk_settle(self, &walk, NULL);
    for (const struct ht_frame *at = self->frames_end; at > self->frames && !found; at--)
        if (!is_ending_code(at[-1].pc))
            found = walk_stack_pointer(at - 1);
    walk_forget(self);
    return found;
}

/* Once in a process: who ends it twice, as an exit in an exit handler does, was seen. */
static void hold(struct ht_process *entry, enum ht_hold why, const void *frame)
{
    uint32_t none = HT_HOLD_NONE;
    if (!entry->hold) {
        entry->hold_tid = (uint32_t)syscall(SYS_gettid);
        entry->hold_stack = program_frames(frame);
    }
    if (!__atomic_compare_exchange_n(&entry->hold, &none, (uint32_t)why, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return;
#ifdef PR_SET_PTRACER
    syscall(SYS_prctl, PR_SET_PTRACER, (unsigned long)ht__session->collector_pid, 0ul, 0ul, 0ul);
#endif
    __atomic_add_fetch(&ht__session->holds, 1, __ATOMIC_SEQ_CST);
    if (__atomic_exchange_n(&ht__session->sleeping, 0, __ATOMIC_SEQ_CST))
        ht__port_wake(&ht__session->sleeping);
    wait_for_collector(entry, why);
}

static void last_look(enum ht_hold why, const void *frame)
{
    int saved = errno;
    struct ht_process *entry = own_entry();
    if (entry)
        ht__guard_at_exit();
    if (entry && ht__session->flags & HT_SESSION_LEAKS)
        hold(entry, why, frame);
    errno = saved;
}

/* What other libraries' last functions do comes later: the collector waits for the process's last call, and what they free is looked at as they do. */
__attribute__((destructor)) static void look_at_exit(void)
{
    last_look(HT_HOLD_EXIT, HT_FRAME);
}

EXPORT __attribute__((noreturn)) void _exit(int status)
{
    last_look(HT_HOLD_EXIT, HT_FRAME);
    for (;;)
        syscall(SYS_exit_group, status);
}

EXPORT __attribute__((noreturn)) void _Exit(int status)
{
    _exit(status);
}

EXPORT __attribute__((noreturn)) void quick_exit(int status)
{
    ht__real_need();
    last_look(HT_HOLD_EXIT, HT_FRAME);
    ht__real.quick_exit(status);
    __builtin_unreachable();
}

EXPORT __attribute__((noreturn)) void abort(void)
{
    ht__real_need();
    last_look(HT_HOLD_ABORT, HT_FRAME);
    ht__real.abort();
    __builtin_unreachable();
}

/* libc calls its own abort from here. */
EXPORT __attribute__((noreturn)) void __assert_fail(const char *what, const char *file, unsigned line, const char *function)
{
    ht__real_need();
    last_look(HT_HOLD_ABORT, HT_FRAME);
    ht__real.__assert_fail(what, file, line, function);
    __builtin_unreachable();
}
