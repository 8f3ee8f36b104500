/* holder: in the number of a process, that process held as a debugger would, until this one is ended. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 2 || ptrace(PTRACE_SEIZE, atoi(argv[1]), 0, 0))
        return 1;
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}
