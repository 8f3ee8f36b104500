/* os: what the files of the Linux runtime share: the start, real functions, raw system calls. */
#ifndef TARGET_OS_LINUX_OS_H
#define TARGET_OS_LINUX_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "wire/lane.h"

struct ht_thread;

/* --- start.c --- */
/* Serial of this process image in the session, 0 before the start. */
extern uint32_t ht__process_serial;
/* Before a fork: takes an entry for the child, 0 if there is none. After it: in the child the entry becomes its own; in the parent pid < 0 makes it void. */
uint32_t ht__fork_prepare(void);
void ht__fork_done(uint32_t entry, int pid);
/* This process joins the session in a file, which it may have done before with others; enum ht_attach_answer, `why` is errno, `collector` who records already. */
unsigned ht__session_join(const char *path, uint32_t *why, uint32_t *collector);
/* It leaves it: no record is made any more, and what was in the making ends nowhere. False: this thread is in the middle of something. */
bool ht__session_leave(void);
/* A thread was renamed by another: each looks at its name at its next event. */
void ht__names_changed(void);

/* --- self.c --- */
bool ht__threads_init(void);
void ht__threads_after_fork(void);
/* The calling thread is in the middle of a record. */
bool ht__thread_is_busy(void);
/* Makes the calling thread ready to record: ht__self. */
bool ht__thread_begin(void);
/* Of the levels of the calling thread the one that makes a record. */
struct ht_thread *ht__thread_now(void);
/* Puts the name if it is not as told. */
void ht__thread_tell_name(struct ht_thread *thread);

/* The program asks for a session where there was none: a collector is started. False: there is none. */
bool ht__start_on_request(void);

/* --- port_linux.c --- */
/* Digits of `value` at `to`, no NUL; the place behind them. */
char *ht__decimal(char *to, uint32_t value);
/* No handler runs in between: for what is rare, and must not be left halfway. */
uint64_t ht__signals_block(void);
void ht__signals_restore(uint64_t signals);
/* Bounds of the stack that the calling thread was born with. */
bool ht__port_home(uint64_t *low, uint64_t *high);

/* --- real.c --- */
/* The functions that would have been called without us. Before they are known, the pointers lead to a resolver. */
struct ht_real {
#define HT_HOOK(result, name, parameters) result(*name) parameters;
#include "hooks.def"
#undef HT_HOOK
};
extern struct ht_real ht__real;
/* Finds them; called by itself on the first use of one. */
void ht__real_resolve(void);
extern bool ht__real_known;
/* For what a program may call before it ever allocated. */
static inline void ht__real_need(void)
{
    if (__builtin_expect(!ht__real_known, 0))
        ht__real_resolve();
}
/* A block handed out before the real allocator was known: never given to it. */
enum { HT_EARLY_BYTES = 64 * 1024 };
extern char ht__early[HT_EARLY_BYTES];
extern size_t ht__early_used; /* most often 0 */
static inline bool ht__early_owns(const void *block)
{
    return __builtin_expect(ht__early_used != 0, 0) && (uintptr_t)block - (uintptr_t)ht__early < HT_EARLY_BYTES;
}
void *ht__early_alloc(size_t size, size_t alignment);
size_t ht__early_size(const void *block);
/* Looks `name` up behind us; NULL if nobody has it. */
void *ht__real_find(const char *name);
/* We were loaded into a program that ran already, and no call comes to us by itself: from now on a function is what the program's own calls find. False: calls do
 * come to us. Before the first hook is called. */
bool ht__real_find_late(void);
/* True if both addresses lie in one loaded file. */
bool ht__same_module(const void *a, const void *b);

/* --- guarded.c --- */
extern bool ht__guarded;
/* From now on it is seen when the program touches a guard page. */
void ht__hits_begin(const struct ht_real *real);
/* If the session wants it, `real` becomes the guarded heap. Before the first block. */
void ht__guarded_begin(struct ht_real *real);

/* --- modules.c --- */
/* Code went away: what comes to its place is something else. */
void ht__modules_forget(void);
/* The same if it was in this range. */
void ht__modules_forget_range(uint64_t start, uint64_t end);
/* The page of this address can be written to, says /proc/self/maps. */
bool ht__modules_can_write(uint64_t address);
/* How many files were unloaded so far. */
uint64_t ht__modules_unloaded(void);
/* In a new child: a lock that another thread of the parent held is free. */
void ht__modules_after_fork(void);

/* --- pages: system calls, not our hooks; the loader and other allocators map pages while functions are being looked up --- */
static inline void *ht__pages_map(void *address, size_t size, int protection, int flags, int fd, int64_t offset)
{
#ifdef SYS_mmap2
    return (void *)syscall(SYS_mmap2, address, size, protection, flags, fd, (long)(offset / 4096));
#else
    return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
#endif
}
static inline void *ht__pages_get(size_t bytes, int flags)
{
    return ht__pages_map(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* --- maps.c: /proc/self/maps, read without libc's streams --- */
struct ht_mapping {
    uint64_t start, end, offset;
    bool readable, executable, writable;
    char path[512]; /* cut if longer; "" for none */
};
/* Calls `see` for each mapping until it returns false. False if the file could not be read. One caller at a time: its room is static. */
bool ht__maps_each(bool (*see)(const struct ht_mapping *mapping, void *context), void *context);

#endif
