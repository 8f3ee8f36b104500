/* target: checks that would otherwise end in a silent failure: the dynamic loader ignores a preload that does not fit, and the program would run unwatched. */
#include "target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attach.h"
#include "elf_check.h"
#include "host/base/str.h"
#include "search.h"
#include "wire/lane.h"

static bool check_path(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status))
        return error_set_errno(error, ERROR_USAGE, "cannot run %s", path);
    if (S_ISDIR(status.st_mode))
        return error_set(error, ERROR_USAGE, "%s is a directory, not a program; name a file in it", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_USAGE, "%s is not a regular file; name a program", path);
    if (access(path, X_OK))
        return error_set(error, ERROR_USAGE, "%s is not executable; chmod +x it, or run it by its interpreter", path);
    return true;
}

static bool find_program(struct target *target, const char *word, struct error *error)
{
    if (!*word)
        return error_set(error, ERROR_USAGE, "the name of the program is empty; write 'heaptracer run -- PROGRAM'");
    if (strchr(word, '/')) {
        if (snprintf(target->program, sizeof target->program, "%s", word) >= (int)sizeof target->program)
            return error_set(error, ERROR_USAGE, "the name of the program is too long");
        return check_path(target->program, error);
    }
    if (search_path(word, target->program))
        return true;
    return error_set(error, ERROR_USAGE, "there is no program '%s' in PATH; write ./%s if it is in this folder", word, word);
}

static bool check_privileges(const char *path, struct error *error)
{
    struct stat status;
    char value[64];
    if (stat(path, &status))
        return error_set_errno(error, ERROR_USAGE, "cannot run %s", path);
    bool changes =
        (status.st_mode & S_ISUID && status.st_uid != geteuid()) || (status.st_mode & S_ISGID && status.st_mode & S_IXGRP && status.st_gid != getegid());
    if (changes)
        return error_set(error, ERROR_USAGE,
                         "%s is setuid or setgid, so the system lets nothing be loaded into it; run heaptracer as its owner, or trace a copy of it", path);
    if (geteuid() && getxattr(path, "security.capability", value, sizeof value) > 0)
        return error_set(error, ERROR_USAGE,
                         "%s has file capabilities, so the system lets nothing be loaded into it; run heaptracer as root, or trace a copy of it", path);
    return true;
}

/* The ELF file that in the end is executed, a script's interpreter, into `file`, which has room for PATH_MAX. */
static bool check_kind(const char *path, char *file, struct elf_check *check, struct error *error)
{
    snprintf(file, PATH_MAX, "%s", path);
    for (int depth = 0; depth < 5; depth++) {
        elf_check(file, check);
        if (check->kind == ELF_CHECK_UNREADABLE)
            return error_set_errno(error, ERROR_USAGE, "cannot read %s to see what it is", file);
        if (check->kind == ELF_CHECK_OTHER)
            return error_set(error, ERROR_USAGE, "%s is neither an ELF program nor a script with #!; run it by its interpreter, like 'heaptracer run -- sh %s'",
                             file, file);
        if (check->kind != ELF_CHECK_SCRIPT)
            return check_privileges(file, error);
        if (access(check->interpreter, X_OK))
            return error_set_errno(error, ERROR_USAGE, "%s is a script for %s, which cannot be run", file, check->interpreter);
        snprintf(file, PATH_MAX, "%s", check->interpreter);
    }
    return error_set(error, ERROR_USAGE, "%s is a script whose interpreters are scripts without end", path);
}

/* One place where the runtime may be. True: it is there and fits; *seen: one that does not fit was there. */
static bool try_library(struct target *target, const struct elf_check *program, struct elf_check *seen, const char *folder, const char *rest)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s%s", folder, rest) >= (int)sizeof path)
        return false;
    struct elf_check library;
    elf_check(path, &library);
    if (library.kind == ELF_CHECK_UNREADABLE || library.kind == ELF_CHECK_OTHER || !realpath(path, target->library))
        return false;
    bool is_kind = library.machine == program->machine && library.pointer_bytes == program->pointer_bytes;
    if (is_kind && library.session == HT_SESSION_VERSION)
        return true;
    *seen = library;
    if (is_kind)
        snprintf(target->other_build, sizeof target->other_build, "%s", target->library);
    return false;
}

static bool is_musl(const struct elf_check *program)
{
    return strstr(program->interpreter, "ld-musl");
}

/* "i386-musl": the folder of the runtime for programs of another kind than ours. */
static void name_kind(const struct elf_check *program, char *name, size_t room)
{
    static const struct {
        uint16_t machine;
        const char *name;
    } known[] = {{EM_X86_64, "x86_64"}, {EM_386, "i386"}, {EM_AARCH64, "aarch64"}, {EM_ARM, "arm"}, {EM_RISCV, "riscv64"}};
    const char *machine = "other";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].machine == program->machine)
            machine = known[i].name;
    snprintf(name, room, "%s-%s", machine, is_musl(program) ? "musl" : "gnu");
}

/* A library does not tell which C library it needs; its folder does. */
static bool try_folder(struct target *target, const struct elf_check *program, struct elf_check *seen, const char *folder)
{
    char kind[32], file[64];
    name_kind(program, kind, sizeof kind);
    snprintf(file, sizeof file, "%s/libheaptracer.so", kind);
    if (try_library(target, program, seen, folder, file))
        return true;
    return !is_musl(program) && try_library(target, program, seen, folder, "libheaptracer.so");
}

static bool search_library(struct target *target, const struct elf_check *program, struct elf_check *seen)
{
    char folder[PATH_MAX];
    const char *given = getenv(HT_ENV_LIBRARY);
    if (given && *given)
        return try_library(target, program, seen, given[0] == '/' ? "" : "./", given);
    for (size_t i = 0; search_installed(i, folder); i++)
        if (try_folder(target, program, seen, folder))
            return true;
    return false;
}

static bool find_library(struct target *target, const struct elf_check *program, struct error *error)
{
    struct elf_check seen = {0};
    if (!search_library(target, program, &seen)) {
        if (target->other_build[0])
            return error_set(error, ERROR_USAGE, "the runtime %s is of another build of heaptracer than this command, and they would not understand each other; install both "
                             "from one build", target->other_build);
        if (is_musl(program))
            return error_set(error, ERROR_USAGE, "%s runs with the C library musl, and no runtime for that is here; set %s to one that was built with musl-gcc",
                             target->program, HT_ENV_LIBRARY);
        if (!seen.machine)
            return error_set(error, ERROR_USAGE, "libheaptracer.so is not found; install heaptracer whole, or set %s to the file's path", HT_ENV_LIBRARY);
        char wanted[48], got[48];
        snprintf(wanted, sizeof wanted, "%s", elf_check_machine(program->machine, program->pointer_bytes));
        snprintf(got, sizeof got, "%s", elf_check_machine(seen.machine, seen.pointer_bytes));
        return error_set(error, ERROR_USAGE, "%s is for %s, the runtime found is for %s; set %s to one built for %s", target->program, wanted, got,
                         HT_ENV_LIBRARY, wanted);
    }
    if (strpbrk(target->library, " :"))
        return error_set(error, ERROR_USAGE, "the path of the runtime, %s, has a space or colon, which LD_PRELOAD cannot hold; install it elsewhere",
                         target->library);
    return true;
}

static enum ht_clock clock_of(const struct elf_check *program)
{
    bool is_x86 = program->machine == EM_X86_64 || program->machine == EM_386;
    return is_x86 ? HT_CLOCK_TSC : program->machine == EM_AARCH64 ? HT_CLOCK_CNTVCT : HT_CLOCK_MONOTONIC;
}

/* The program that the runtime shall be in: that of the first word, or the one that an emulator in the first word is to run. */
static bool find_guest(struct target *target, char **words, struct elf_check *check, struct error *error)
{
    char file[PATH_MAX];
    if (!find_program(target, words[0], error) || !check_kind(target->program, file, check, error))
        return false;
    bool named = emulator_named(&target->emulator, target->program, words, check);
    target->own_malloc = own_malloc_find(named ? words[target->emulator.guest] : file);
    return true;
}

bool target_find(struct target *target, char **words, struct error *error)
{
    struct elf_check check;
    *target = (struct target){.pid = -1};
    if (!find_guest(target, words, &check, error) || !find_library(target, &check, error))
        return false;
    if (check.kind == ELF_CHECK_STATIC)
        return error_set(error, ERROR_USAGE, "%s is statically linked, so the runtime cannot be loaded into it; link it dynamically", words[target->emulator.guest]);
    if (!target->emulator.path[0] && !emulator_is_native(&check) && !emulator_find(&target->emulator, target->program, &check, error))
        return false;
    if (target->emulator.path[0] && strchr(target->library, ','))
        return error_set(error, ERROR_USAGE, "the path of the runtime, %s, has a comma, which %s cannot pass on; install it elsewhere", target->library,
                         target->emulator.path);
    target->pointer_bytes = check.pointer_bytes;
    target->big_endian = check.big_endian;
    target->clock = target->emulator.path[0] ? HT_CLOCK_MONOTONIC : clock_of(&check);
    return true;
}

/* Only what is our own kind of program can be made to load the runtime while it runs. */
static bool check_running(const struct target *target, const struct elf_check *check, struct error *error)
{
    if (check->kind == ELF_CHECK_STATIC)
        return error_set(error, ERROR_USAGE, "%s is statically linked, so nothing can be loaded into process %d; link it dynamically", target->program, (int)target->pid);
    if (check->kind != ELF_CHECK_DYNAMIC)
        return error_set(error, ERROR_USAGE, "process %d runs no program that we can read", (int)target->pid);
    if (!emulator_is_native(check) || check->pointer_bytes != sizeof(void *))
        return error_set(error, ERROR_USAGE, "process %d is a program for %s, and attach joins only programs of the recorder's own kind; start it by 'heaptracer run'",
                         (int)target->pid, elf_check_machine(check->machine, check->pointer_bytes));
    if (is_musl(check))
        return error_set(error, ERROR_USAGE, "process %d runs with the C library musl, which cannot load the runtime once it runs; start it by 'heaptracer run'",
                         (int)target->pid);
    return true;
}

bool target_find_running(struct target *target, pid_t pid, struct error *error)
{
    char path[64];
    struct elf_check check;
    *target = (struct target){.pid = pid, .adopted = true};
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t count = readlink(path, target->program, sizeof target->program - 1);
    if (count <= 0)
        return error_set_errno(error, ERROR_USAGE, "the program of process %d cannot be read", (int)pid);
    elf_check(path, &check);
    if (!check_running(target, &check, error) || !find_library(target, &check, error))
        return false;
    target->own_malloc = own_malloc_find(path);
    target->pointer_bytes = check.pointer_bytes;
    target->big_endian = check.big_endian;
    target->clock = clock_of(&check);
    target->go = (int)syscall(SYS_pidfd_open, pid, 0);
    return true;
}

static void set_environment(const struct target *target, const char *session_path)
{
    struct str preload = {0};
    const char *old = getenv("LD_PRELOAD");
    setenv(HT_ENV_SESSION, session_path, 1);
    setenv(HT_ENV_LIBRARY, target->library, 1);
    if (target->emulator.path[0])
        return;
    str_add(&preload, target->library);
    if (old && *old)
        str_add_format(&preload, ":%s", old);
    setenv("LD_PRELOAD", str_text(&preload), 1);
    str_done(&preload);
}

static void become(const struct target *target, char **argv, const char *session_path, int go, int report)
{
    char byte;
    if (read(go, &byte, 1) != 1)
        _exit(0);
    set_environment(target, session_path);
    sigprocmask(SIG_SETMASK, &target->signals, NULL);
    if (target->emulator.path[0])
        execv(target->emulator.path, emulator_words(&target->emulator, target->program, target->library, argv));
    else
        execv(target->program, argv);
    int why = errno;
    if (write(report, &why, sizeof why) < 0)
        _exit(126);
    _exit(127);
}

void target_adopt(struct target *target, pid_t pid, enum ht_clock clock, unsigned pointer_bytes, bool big_endian)
{
    *target = (struct target){.pid = pid, .adopted = true, .clock = clock, .pointer_bytes = pointer_bytes, .big_endian = big_endian};
    target->go = (int)syscall(SYS_pidfd_open, pid, 0);
}

bool target_is_gone(const struct target *target)
{
    struct pollfd entry = {.fd = target->go, .events = POLLIN};
    return target->go < 0 ? kill(target->pid, 0) && errno == ESRCH : poll(&entry, 1, 0) > 0;
}

/* It listens at our standard error. */
static bool answer(const struct target *target, struct error *error)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    ssize_t bytes = (ssize_t)strlen(target->session);
    bool good = write(STDERR_FILENO, target->session, (size_t)bytes) == bytes && dup2(nothing, STDERR_FILENO) >= 0;
    close(nothing);
    return good || error_set_errno(error, ERROR_WRITE, "process %d did not wait for its session", (int)target->pid);
}

bool target_fork(struct target *target, char **argv, const char *session_path, struct error *error)
{
    int go[2], report[2];
    sigset_t all;
    target->session = session_path;
    if (target->adopted)
        return true;
    if (pipe2(go, O_CLOEXEC))
        return error_set_errno(error, ERROR_MEMORY, "cannot start %s", target->program);
    if (pipe2(report, O_CLOEXEC)) {
        close(go[0]);
        close(go[1]);
        return error_set_errno(error, ERROR_MEMORY, "cannot start %s", target->program);
    }
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &target->signals);
    target->pid = fork();
    if (target->pid == 0) {
        close(go[1]);
        become(target, argv, session_path, go[0], report[1]);
    }
    close(go[0]);
    close(report[1]);
    target->go = go[1];
    target->report = report[0];
    if (target->pid > 0)
        return true;
    error_set_errno(error, ERROR_MEMORY, "cannot start %s", target->program);
    close(target->go);
    close(target->report);
    sigprocmask(SIG_SETMASK, &target->signals, NULL);
    return false;
}

bool target_go(struct target *target, struct error *error)
{
    int why = 0;
    if (target->attach)
        return attach_begin(target->attach, target, error);
    if (target->adopted)
        return answer(target, error);
    ssize_t wrote = write(target->go, "", 1), count;
    close(target->go);
    while ((count = read(target->report, &why, sizeof why)) < 0 && errno == EINTR)
        ;
    close(target->report);
    sigprocmask(SIG_SETMASK, &target->signals, NULL);
    if (wrote == 1 && count <= 0)
        return true;
    waitpid(target->pid, NULL, 0);
    errno = why;
    return error_set_errno(error, ERROR_USAGE, "cannot run %s", target->program);
}

void target_cancel(struct target *target)
{
    if (target->adopted)
        return;
    close(target->go);
    close(target->report);
    waitpid(target->pid, NULL, 0);
    sigprocmask(SIG_SETMASK, &target->signals, NULL);
}
