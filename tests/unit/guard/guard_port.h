/* guard_port: for tests of target/guard, what it asks of its process: pages, and a place where faults are told. */
#ifndef TESTS_UNIT_GUARD_PORT_H
#define TESTS_UNIT_GUARD_PORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/guard/fault.h"
#include "target/guard/guarding.h"
#include "target/process/port_process.h"

struct ht_session *ht__session;

static struct finding told; /* the last one */
static uint32_t told_count;
static uint64_t *pages_given; /* the last ones */

void fault_begin(bool stop)
{
    (void)stop;
}

void fault_tell(const struct finding *finding)
{
    told = *finding;
    __atomic_add_fetch(&told_count, 1, __ATOMIC_RELAXED);
}

void *ht__port_pages(uint64_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    pages_given = pages;
    return pages == MAP_FAILED ? NULL : pages;
}

bool ht__port_can_read(uint64_t address)
{
    return syscall(SYS_rt_sigprocmask, ~0, address & ~(uint64_t)7, NULL, sizeof(uint64_t)) == 0 || errno != EFAULT;
}

/* That was told since the last time, and nothing else; HT_FAULT_NONE: nothing. */
static inline void assert_told(enum ht_told_fault kind)
{
    assert_int_equal(told_count, kind != HT_FAULT_NONE);
    if (kind != HT_FAULT_NONE)
        assert_int_equal(told.kind, kind);
    told_count = 0;
}

static inline bool can_touch(const void *at)
{
    return ht__port_can_read((uint64_t)(uintptr_t)at);
}

/* Numbers that are the same in each run. */
static inline uint32_t dice(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % below;
}

/* In a child, which ends with 0 if all is well. */
static inline void assert_child(void (*run)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (!pid) {
        run();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

#endif
