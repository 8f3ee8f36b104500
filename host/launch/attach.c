/* attach: one of the program's threads is borrowed (loan), at a moment when it is in no allocator and no loader, and made to load the runtime and to call it. The
 * others run on: what they hold they will let go of. */
#include "attach.h"

#include "loan.h"
#include "loaded.h"
#include "standstill.h"
#include "wire/join.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/base/now.h"
#include "host/base/path.h"

#if REGISTERS_KNOWN

static const uint64_t SEARCH_NS = 3000000000;
enum { STACK_LOOK_BYTES = 65536 };

/* What is known of the process before one of its threads is held. */
struct place {
    struct loaded loaded;
    const struct loaded_file *loader, *runtime; /* runtime NULL: it is not in there yet */
    uint64_t dlopen, dlerror, errno_location;
#ifdef __x86_64__
    uint64_t signal_return; /* what a signal handler comes back to, 0: not known */
#endif
};

static uint64_t find_function(const struct loaded *loaded, const char *name)
{
    static const char *const files[] = {"libc.so", "libc-", "libdl.so", "libdl-", "libpthread"};
    uint64_t found = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files && !found; i++)
        found = loaded_function(loaded_named(loaded, files[i]), name);
    return found;
}

#ifdef __x86_64__
static uint64_t find_signal_return(const struct loaded_file *file, const struct loan *loan)
{
    static const unsigned char code[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
    size_t room = file ? file->code_end - file->code_start : 0;
    char *text = malloc(room + 1);
    ssize_t got = text && room ? pread(loan->memory, text, room, (off_t)file->code_start) : -1;
    const char *found = got > 0 ? memmem(text, (size_t)got, code, sizeof code) : NULL;
    uint64_t at = found ? file->code_start + (uint64_t)(found - text) : 0;
    free(text);
    return at;
}
#endif

static bool place_find(struct place *place, struct loan *loan, struct error *error)
{
    struct loaded *loaded = &place->loaded;
    if (!loaded_read(loaded, loan->pid))
        return standstill_say_why(loan->pid, errno ? errno : EACCES, error);
    loaded_find_allocators(loaded);
    place->loader = loaded_named(loaded, "ld-linux");
    if (!place->loader)
        place->loader = loaded_named(loaded, "ld-2");
    place->runtime = loaded_named(loaded, "libheaptracer.so");
    place->dlopen = find_function(loaded, "dlopen");
    place->dlerror = find_function(loaded, "dlerror");
    place->errno_location = find_function(loaded, "__errno_location");
#ifdef __x86_64__
    const struct loaded_file *libc = loaded_named(loaded, "libc.so");
    place->signal_return = find_signal_return(libc ? libc : loaded_named(loaded, "libc-"), loan);
#endif
    if (!place->loader || !place->dlopen || !place->dlerror || !place->errno_location)
        return error_set(error, ERROR_USAGE, "process %d has no dlopen of the GNU C library, by which the runtime is loaded: start it by 'heaptracer run'", (int)loan->pid);
    return loan->instruction || error_set(error, ERROR_USAGE, "process %d has no vdso, whose system call is needed", (int)loan->pid);
}

/* In these a thread waits, or is as good as outside of libc; it is in none of them while it holds a lock of the allocator's or the loader's. */
static bool is_quiet_call(long number)
{
    static const long quiet[] = {SYS_futex, SYS_clock_nanosleep, SYS_nanosleep, SYS_ppoll, SYS_pselect6, SYS_epoll_pwait, SYS_read, SYS_write, SYS_readv, SYS_writev,
                                 SYS_recvfrom, SYS_recvmsg, SYS_sendto, SYS_sendmsg, SYS_accept, SYS_accept4, SYS_connect, SYS_wait4, SYS_waitid, SYS_rt_sigsuspend,
                                 SYS_rt_sigtimedwait, SYS_sched_yield, SYS_msgrcv, SYS_semop, SYS_flock, SYS_fsync, SYS_restart_syscall,
#ifdef __x86_64__
                                 SYS_poll, SYS_select, SYS_epoll_wait, SYS_pause,
#endif
    };
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++)
        if (quiet[i] == number)
            return true;
    return false;
}

/* Nobody's allocator and no loader is at work there. */
static bool is_outside(const struct place *place, uint64_t pc)
{
    const struct loaded_file *file = loaded_at(&place->loaded, pc);
    return !file || (!file->has_malloc && file != place->loader && file != place->runtime && strcmp(file->path, "[vdso]"));
}

/* Of a signal handler's frame, in words: what tells it, and where behind that the place is that was interrupted. On x86-64 it is the address that the handler comes back
 * to; on aarch64 the head of the vector registers, which always come first behind the others. */
#ifdef __x86_64__
enum { PC_WORD = 1 + 5 + 16 }; /* flags, link, three of the stack, registers */
static uint64_t frame_mark(const struct place *place)
{
    return place->signal_return;
}
#else
enum { PC_WORD = -3 }; /* pc, pstate, filler */
static uint64_t frame_mark(const struct place *place)
{
    enum { MAGIC = 0x46508001, BYTES = 528 };
    (void)place;
    return (uint64_t)BYTES << 32 | MAGIC;
}
#endif

/* A signal handler may have interrupted what must not be interrupted: where its frame is, the kernel has put down where that was. */
static bool interrupts_nothing(const struct place *place, const struct loan *loan, uint64_t stack)
{
    uint64_t words[STACK_LOOK_BYTES / 8], mark = frame_mark(place);
    ssize_t got = pread(loan->memory, words, sizeof words, (off_t)stack) / 8;
    for (ssize_t i = PC_WORD < 0 ? -PC_WORD : 0; mark && i < got && i + PC_WORD < got; i++)
        if (words[i] == mark && !is_outside(place, words[i + PC_WORD]))
            return false;
    return true;
}

/* A section that must not be interrupted without being begun anew. */
static bool is_in_restartable(const struct loan *loan)
{
#ifdef PTRACE_GET_RSEQ_CONFIGURATION
    struct __ptrace_rseq_configuration rseq = {0};
    uint64_t section = 0;
    if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, loan->tid, sizeof rseq, &rseq) <= 0 || !rseq.rseq_abi_pointer)
        return false;
    return loan_read(loan, rseq.rseq_abi_pointer + 8, &section, sizeof section) && section;
#else
    (void)loan;
    return false;
#endif
}

static bool is_safe(const struct place *place, const struct loan *loan)
{
    uint64_t pc = registers_pc(&loan->before);
    const struct loaded_file *file = loaded_at(&place->loaded, pc);
    bool is_waiting = file && file != place->loader && file != place->runtime && is_quiet_call(loan->call);
    return !loan->signal && registers_are_wide(&loan->before) && (is_waiting || is_outside(place, pc)) && !is_in_restartable(loan) &&
           interrupts_nothing(place, loan, registers_stack(&loan->before));
}

/* In the kernel, and out of reach until that is done with. */
static bool is_unreachable(pid_t pid, pid_t tid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    const char *end = got > 0 ? strrchr(text, ')') : NULL;
    return !end || end[1] != ' ' || end[2] == 'D' || end[2] == 'Z';
}

/* Looks at each thread once; true: one is held. */
static bool try_threads(struct loan *loan, const struct place *place, struct attach *attach, int *why)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)loan->pid);
    DIR *folder = opendir(path);
    bool is_held = false;
    for (struct dirent *entry; folder && !is_held && (entry = readdir(folder));) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (tid <= 0 || is_unreachable(loan->pid, tid))
            continue;
        bool is_stopped = loan_hold(loan, tid);
        *why = is_stopped ? 0 : errno;
        is_held = is_stopped && is_safe(place, loan);
        if (is_held)
            break;
        loan_release(loan);
        attach->longest_ns = is_stopped && loan->held_ns > attach->longest_ns ? loan->held_ns : attach->longest_ns;
        if (attach->meanwhile)
            attach->meanwhile(attach->context);
    }
    if (folder)
        closedir(folder);
    return is_held;
}

static bool borrow(struct loan *loan, const struct place *place, struct attach *attach, struct error *error)
{
    int why = 0;
    for (uint64_t until_ns = now_ns() + SEARCH_NS; now_ns() < until_ns && why != EPERM && why != EACCES;) {
        if (!try_threads(loan, place, attach, &why)) {
            nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
            continue;
        }
        if (loan_take(loan))
            return true;
        loan_release(loan);
        return error_set(error, ERROR_READ, "process %d does not map memory for us: %s", (int)loan->pid, "it may have reached its limit");
    }
    if (why == EPERM || why == EACCES || why == ESRCH)
        return standstill_say_why(loan->pid, why, error);
    return error_set(error, ERROR_READ, "no thread of process %d came out of its allocator, its loader and its signal handlers for %d seconds; try again", (int)loan->pid,
                     (int)(SEARCH_NS / 1000000000));
}

/* The process's errno is that of the borrowed thread. */
static bool call_keeping_errno(struct loan *loan, const struct place *place, bool (*work)(struct loan *, const struct place *, void *, struct error *), void *context,
                               struct error *error)
{
    uint64_t at = 0;
    int kept = 0;
    bool has = loan_call(loan, place->errno_location, 0, 0, &at) && loan_read(loan, at, &kept, sizeof kept);
    bool good = has ? work(loan, place, context, error) : error_set(error, ERROR_READ, "a thread of process %d does not run as it is told", (int)loan->pid);
    if (has)
        loan_write(loan, at, &kept, sizeof kept);
    return good;
}

static bool say_not_loaded(struct loan *loan, const struct place *place, const char *library, struct error *error)
{
    char text[512] = "it does not say why";
    uint64_t at = 0;
    if (loan_call(loan, place->dlerror, 0, 0, &at) && at && pread(loan->memory, text, sizeof text - 1, (off_t)at) > 0)
        text[sizeof text - 1] = 0;
    return error_set(error, ERROR_READ, "process %d cannot load %s: %s", (int)loan->pid, library, text);
}

static bool say_answer(pid_t pid, const struct ht_attach *request, struct error *error)
{
    switch ((enum ht_attach_answer)request->answer) {
    case HT_ATTACH_DONE: return true;
    case HT_ATTACH_BUSY: return error_set(error, ERROR_READ, "process %d is in the middle of a record; try again", (int)pid);
    case HT_ATTACH_RECORDED:
        return error_set(error, ERROR_USAGE, "process %d is being recorded already, by process %u; that one's trace has it", (int)pid, request->collector);
    case HT_ATTACH_NO_SESSION:
        return error_set(error, ERROR_READ, "process %d cannot map the recording's shared memory %s: %s", (int)pid, request->path, strerror((int)request->why));
    case HT_ATTACH_CLOCK: return error_set(error, ERROR_USAGE, "process %d cannot read the recording's clock; try --clock monotonic", (int)pid);
    case HT_ATTACH_NO_MEMORY: return error_set(error, ERROR_MEMORY, "process %d has no memory left for a recording", (int)pid);
    case HT_ATTACH_UNSUPPORTED: return error_set(error, ERROR_USAGE, "calls of process %d cannot be redirected with its C library; start it by 'heaptracer run'", (int)pid);
    case HT_ATTACH_NOTHING: break;
    }
    return error_set(error, ERROR_READ, "the runtime in process %d gave no answer", (int)pid);
}

/* The runtime's function, called with the request in the scratch pages. */
static bool ask(struct loan *loan, const char *function, struct ht_attach *request, struct error *error)
{
    struct loaded loaded;
    loaded_read(&loaded, loan->pid);
    uint64_t address = loaded_function(loaded_named(&loaded, "libheaptracer.so"), function);
    loaded_done(&loaded);
    if (!address)
        return error_set(error, ERROR_USAGE, "the runtime in process %d is of another version of heaptracer, which knows no attach", (int)loan->pid);
    if (!loan_write(loan, loan->scratch, request, sizeof *request) || !loan_call(loan, address, loan->scratch, 0, NULL) ||
        !loan_read(loan, loan->scratch, request, sizeof *request))
        return error_set(error, ERROR_READ, "the runtime in process %d did not come back", (int)loan->pid);
    return say_answer(loan->pid, request, error);
}

struct joining {
    const char *library;
    struct ht_attach request;
};

static bool load_and_ask(struct loan *loan, const struct place *place, void *context, struct error *error)
{
    struct joining *joining = context;
    const char *library = place->runtime ? place->runtime->path : joining->library;
    if (!loan_write(loan, loan->scratch, library, strlen(library) + 1) ||
        !loan_call(loan, place->dlopen, loan->scratch, RTLD_NOW | RTLD_LOCAL, &joining->request.handle))
        return error_set(error, ERROR_READ, "process %d did not come back from dlopen, and was led back to where it was", (int)loan->pid);
    if (!joining->request.handle)
        return say_not_loaded(loan, place, library, error);
    return ask(loan, HT_ATTACH_BEGIN, &joining->request, error);
}

static bool part(struct loan *loan, const struct place *place, void *context, struct error *error)
{
    struct joining *joining = context;
    (void)place;
    return ask(loan, HT_ATTACH_END, &joining->request, error);
}

static bool with_thread(struct attach *attach, pid_t pid, bool (*work)(struct loan *, const struct place *, void *, struct error *), void *context, struct error *error)
{
    struct loan loan = {.meanwhile = attach->meanwhile, .context = attach->context};
    struct place place = {0};
    bool good = false;
    if (!loan_open(&loan, pid))
        return standstill_say_why(pid, errno == ENOENT ? ESRCH : errno, error);
    bool is_found = place_find(&place, &loan, error);
    bool is_gone = is_found && !place.runtime && work == part; /* it became another program */
    if (is_gone)
        good = true;
    else if (is_found && borrow(&loan, &place, attach, error)) {
        good = call_keeping_errno(&loan, &place, work, context, error);
        loan_release(&loan);
        attach->held_ns = loan.held_ns;
    }
    loaded_done(&place.loaded);
    close(loan.memory);
    return good;
}

/* The file is the same where the process looks for it. */
static bool is_seen(pid_t pid, const char *path)
{
    char there[PATH_MAX + 64];
    struct stat ours, theirs;
    snprintf(there, sizeof there, "/proc/%d/root%s", (int)pid, path);
    return !stat(path, &ours) && !stat(there, &theirs) && ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static bool share(const struct target *target, struct error *error)
{
    if (!is_seen(target->pid, target->library))
        return error_set(error, ERROR_USAGE, "process %d does not see %s, since it is in a container or changed its root: install heaptracer in there, and run it there",
                         (int)target->pid, target->library);
    if (!is_seen(target->pid, target->session))
        return error_set(error, ERROR_USAGE, "process %d does not see the recording's shared memory in %s: it is in a container or changed its root; run heaptracer in there",
                         (int)target->pid, target->session);
    long user = standstill_status(target->pid, "Uid:", 10), group = standstill_status(target->pid, "Gid:", 10);
    if (!geteuid() && user > 0 && chown(target->session, (uid_t)user, (gid_t)group))
        return error_set_errno(error, ERROR_READ, "the recording's shared memory cannot be given to user %ld", user);
    return true;
}

bool attach_begin(struct attach *attach, const struct target *target, struct error *error)
{
    struct joining joining = {.library = target->library};
    if (snprintf(joining.request.path, sizeof joining.request.path, "%s", target->session) >= (int)sizeof joining.request.path || !share(target, error))
        return error_set(error, ERROR_USAGE, "the path of the recording's shared memory is too long; set a shorter TMPDIR");
    bool good = with_thread(attach, target->pid, load_and_ask, &joining, error);
    attach->slots = joining.request.slots;
    return good;
}

bool attach_end(struct attach *attach, const struct target *target, struct error *error)
{
    enum { TRIES = 50 };
    struct joining joining = {0};
    bool good = false;
    for (int i = 0; i < TRIES && !good && (!i || joining.request.answer == HT_ATTACH_BUSY); i++) {
        *error = (struct error){0};
        good = with_thread(attach, target->pid, part, &joining, error);
    }
    attach->left = joining.request.left;
    return good;
}

#else

bool attach_begin(struct attach *attach, const struct target *target, struct error *error)
{
    (void)attach, (void)target;
    return error_set(error, ERROR_USAGE, "attach works on x86-64 and aarch64 only; start the program by 'heaptracer run'");
}

bool attach_end(struct attach *attach, const struct target *target, struct error *error)
{
    (void)attach, (void)target;
    return error_set(error, ERROR_USAGE, "attach works on x86-64 and aarch64 only");
}

#endif
