/* cmd_attach: in a process that runs, out its trace from now on, until it is left alone again. The recording itself is that of `heaptracer run`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "host/launch/attach.h"
#include "host/tui/theme.h"
#include "run.h"
#include "started_with.h"

struct joined {
    const char *out;
    bool force, free_stacks, quiet, live, despite_seccomp;
    uint64_t duration_ns;
    const char *depth, *tick, *level, *policy, *clock, *lane_size, *theme; /* handed on */
};

static const struct opt joined_options[] = {
    {OPT_SECTION, .about = "Output"},
    {OPT_TEXT, 'o', "output", offsetof(struct joined, out), "FILE", .about = "Write the trace here", .fallback = "NAME.PID.htrc in this folder"},
    {OPT_FLAG, 'f', "force", offsetof(struct joined, force), .about = "Replace FILE if it exists"},
    {OPT_TEXT, 0, "level", offsetof(struct joined, level), "N", .about = "Compress by zstd at this level, 1 to 19", .fallback = "what recording can keep up with"},
    {OPT_FLAG, 'q', "quiet", offsetof(struct joined, quiet), .about = "Say nothing but what went wrong"},
    {OPT_FLAG, 0, "live", offsetof(struct joined, live), .about = "Look at it in the terminal; q leaves the process as it was"},
    {OPT_TEXT, 0, "theme", offsetof(struct joined, theme), "THEME", .about = "Colours of --live", .fallback = "dark", .choices = THEME_WORDS},
    {OPT_SECTION, .about = "When"},
    {OPT_TIME, 0, "duration", offsetof(struct joined, duration_ns), "TIME", .about = "Detach by itself so long after the attach",
     .fallback = "at Ctrl-C, or at 'heaptracer ctl PID detach'"},
    {OPT_SECTION, .about = "What is recorded"},
    {OPT_TEXT, 0, "depth", offsetof(struct joined, depth), "N", .about = "Keep the N innermost frames of a stack", .fallback = "all"},
    {OPT_FLAG, 0, "free-stacks", offsetof(struct joined, free_stacks), .about = "Record the stacks of frees too"},
    {OPT_TEXT, 0, "tick", offsetof(struct joined, tick), "TIME", .about = "Resolution of times in the trace", .fallback = "100us"},
    {OPT_SECTION, .about = "How"},
    {OPT_FLAG, 0, "despite-seccomp", offsetof(struct joined, despite_seccomp), .about = "Join a process that has a filter for its system calls, which may end it"},
    {OPT_TEXT, 0, "policy", offsetof(struct joined, policy), "POLICY", .about = "What a thread does when it is faster than the recorder: wait, or leave out events and "
     "count them", .fallback = "block", .choices = "block|drop"},
    {OPT_TEXT, 0, "clock", offsetof(struct joined, clock), "CLOCK", .about = "Stamp events with the processor's counter, or with the kernel's clock", .fallback = "auto",
     .choices = "auto|monotonic"},
    {OPT_TEXT, 0, "lane-size", offsetof(struct joined, lane_size), "BYTES", .about = "Shared memory between one thread and the recorder", .fallback = "512K"},
    {0},
};

static const struct opt_example joined_examples[] = {
    {"heaptracer attach 4711", "record process 4711 from now on, until Ctrl-C"},
    {"heaptracer attach 4711 -o now.htrc --duration 30s", "for half a minute"},
    {"heaptracer attach 4711 --live", "and look at it in the terminal, until q"},
    {"heaptracer ctl 4711 detach", "end it from elsewhere"},
    {0},
};

const struct opt_command cmd_attach_table = {
    .name = "heaptracer attach",
    .usage = "PID [options]",
    .about = "Record a process that runs already, and leave it as it was",
    .manual =
        "One thread of the process is borrowed for some milliseconds, at a moment when it is in no allocator and no loader, to load the runtime and to lead the calls of "
        "all loaded files to it; the other threads run on. No debugger is needed, nothing has to be started differently. At the end all calls are led back; the runtime "
        "stays in the process's memory, and does nothing.\n\n"
        "Blocks from before the attach are not known: their frees are counted apart and are no errors. Not seen are calls through pointers that the program took before the "
        "attach, calls within one file that defines its own malloc, what a library allocates while it is being loaded, and children. ('heaptracer probe' sees "
        "these by the kernel's uprobes, at a far higher cost.)\n\n"
        "Joined are dynamically linked programs of the GNU C library on x86-64 (the code for aarch64 was never run whole). Of others, and of processes of other users, in "
        "containers, in a debugger, stopped, or with a filter for system calls, it is said in one sentence why not, before anything is done to them.",
    .options = joined_options,
    .examples = joined_examples,
    .see_also = "heaptracer run, heaptracer ctl, heaptracer monitor",
    .least_words = 1,
    .most_words = 1,
};

static void hand_on(struct started_words *words, const char *option, const char *value)
{
    if (!value)
        return;
    started_words_add(words, option);
    started_words_add(words, value);
}

static void hand_on_all(struct started_words *words, const struct joined *joined)
{
    started_words_add(words, "run");
    started_words_add(words, "--no-follow");
    hand_on(words, "-o", joined->out);
    hand_on(words, "--level", joined->level);
    hand_on(words, "--theme", joined->theme);
    hand_on(words, "--depth", joined->depth);
    hand_on(words, "--tick", joined->tick);
    hand_on(words, "--policy", joined->policy);
    hand_on(words, "--clock", joined->clock);
    hand_on(words, "--lane-size", joined->lane_size);
    if (joined->force)
        started_words_add(words, "-f");
    if (joined->quiet)
        started_words_add(words, "-q");
    if (joined->live)
        started_words_add(words, "--live");
    if (joined->free_stacks)
        started_words_add(words, "--free-stacks");
    started_words_add(words, "--");
}

static int record(const struct joined *joined, const char *pid, struct target *target)
{
    struct started_words words = {0};
    hand_on_all(&words, joined);
    started_words_add_all(&words, pid);
    int count = (int)words.at.count;
    vec_push(&words.at, NULL);
    int exit_code = run_words(count, words.at.at, target);
    started_words_done(&words);
    return exit_code;
}

static void say(const struct attach *attach, pid_t pid)
{
    if (attach->slots && attach->left)
        fprintf(stderr, "heaptracer: %u of %u places in process %d could not be put back; they lead through the runtime, which does nothing\n", attach->left,
                attach->slots, (int)pid);
}

static bool parse_pid(const char *word, pid_t *pid, struct error *error)
{
    char *end;
    long number = strtol(word, &end, 10);
    *pid = (pid_t)number;
    return (number > 0 && number < 1 << 30 && !*end) || error_set(error, ERROR_USAGE, "'%s' is not the number of a process", word);
}

int cmd_attach(int argc, char **argv)
{
    struct joined joined = {0};
    struct opt_words words;
    struct error error = {0};
    struct target target;
    int exit_code;
    pid_t pid;
    if (!cmd_parse(&cmd_attach_table, &joined, argc, argv, &words, &exit_code))
        return exit_code;
    struct attach attach = {.despite_seccomp = joined.despite_seccomp, .duration_ns = joined.duration_ns};
    if (parse_pid(words.at[0], &pid, &error) && attach_check(pid, joined.despite_seccomp, &error) && target_find_running(&target, pid, &error)) {
        target.attach = &attach;
        exit_code = record(&joined, words.at[0], &target);
        say(&attach, pid);
    }
    if (error.kind != ERROR_NONE)
        exit_code = cmd_fail(&error);
    opt_words_done(&words);
    return exit_code;
}
