/* run_side: in a run that has its guard pages at either end of blocks, out two runs, one after the other. */
#include "run_side.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum guard_side run_side_next(struct run_side *side, const char **out)
{
    int status = 0;
    pid_t pid = fork();
    if (pid) {
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        side->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        return SIDE_AFTER;
    }
    snprintf(side->out, sizeof side->out, "%s.before", *out ? *out : "");
    *out = *out ? side->out : NULL;
    return SIDE_BEFORE;
}
