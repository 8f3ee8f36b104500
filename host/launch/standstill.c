/* standstill: by ptrace. Threads are seized, not attached to: no signal is sent to them, and they go on if the recorder dies. */
#include "standstill.h"

#include "host/base/now.h"
#include "inject.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    REGISTER_ROOM = 128,
    SYSCALL_STOP = SIGTRAP | 0x80,
};
static const uint64_t PATIENCE_NS = 500000000; /* for threads that the kernel does not stop at once */

/* A number in a file of /proc, -1 if there is none. */
long standstill_scope(void)
{
    char text[32] = "";
    int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    return got > 0 ? strtol(text, NULL, 10) : -1;
}

long standstill_status(pid_t pid, const char *name, int base)
{
    char path[64], line[256];
    long number = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name)))
            number = strtol(line + strlen(name), NULL, base);
    if (file)
        fclose(file);
    return number;
}

bool standstill_say_why(pid_t pid, int why, struct error *error)
{
    long scope = standstill_scope(), tracer = standstill_status(pid, "TracerPid:", 10);
    bool has_memory = standstill_status(pid, "VmSize:", 10) >= 0; /* one that waits for its parent to ask has none */
    if (why == ESRCH || !has_memory)
        return error_set(error, ERROR_READ, "process %d has ended", (int)pid);
    if (tracer > 0)
        return error_set(error, ERROR_READ, "process %d is held by another program, process %ld (a debugger or strace); end that first", (int)pid, tracer);
    if (scope == 3)
        return error_set(error, ERROR_READ, "this system lets no program look into another (kernel.yama.ptrace_scope is 3, until the next boot)");
    if (scope == 2)
        return error_set(error, ERROR_READ, "this system lets only CAP_SYS_PTRACE look into other programs (kernel.yama.ptrace_scope is 2): run heaptracer as root, or "
                         "'sysctl kernel.yama.ptrace_scope=1'");
    if (scope == 1)
        return error_set(error, ERROR_READ, "this system lets a program look only into those that it started (kernel.yama.ptrace_scope is 1): start it by 'heaptracer "
                         "run', or 'sysctl kernel.yama.ptrace_scope=0'");
    return error_set(error, ERROR_READ, "process %d may not be looked into (%s): in a container, start that with --cap-add=SYS_PTRACE; if the program changed its user "
                     "or made itself undumpable, run heaptracer as root", (int)pid, strerror(why));
}

static bool seize(struct standstill *standstill, pid_t tid)
{
    struct standstill_thread thread = {.tid = tid, .seized = true};
#if REGISTERS_KNOWN
    again_look(&thread.again, standstill->pid, tid);
#endif
    if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD) || ptrace(PTRACE_INTERRUPT, tid, 0, 0))
        return false;
    vec_push(&standstill->threads, thread);
    *map_put(&standstill->known, (uint64_t)tid, NULL) = standstill->threads.count;
    return true;
}

/* What waitpid told about a thread. */
static void note(struct standstill *standstill, struct standstill_thread *thread, int status)
{
    if (WIFSTOPPED(status)) {
        bool is_signal = status >> 16 == 0 && WSTOPSIG(status) != SYSCALL_STOP;
        thread->held = true;
        thread->signal = is_signal ? WSTOPSIG(status) : 0;
        return;
    }
    thread->ended = true;
    if (thread->tid != standstill->pid)
        return;
    standstill->has_ended = true;
    standstill->wait_status = status;
}

/* The kernel adds up the times of all threads for whoever asks for usage: only at the end of the process it is. */
static pid_t look_for(struct standstill *standstill, pid_t tid, int *status)
{
    siginfo_t seen = {0};
    if (tid == standstill->pid && waitid(P_PID, (id_t)tid, &seen, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL))
        return -1;
    bool has_ended = seen.si_code == CLD_EXITED || seen.si_code == CLD_KILLED || seen.si_code == CLD_DUMPED;
    return wait4(tid, status, __WALL | WNOHANG, has_ended ? &standstill->usage : NULL);
}

/* True when it stands still or is gone. */
static bool look_at(struct standstill *standstill, struct standstill_thread *thread, int *status)
{
    *status = 0;
    if (thread->held || thread->ended)
        return true;
    pid_t got = look_for(standstill, thread->tid, status);
    if (got == thread->tid)
        note(standstill, thread, *status);
    else if (got < 0)
        thread->ended = true;
    return got != 0;
}

/* Waits for the threads from `first` on, all together: while we sleep they need the processor. */
static bool await(struct standstill *standstill, size_t first, uint64_t until_ns)
{
    for (;;) {
        size_t waiting = 0;
        int status;
        for (size_t i = first; i < standstill->threads.count; i++)
            waiting += look_at(standstill, standstill->threads.at + i, &status) ? 0 : 1;
        if (!waiting || now_ns() > until_ns)
            return !waiting;
        nanosleep(&(struct timespec){.tv_nsec = waiting > 16 ? 500000 : 20000}, NULL);
    }
}

bool standstill_begin(struct standstill *standstill, pid_t pid, pid_t tid, struct error *error)
{
    *standstill = (struct standstill){.pid = pid, .memory = -1, .pagemap = -1};
    if (!seize(standstill, tid))
        return standstill_say_why(pid, errno, error);
    if (await(standstill, 0, now_ns() + PATIENCE_NS) && standstill->threads.at[0].held)
        return true;
    return error_set(error, ERROR_READ, "process %d does not stand still", (int)pid);
}

void standstill_go_on(struct standstill *standstill)
{
    struct standstill_thread *thread = standstill->threads.at;
    thread->held = false;
    if (ptrace(PTRACE_SYSCALL, thread->tid, 0, thread->signal) && errno == ESRCH)
        return; /* killed meanwhile: waitpid tells */
    thread->signal = 0;
}

static bool is_end_of_process(pid_t tid)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return false;
    enum { I386 = 0x40000003, ARM = 0x40000028 }; /* AUDIT_ARCH_* */
    return info.entry.nr == (info.arch == I386 ? 252 : info.arch == ARM ? 248 : SYS_exit_group);
}

enum standstill_step standstill_look(struct standstill *standstill)
{
    int status;
    struct standstill_thread *thread = standstill->threads.at;
    if (thread->held || !look_at(standstill, thread, &status))
        return thread->held ? STANDSTILL_AT_ITS_END : STANDSTILL_ON_ITS_WAY;
    if (thread->ended)
        return STANDSTILL_GONE;
    if (WSTOPSIG(status) == SYSCALL_STOP && is_end_of_process(thread->tid))
        return STANDSTILL_AT_ITS_END;
    standstill_go_on(standstill);
    return STANDSTILL_ON_ITS_WAY;
}

/* Seizes threads that were not seen before: true if there is one. */
static bool seize_more(struct standstill *standstill)
{
    char path[64];
    bool any = false;
    snprintf(path, sizeof path, "/proc/%d/task", (int)standstill->pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (tid > 0 && !map_get(&standstill->known, (uint64_t)tid))
            any |= seize(standstill, tid);
    }
    if (folder)
        closedir(folder);
    return any;
}

/* Of the words of NT_PRSTATUS, those that a function has to leave as they were. */
static uint64_t kept_registers(size_t count)
{
#ifdef __x86_64__
    enum { WORDS_OF_32 = 17 };
    return count == WORDS_OF_32 ? 0x38 : 0x3f;
#elif defined(__aarch64__)
    (void)count;
    return (uint64_t)0x7ff << 19;
#else
    (void)count;
    return ~(uint64_t)0;
#endif
}

/* Whoever ends the process reads the others never again: what they hold is what the runtime left there when it looked for errors. */
static void forget_dead(struct standstill *standstill, const struct standstill_thread *thread)
{
    size_t count = standstill->words.count - thread->first_word;
    uint64_t kept = kept_registers(count);
    for (size_t i = 0; i < count; i++)
        if (i >= 64 || !(kept >> i & 1))
            standstill->words.at[thread->first_word + i] = 0;
}

static void take_set(struct standstill *standstill, struct standstill_thread *thread, int set)
{
    uint64_t words[REGISTER_ROOM];
    struct iovec room = {words, sizeof words};
    if (ptrace(PTRACE_GETREGSET, thread->tid, (void *)(uintptr_t)set, &room))
        return;
    bool is_narrow = set == NT_PRSTATUS && room.iov_len == 17 * sizeof(uint32_t); /* a program of 32 bits */
    size_t count = room.iov_len / (is_narrow ? sizeof(uint32_t) : sizeof(uint64_t));
    for (size_t i = 0; i < count; i++)
        vec_push(&standstill->words, is_narrow ? ((const uint32_t *)words)[i] : words[i]);
#ifdef __x86_64__
    enum { FS_BASE = 21, REGISTERS = 27 };
    if (set == NT_PRSTATUS && count == REGISTERS)
        thread->pointer = words[FS_BASE];
#elif defined(__aarch64__)
    struct iovec pointer = {&thread->pointer, sizeof thread->pointer};
    ptrace(PTRACE_GETREGSET, thread->tid, (void *)(uintptr_t)NT_ARM_TLS, &pointer);
#endif
}

static void take_registers(struct standstill *standstill, struct standstill_thread *thread)
{
    struct __ptrace_syscall_info info = {0};
    if (!thread->held)
        return;
    thread->first_word = standstill->words.count;
    take_set(standstill, thread, NT_PRSTATUS);
    if (is_end_of_process(thread->tid))
        forget_dead(standstill, thread);
    else
        take_set(standstill, thread, NT_PRFPREG);
    thread->words = standstill->words.count - thread->first_word;
    ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof info, &info);
    thread->stack = info.stack_pointer;
}

static bool open_memory(struct standstill *standstill)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)standstill_memory_pid(standstill));
    standstill->memory = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)standstill_memory_pid(standstill));
    standstill->pagemap = open(path, O_RDONLY | O_CLOEXEC);
    return standstill->memory >= 0;
}

bool standstill_take(struct standstill *standstill, struct error *error)
{
    standstill->since_ns = now_ns();
    uint64_t until_ns = standstill->since_ns + PATIENCE_NS;
    for (size_t from = standstill->threads.count; seize_more(standstill); from = standstill->threads.count)
        await(standstill, from, until_ns);
    for (size_t i = 0; i < standstill->threads.count; i++)
        take_registers(standstill, standstill->threads.at + i);
    return open_memory(standstill) || standstill_say_why(standstill->pid, errno, error);
}

bool standstill_begin_all(struct standstill *standstill, pid_t pid, struct error *error)
{
    *standstill = (struct standstill){.pid = pid, .memory = -1, .pagemap = -1};
    standstill->since_ns = now_ns();
    if (!seize(standstill, pid))
        return standstill_say_why(pid, errno, error);
    uint64_t since_ns = standstill->since_ns;
    await(standstill, 0, since_ns + PATIENCE_NS);
    bool is_taken = standstill_take(standstill, error);
    standstill->since_ns = since_ns;
    return is_taken;
}

/* That can be made to call the system, NULL: none. */
static struct standstill_thread *find_caller(struct standstill *standstill)
{
    if (standstill_status(standstill->pid, "Seccomp:", 10) != 0)
        return NULL;
    for (size_t i = 0; i < standstill->threads.count; i++)
        if (inject_fits(standstill->threads.at + i))
            return standstill->threads.at + i;
    return NULL;
}

bool standstill_copy(struct standstill *standstill)
{
    const struct standstill_thread *thread = find_caller(standstill);
    pid_t copy = 0;
    standstill->copy_is_ours = standstill_status(standstill->pid, "PPid:", 10) == getpid();
    if (!thread || !inject_clone(standstill->pid, thread, standstill->copy_is_ours, &copy))
        return false;
    standstill->copy = copy;
    close(standstill->memory);
    if (standstill->pagemap >= 0)
        close(standstill->pagemap);
    return open_memory(standstill);
}

/* False: it is not let go yet. One that was killed meanwhile has to be waited for, or its process would never end. */
static bool release(struct standstill *standstill, struct standstill_thread *thread)
{
    int status;
    if (!look_at(standstill, thread, &status))
        return false;
    if (thread->held)
        inject_again(thread);
    if (thread->held && ptrace(PTRACE_DETACH, thread->tid, 0, thread->signal)) {
        thread->held = false;
        return false;
    }
    thread->seized = false;
    return true;
}

/* The thread that is about to end the process comes last. */
bool standstill_release(struct standstill *standstill)
{
    bool all = true;
    for (size_t i = standstill->threads.count; i-- > 0;)
        if (standstill->threads.at[i].seized)
            all &= release(standstill, standstill->threads.at + i);
    if (all && standstill->since_ns && !standstill->held_ns)
        standstill->held_ns = now_ns() - standstill->since_ns;
    return all;
}

static void release_all(struct standstill *standstill)
{
    while (!standstill_release(standstill))
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

int standstill_watch(pid_t pid, uint64_t *held_ns)
{
    struct error error = {0};
    struct standstill standstill;
    int watch = -1;
    if (standstill_begin_all(&standstill, pid, &error)) {
        const struct standstill_thread *thread = find_caller(&standstill);
        watch = thread ? inject_watch(pid, thread) : -1;
    }
    release_all(&standstill);
    *held_ns = standstill_held_ns(&standstill);
    standstill_done(&standstill);
    return watch;
}

/* The kernel keeps the dead copy until its parent asks for it, which the process must be made to do. */
static void forget_copy(const struct standstill *standstill)
{
    struct error error = {0};
    struct standstill again;
    if (!standstill_begin(&again, standstill->pid, standstill->pid, &error))
        return;
    inject_wait(again.pid, again.threads.at, standstill->copy);
    release_all(&again);
    standstill_done(&again);
}

void standstill_end_copy(struct standstill *standstill)
{
    pid_t copy = standstill->copy;
    if (!copy)
        return;
    kill(copy, SIGKILL);
    while (waitpid(copy, NULL, __WALL) < 0 && errno == EINTR)
        ;
    if (!standstill->copy_is_ours)
        forget_copy(standstill);
    standstill->copy = 0;
}

uint64_t standstill_held_ns(const struct standstill *standstill)
{
    return standstill->held_ns ? standstill->held_ns : now_ns() - standstill->since_ns;
}

void standstill_done(struct standstill *standstill)
{
    if (standstill->memory >= 0)
        close(standstill->memory);
    if (standstill->pagemap >= 0)
        close(standstill->pagemap);
    vec_done(&standstill->threads);
    vec_done(&standstill->words);
    map_done(&standstill->known);
}
