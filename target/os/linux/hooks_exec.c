/* hooks_exec: in the program's calls that start another program, out the real call with an environment in which the session goes on, or in which it ends.
 * All of it runs in vfork children too: nothing but the stack is written. */
#include "os.h"

#include "environment.h"

#include <spawn.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes" /* libc has not all of them in a header */

#define EXPORT __attribute__((visibility("default")))

/* `envp` becomes the list to use; its room lives as long as the function that this is expanded in. */
#define FOLLOW(envp)                                                                                                                                          \
    struct environment_plan plan_ = ht__environment_plan(envp);                                                                                               \
    char *list_[plan_.change ? plan_.count + 4 : 1], preload_[plan_.change ? plan_.preload_bytes : 1];                                                        \
    if (plan_.change) {                                                                                                                                       \
        ht__environment_write(plan_, envp, list_, preload_);                                                                                                  \
        envp = list_;                                                                                                                                         \
    }

/* The words of an execl call, without the NULL. Declared as never NULL, `first` may be so all the same: the compiler must not know it. */
#define COUNT_WORDS(count, first)                                                                                                                             \
    va_list words_;                                                                                                                                           \
    const char *head_ = (first);                                                                                                                              \
    __asm__("" : "+r"(head_));                                                                                                                                \
    size_t count = head_ ? 1 : 0;                                                                                                                             \
    va_start(words_, first);                                                                                                                                  \
    while (count && va_arg(words_, char *))                                                                                                                   \
        count++;                                                                                                                                              \
    va_end(words_)

#define TAKE_WORDS(list, count, first)                                                                                                                        \
    va_start(words_, first);                                                                                                                                  \
    list[0] = (char *)(first);                                                                                                                                \
    for (size_t word_ = 1; word_ <= (count); word_++)                                                                                                         \
        list[word_] = va_arg(words_, char *)

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
    FOLLOW(envp);
    return ht__real.execve(path, argv, envp);
}

EXPORT int execv(const char *path, char *const argv[])
{
    char *const *envp = environ;
    FOLLOW(envp);
    return ht__real.execve(path, argv, envp);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
    FOLLOW(envp);
    return ht__real.execvpe(file, argv, envp);
}

EXPORT int execvp(const char *file, char *const argv[])
{
    char *const *envp = environ;
    FOLLOW(envp);
    return ht__real.execvpe(file, argv, envp);
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
    FOLLOW(envp);
    return ht__real.fexecve(fd, argv, envp);
}

EXPORT int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
    FOLLOW(envp);
    return (int)syscall(SYS_execveat, fd, path, argv, envp, flags);
}

EXPORT int execl(const char *path, const char *first, ...)
{
    COUNT_WORDS(count, first);
    char *argv[count + 1], *const *envp = environ;
    TAKE_WORDS(argv, count, first);
    va_end(words_);
    FOLLOW(envp);
    return ht__real.execve(path, argv, envp);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
    COUNT_WORDS(count, first);
    char *argv[count + 1], *const *envp = environ;
    TAKE_WORDS(argv, count, first);
    va_end(words_);
    FOLLOW(envp);
    return ht__real.execvpe(file, argv, envp);
}

EXPORT int execle(const char *path, const char *first, ...)
{
    COUNT_WORDS(count, first);
    char *argv[count + 1];
    TAKE_WORDS(argv, count, first);
    char *const *envp = va_arg(words_, char *const *);
    va_end(words_);
    FOLLOW(envp);
    return ht__real.execve(path, argv, envp);
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    FOLLOW(envp);
    return ht__real.posix_spawn(pid, path, actions, attributes, argv, envp);
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    FOLLOW(envp);
    return ht__real.posix_spawnp(pid, file, actions, attributes, argv, envp);
}
