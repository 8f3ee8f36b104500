/* again: the kernel begins most calls again by itself after a stop, but not these, though they have done nothing yet. */
#include "again.h"

#if REGISTERS_KNOWN

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where the registers do not tell, the kernel does: "number first ... sixth stack pc". */
void again_look(struct again *again, pid_t pid, pid_t tid)
{
    again->number = -1;
#ifdef REGISTERS_FORGET_CALLS
    char path[64];
    long long number = -1;
    unsigned long long first, stack, pc;
    snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%lld %llx %*x %*x %*x %*x %*x %llx %llx", &number, &first, &stack, &pc) == 4)
        *again = (struct again){(long)number, first, stack, pc};
    if (file)
        fclose(file);
#else
    (void)pid, (void)tid;
#endif
}

static bool only_waits(long number)
{
    static const long calls[] = {SYS_epoll_pwait, SYS_epoll_pwait2, SYS_semop, SYS_semtimedop, SYS_rt_sigtimedwait, SYS_io_getevents, SYS_read, SYS_recvfrom,
                                 SYS_recvmsg, SYS_accept, SYS_accept4,
#ifdef SYS_epoll_wait
                                 SYS_epoll_wait,
#endif
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i] == number)
            return true;
    return false;
}

static bool has_signal(pid_t tid)
{
    char path[64], line[256];
    unsigned long long pending = 0, blocked = 0, set;
    snprintf(path, sizeof path, "/proc/%d/status", (int)tid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "SigPnd: %llx", &set) == 1 || sscanf(line, "ShdPnd: %llx", &set) == 1)
            pending |= set;
        sscanf(line, "SigBlk: %llx", &blocked);
    }
    if (file)
        fclose(file);
    return pending & ~blocked;
}

/* It is still where it waited. */
static bool is_there(const struct again *again, const struct registers *registers)
{
#ifdef REGISTERS_FORGET_CALLS
    return again->number == registers_number(registers) && again->stack == registers_stack(registers) && again->pc == registers_pc(registers);
#else
    (void)again, (void)registers;
    return true;
#endif
}

bool again_mend(const struct again *again, pid_t tid, struct registers *registers)
{
    if (registers_result(registers) != -(uint64_t)EINTR || !registers_are_wide(registers) || !only_waits(registers_number(registers)) || !is_there(again, registers) ||
        has_signal(tid))
        return false;
    registers_set_again(registers, again->first);
    return true;
}

#endif
