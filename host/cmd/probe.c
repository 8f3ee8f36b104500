/* probe: in a process, or all of them, out a trace of the calls that the kernel's uprobes see, with nothing put into them. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/memory.h"
#include "host/base/now.h"
#include "host/base/number.h"
#include "host/base/path.h"
#include "host/base/str.h"
#include "host/launch/loaded.h"
#include "host/probe/probe_story.h"
#include "host/trace/writer.h"

struct probe_options {
    const char *output;
    bool force, quiet, all;
    uint64_t duration_ns, tick_ns;
    struct opt_list libraries;
};

static const struct opt probe_table[] = {
    {OPT_TEXT, 'o', "output", offsetof(struct probe_options, output), "FILE", "write the trace there", "probe.PID.htrc in this folder", NULL, NULL},
    {OPT_FLAG, 'f', "force", offsetof(struct probe_options, force), NULL, "replace FILE if it exists", NULL, NULL, NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct probe_options, quiet), NULL, "say nothing but what went wrong", NULL, NULL, NULL},
    {OPT_TIME, 0, "duration", offsetof(struct probe_options, duration_ns), "TIME", "end by itself so long after", "at Ctrl-C, or when the process ends", NULL, NULL},
    {OPT_TIME, 0, "tick", offsetof(struct probe_options, tick_ns), "TIME", "resolution of times in the trace", "100us", NULL, NULL},
    {OPT_FLAG, 'a', "all", offsetof(struct probe_options, all), NULL, "all processes of this machine that call the C library's functions, or those of --library", NULL, NULL, NULL},
    {OPT_LIST, 0, "library", offsetof(struct probe_options, libraries), "FILE", "with --all: a library or static program with malloc in it; may be given again",
     "this machine's C and C++ libraries", NULL, NULL},
    {0},
};

static const struct opt_example probe_examples[] = {
    {"sudo heaptracer probe 4711", "record process 4711 and its children until Ctrl-C"},
    {"sudo heaptracer probe --all --duration 10s -o all.htrc", "who on this machine allocates what, for ten seconds"},
    {"sudo heaptracer probe --all --library ./static-server", "a static program, before it is started"},
    {0},
};

const struct opt_command cmd_probe_table = {
    .name = "heaptracer probe",
    .usage = "[options] PID|--all",
    .about = "Record processes through the kernel's uprobes, with nothing put into them",
    .manual = "For what 'heaptracer attach' refuses: static programs, other C libraries, containers, filters for system calls, children, or all processes at once. The "
              "kernel puts a breakpoint at the functions of the allocator and tells of each call: a pair of malloc and free takes about 16 microseconds of the "
              "process's time, where the runtime of 'run' and 'attach' takes a hundredth of it. It is for root, or for who has CAP_PERFMON.\n\n"
              "A stack has the caller, and the frames above it as far as they are linked by frame pointers: the kernel walks no other. A frame counts only if a call "
              "instruction stands before its address. Sizes that may be used, and blocks of posix_memalign, are not seen; frees of blocks from before are counted apart. What "
              "the kernel could not keep is counted, and a gap in the trace.\n\n"
              "Exit codes: 0 done, 2 wrong usage or not allowed, 3 no such process, or the trace cannot be written.",
    .options = probe_table,
    .examples = probe_examples,
    .see_also = "heaptracer attach, heaptracer run, heaptracer doctor",
    .most_words = 1,
};

struct probe {
    const struct probe_options *options;
    pid_t pid;
    char *output;
    struct trace_writer *writer;
    struct probe_rings rings;
    struct probe_story story;
    size_t files;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void event_put(void *context, const struct event *event)
{
    trace_writer_put(((struct probe *)context)->writer, event, 1);
}

static void output_name(struct probe *probe)
{
    struct str name = {0};
    if (probe->options->output)
        str_add(&name, probe->options->output);
    else if (probe->pid)
        str_add_format(&name, "probe.%d.htrc", (int)probe->pid);
    else
        str_add(&name, "probe.all.htrc");
    probe->output = name.at;
}

static bool writer_open(struct probe *probe, struct error *error)
{
    struct utsname system;
    struct str about = {0}, command = {0};
    uname(&system);
    str_add_format(&about, "%s %s", system.sysname, system.release);
    if (probe->pid)
        str_add_format(&command, "process %d, by uprobes", (int)probe->pid);
    else
        str_add(&command, "all processes, by uprobes");
    struct trace_writer_config config = {
        .path = probe->output,
        .replace = probe->options->force,
        .header = {.pointer_bytes = 8, .page_bytes = (uint32_t)sysconf(_SC_PAGESIZE), .tick_ns = probe->options->tick_ns, .start_unix_ns = now_of(CLOCK_REALTIME),
                   .command = str_text(&command), .machine = system.machine, .system = str_text(&about), .directory = "", .recorder = "heaptracer " HT_VERSION, .environment = ""},
    };
    probe->writer = trace_writer_new(&config, error);
    str_done(&about);
    str_done(&command);
    return probe->writer != NULL;
}

static bool file_probe(struct probe *probe, const char *path, bool is_wanted, struct error *error)
{
    struct probe_file file;
    bool is_elf = probe_file_read(&file, path), has_any = is_elf && probe_file_has_any(&file);
    if (!has_any && is_wanted)
        return error_set(error, ERROR_USAGE, is_elf ? "%s has no malloc" : "%s is no program or library of this machine's kind", path);
    if (!has_any)
        return true;
    probe->files++;
    return probe_rings_add(&probe->rings, path, &file, error);
}

/* Of a process: all that it has loaded. What it loads later has its own malloc seldom. */
static bool loaded_probe(struct probe *probe, pid_t pid, struct error *error)
{
    struct loaded loaded;
    if (!loaded_read(&loaded, pid)) {
        loaded_done(&loaded);
        return error_set(error, ERROR_READ, "there is no process %d that can be read", (int)pid);
    }
    bool is_good = true;
    for (size_t i = 0; is_good && i < loaded.files.count; i++)
        is_good = (!probe->pid && !loaded_function(loaded.files.at + i, "malloc") && !loaded_function(loaded.files.at + i, "_Znwm")) ||
                  file_probe(probe, loaded.files.at[i].reach, false, error);
    loaded_done(&loaded);
    return is_good;
}

static bool probes_set(struct probe *probe, struct error *error)
{
    const struct opt_list *libraries = &probe->options->libraries;
    if (probe->pid || !libraries->count) {
        if (!loaded_probe(probe, probe->pid ? probe->pid : getpid(), error))
            return false;
    }
    for (size_t i = 0; i < libraries->count; i++)
        if (!file_probe(probe, libraries->at[i], true, error))
            return false;
    return probe->files || error_set(error, ERROR_READ, "process %d has no malloc by name: its files are stripped, or it has none", (int)probe->pid);
}

static void begin_say(const struct probe *probe)
{
    char who[48] = "all processes are";
    if (probe->pid)
        snprintf(who, sizeof who, "process %d is", (int)probe->pid);
    fprintf(stderr, "heaptracer: %s recorded by probes in %zu %s; Ctrl-C ends\n", who, probe->files, probe->files == 1 ? "file" : "files");
}

static bool wants_more(const struct probe *probe, uint64_t begin_ns)
{
    bool is_over = probe->options->duration_ns && now_ns() - begin_ns >= probe->options->duration_ns;
    bool is_gone = probe->pid && kill(probe->pid, 0) && errno == ESRCH;
    return !interrupted && !is_over && !is_gone && !trace_writer_failed(probe->writer);
}

static void probe_run(struct probe *probe)
{
    enum { WAIT_MS = 50 };
    uint64_t begin = now_ns();
    if (!probe->options->quiet)
        begin_say(probe);
    probe->story.put = event_put;
    probe->story.context = probe;
    probe_story_begin(&probe->story, begin, (uint32_t)probe->pid);
    while (wants_more(probe, begin)) {
        probe_rings_take(&probe->rings, WAIT_MS, false, probe_story_see, &probe->story);
        trace_writer_attend(probe->writer);
    }
    probe_rings_take(&probe->rings, 0, true, probe_story_see, &probe->story);
}

static void result_say(const struct probe *probe, const struct trace_totals *totals)
{
    char count[NUMBER_ROOM];
    if (probe->story.lost)
        fprintf(stderr, "heaptracer: the kernel lost %s calls: its rings were full\n", number_count(count, probe->story.lost));
    if (probe->story.unreturned)
        fprintf(stderr, "heaptracer: note: %s calls did not return as they were called\n", number_count(count, probe->story.unreturned));
    fprintf(stderr, "heaptracer: %s: %s events of %" PRIu64 " processes\n  next: heaptracer analyze %s\n", probe->output, number_count(count, totals->events), totals->processes,
            probe->output);
}

static int probe_end(struct probe *probe, struct error *error)
{
    struct error problem = {0};
    struct trace_totals totals = {0};
    struct cost_definition cost = {.recorder_cpu_ns = now_of(CLOCK_PROCESS_CPUTIME_ID), .lost_events = probe->story.lost};
    probe_story_end(&probe->story);
    probe_rings_close(&probe->rings);
    bool is_written = probe->writer && trace_writer_close(probe->writer, &cost, &totals, &problem);
    if (probe->writer && error->kind)
        path_remove_output(probe->output);
    else if (is_written && !probe->options->quiet)
        result_say(probe, &totals);
    memory_free(probe->output);
    return error->kind ? cmd_fail(error) : problem.kind ? cmd_fail(&problem) : CMD_DONE;
}

static bool wishes_check(struct probe *probe, const struct opt_words *words, struct error *error)
{
    uint64_t pid = 0;
    if (probe->options->all == (words->count == 1))
        return error_set(error, ERROR_USAGE, "say which process: 'heaptracer probe PID', or --all for all of them");
    if (probe->options->libraries.count && !probe->options->all)
        return error_set(error, ERROR_USAGE, "--library goes with --all: of one process all files are looked at");
    if (words->count && (!number_parse_count("PID", words->at[0], &pid, error) || !pid || pid > INT32_MAX))
        return error_set(error, ERROR_USAGE, "'%s' is no process number", words->at[0]);
    probe->pid = (pid_t)pid;
    if (pid && kill(probe->pid, 0) && errno == ESRCH)
        return error_set(error, ERROR_READ, "there is no process %d", (int)pid);
    return true;
}

int cmd_probe(int argc, char **argv)
{
    struct probe_options options = {0};
    struct probe probe = {.options = &options};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_probe_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (wishes_check(&probe, &words, &error) && probe_rings_check(&error)) {
        output_name(&probe);
        if (writer_open(&probe, &error) && probe_rings_open(&probe.rings, probe.pid, &error) && probes_set(&probe, &error))
            probe_run(&probe);
    }
    exit_code = probe_end(&probe, &error);
    opt_words_done(&words);
    return exit_code;
}
