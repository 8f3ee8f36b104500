/* run: in a program and its arguments, out its trace in a file and its exit status as ours; two lines on stderr say what came of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "fail_sites.h"
#include "host/base/now.h"
#include "host/base/number.h"
#include "host/base/path.h"
#include "host/launch/attach.h"
#include "host/reach/memory_word.h"
#include "host/tui/theme.h"
#include "judgement.h"
#include "recording.h"
#include "run.h"
#include "run_live.h"
#include "run_side.h"
#include "summary_line.h"

enum { GUARD_FULL = 2 }; /* of `guard` */

struct run {
    const char *out;
    bool force, free_stacks, no_follow, maps, start_paused, quiet, leaks, live;
    uint64_t depth, sample_bytes, delay_ns, lane_bytes, tick_ns, level;
    int policy, clock, guard;
    bool guard_stop;
    uint64_t quarantine_bytes, page_every, page_align, fail_nth;
    int side;
    const char *fail_rate;
    bool fail_all_sites;
    struct judgement_options judged;
    struct opt_list roots, heaps;
    const char *tag_bits;
    struct run_live view; /* where it is live */
    struct judgement judgement;
};

static const struct opt run_options[] = {
    {OPT_SECTION, .about = "Output"},
    {OPT_TEXT, 'o', "output", offsetof(struct run, out), "FILE", .about = "Write the trace here", .fallback = "NAME.PID.htrc in this folder"},
    {OPT_FLAG, 'f', "force", offsetof(struct run, force), .about = "Replace FILE if it exists"},
    {OPT_COUNT, 0, "level", offsetof(struct run, level), "N", .about = "Compress by zstd at this level, 1 to 19",
     .fallback = "what recording can keep up with"},
    {OPT_FLAG, 'q', "quiet", offsetof(struct run, quiet), .about = "Say nothing at the end"},
    {OPT_FLAG, 0, "live", offsetof(struct run, live), .about = "Look at it in the terminal while it runs; its own output goes into FILE.out. q leaves it running, recorded"},
    {OPT_CHOICE, 0, "theme", offsetof(struct run, view.theme), "THEME", .about = "Colours of --live", .fallback = "dark", .choices = THEME_WORDS},
    {OPT_SECTION, .about = "What is recorded"},
    {OPT_COUNT, 0, "depth", offsetof(struct run, depth), "N", .about = "Keep the N innermost frames of a stack", .fallback = "all"},
    {OPT_SIZE, 0, "sample", offsetof(struct run, sample_bytes), "BYTES", .about = "Record about one allocation every BYTES, for next to no cost; 512K is usual",
     .fallback = "every event", .variable = "HEAPTRACER_SAMPLE"},
    {OPT_FLAG, 0, "free-stacks", offsetof(struct run, free_stacks), .about = "Record the stacks of frees too"},
    {OPT_FLAG, 0, "leaks", offsetof(struct run, leaks), .about = "Look at each process when it ends, and find which blocks nothing points to any more"},
    {OPT_FLAG, 0, "maps", offsetof(struct run, maps), .about = "Record mmap, munmap, mremap and sbrk too"},
    {OPT_FLAG, 0, "no-follow", offsetof(struct run, no_follow), .about = "Leave out the program's children"},
    {OPT_TIME, 0, "tick", offsetof(struct run, tick_ns), "TIME", .about = "Resolution of times in the trace; 1ns costs about 1.5 bytes an event",
     .fallback = "100us"},
    {OPT_SECTION, .about = "Errors"},
    {OPT_MODE, 0, "guard", offsetof(struct run, guard),
     .about = "Look for writes outside of blocks and into freed ones, and for wrong frees; with =full every block ends at a page that nobody may touch, and the "
              "first bad read or write ends its program", .choices = "full"},
    {OPT_FLAG, 0, "guard-stop", offsetof(struct run, guard_stop), .about = "The first error ends its program"},
    {OPT_SIZE, 0, "quarantine", offsetof(struct run, quarantine_bytes), "BYTES", .about = "Freed blocks that wait before they are given out again, with --guard",
     .fallback = "2M"},
    {OPT_COUNT, 0, "guard-every", offsetof(struct run, page_every), "N", .about = "One of N blocks ends at a page that nobody may touch, with --guard; 0: none",
     .fallback = "1000"},
    {OPT_CHOICE, 0, "guard-side", offsetof(struct run, side), "SIDE",
     .about = "At which end of a block its guard page lies; both runs the program twice, first with before", .fallback = "after", .choices = "after|before|both"},
    {OPT_COUNT, 0, "guard-align", offsetof(struct run, page_align), "N", .about = "Blocks at a guard page begin at a multiple of N: 1, 2, 4, 8 or 16. With less, touches "
     "within the last bytes before the page are found too; but the program must not count on more", .fallback = "16"},
    {OPT_COUNT, 0, "fail-nth", offsetof(struct run, fail_nth), "N", .about = "Refuse the Nth allocation of each process, as if memory was short; implies --guard"},
    {OPT_TEXT, 0, "fail-rate", offsetof(struct run, fail_rate), "SHARE", .about = "Refuse this share of allocations at random: 0.01, 1%; implies --guard"},
    {OPT_FLAG, 0, "fail-all-sites", offsetof(struct run, fail_all_sites), .about = "Run once, then once more for each place that allocates, and refuse its first allocation"},
    {OPT_SECTION, .about = "Where leaks are looked for, also by 'heaptracer leaks PID'"},
    {OPT_LIST, 0, "root", offsetof(struct run, roots), "REGION",
     .about = "Pointers in there keep blocks alive, whatever it is: VARIABLE, VARIABLE+SIZE or 0xADDRESS+SIZE; may be given again"},
    {OPT_LIST, 0, "heap-region", offsetof(struct run, heaps), "REGION",
     .about = "It is a heap of the program's own: of it only blocks count that ht_on_alloc told; may be given again"},
    {OPT_TEXT, 0, "tag-bits", offsetof(struct run, tag_bits), "BITS", .about = "Bits of a pointer that are not of its address, as 0-2,56-63 or 0x7"},
    {OPT_SECTION, .about = "Judgement"},
    {OPT_WORDS, 0, "fail-on", offsetof(struct run, judged.fail_on), "WHAT",
     .about = "Exit with 1 if there was one: error, with --guard; with --leaks leak (confidence above 80 %) or possible (above 50 %); several as error,leak",
     .choices = "error|leak|possible"},
    LEAK_KNOWN_OPTIONS(struct run, judged.leaks),
    FINDING_FILES_OPTIONS(struct run, judged.files),
    {OPT_SECTION, .about = "When"},
    {OPT_TIME, 0, "delay", offsetof(struct run, delay_ns), "TIME", .about = "Start to record so long after the program", .fallback = "at once"},
    {OPT_FLAG, 0, "start-paused", offsetof(struct run, start_paused), .about = "Record nothing until 'heaptracer ctl PID start'"},
    {OPT_SECTION, .about = "How"},
    {OPT_CHOICE, 0, "policy", offsetof(struct run, policy), "POLICY",
     .about = "What a thread does when it is faster than the recorder: wait, or leave out events and count them", .fallback = "block",
     .choices = "block|drop|sample"},
    {OPT_CHOICE, 0, "clock", offsetof(struct run, clock), "CLOCK", .about = "Stamp events with the processor's counter where it is one for all cores, or with "
     "the kernel's clock", .fallback = "auto", .choices = "auto|monotonic"},
    {OPT_SIZE, 0, "lane-size", offsetof(struct run, lane_bytes), "BYTES", .about = "Shared memory between one thread and the recorder", .fallback = "512K"},
    {0},
};

static const struct opt_example run_examples[] = {
    {"heaptracer run -- ./server --port 8080", "record every allocation of ./server and its children"},
    {"heaptracer run --guard --fail-on error -- ./test", "exit with 1 if ./test wrote where it must not, or freed what it must not"},
    {"heaptracer run -o build.htrc --no-follow -- cc -c big.c", "the compiler driver alone, into build.htrc"},
    {"heaptracer run --live -- ./server", "and look at its heap while it runs"},
    {"heaptracer run --sample 512K -- ./server", "next to no cost; the tables say how sure they are"},
    {0},
};

const struct opt_command cmd_run_table = {
    .name = "heaptracer run",
    .usage = "[options] [--] PROGRAM [ARG...]",
    .about = "Run a program and record every event of its heap",
    .manual = "PROGRAM is any dynamically linked program or a script; it need not be rebuilt. One of another processor runs under qemu-user, if that and a runtime for it "
              "are installed. Its standard input and output, its process group and its signals "
              "are its own, and its exit "
              "status is that of heaptracer: 128 + N if signal N ended it. Ctrl-C goes to the program; the trace is written whole. Children that outlive it "
              "are recorded until they end, "
              "or until Ctrl-C is pressed once more.\n\n"
              "Exit codes of its own: 2 when the program cannot be recorded (then it is not started), 3 when the trace cannot be written.",
    .options = run_options,
    .examples = run_examples,
    .see_also = "heaptracer analyze, heaptracer ctl",
    .least_words = 1,
    .most_words = OPT_ANY_WORDS,
    .stops_at_word = true,
};

/* Of 2^32; false: it is no share. */
static bool run_fail_rate(const char *text, uint32_t *rate)
{
    struct error unused = {0};
    double share;
    if (!number_parse_share("--fail-rate", text, &share, &unused))
        return false;
    *rate = share >= 1 ? UINT32_MAX : (uint32_t)(share * 4294967296.0);
    return share >= 0 && share <= 1;
}

/* Each block takes a page, or more, of memory while it lives. */
static uint64_t run_pages_most(const struct run *run)
{
    enum { SAMPLED = 4096 };
    return run->guard == GUARD_FULL ? (uint64_t)sysconf(_SC_PHYS_PAGES) / 4 : SAMPLED;
}

static uint32_t run_guard_flags(const struct run *run)
{
    if (!run->guard)
        return 0;
    return HT_SESSION_GUARD | HT_SESSION_FREE_STACKS | (run->guard_stop ? HT_SESSION_GUARD_STOP : 0) | (run->guard == GUARD_FULL ? HT_SESSION_GUARD_FULL : 0);
}

static uint32_t run_flags(const struct run *run)
{
    return run_guard_flags(run) | (run->free_stacks ? HT_SESSION_FREE_STACKS : 0) | (run->no_follow ? 0 : HT_SESSION_FOLLOW) |
           (run->maps ? HT_SESSION_MAPS : 0) | (run->leaks ? HT_SESSION_LEAKS : 0) | HT_SESSION_USABLE;
}

static bool run_check_regions(const struct run *run, struct error *error)
{
    uint64_t bits;
    bool is_good = !run->tag_bits || memory_word_tag_bits(run->tag_bits, &bits, error);
    for (size_t i = 0; is_good && i < run->roots.count; i++)
        is_good = memory_word_check("--root", run->roots.at[i], error);
    for (size_t i = 0; is_good && i < run->heaps.count; i++)
        is_good = memory_word_check("--heap-region", run->heaps.at[i], error);
    return is_good;
}

static bool run_check(const struct run *run, struct error *error)
{
    struct stat status;
    if (!run_check_regions(run, error))
        return false;
    if (run->level > 19)
        return error_set(error, ERROR_USAGE, "--level %llu: levels go from 1 to 19", (unsigned long long)run->level);
    if (run->fail_rate && !run_fail_rate(run->fail_rate, &(uint32_t){0}))
        return error_set(error, ERROR_USAGE, "--fail-rate %s: it is a share, as 0.01 or 1%%", run->fail_rate);
    if (!run->page_align || run->page_align > 16 || run->page_align & (run->page_align - 1))
        return error_set(error, ERROR_USAGE, "--guard-align %llu: it is 1, 2, 4, 8 or 16", (unsigned long long)run->page_align);
    if (run->guard_stop && !run->guard)
        return error_set(error, ERROR_USAGE, "--guard-stop needs --guard, which looks for errors");
    if (run->leaks && run->sample_bytes)
        return error_set(error, ERROR_USAGE, "--leaks has to know every block: leave out --sample");
    if (run->depth > UINT32_MAX)
        return error_set(error, ERROR_USAGE, "--depth %llu is too large; leave it out for whole stacks", (unsigned long long)run->depth);
    if (run->out && (!strcmp(run->out, "-") || (!stat(run->out, &status) && !S_ISREG(status.st_mode))))
        return error_set(error, ERROR_USAGE, "-o %s: a trace goes into a regular file; name one", run->out);
    return true;
}

/* Words that a shell would take apart are quoted. */
static void add_word(struct str *out, const char *word)
{
    str_add(out, out->count ? " " : "");
    if (*word && !strpbrk(word, " \t\n'\"\\$`*?&|;<>()[]{}#~!")) {
        str_add(out, word);
        return;
    }
    str_add(out, "'");
    for (; *word; word++)
        str_add_format(out, *word == '\'' ? "'\\''" : "%c", *word);
    str_add(out, "'");
}

/* What changes how memory is used; anything else may hold a secret. */
static void add_environment(struct str *out)
{
    static const char *const matters[] = {"GLIBC_TUNABLES=", "LD_PRELOAD=",   "LD_LIBRARY_PATH=", "PYTHONMALLOC=", "OMP_NUM_THREADS=", "GOGC=",
                                          "GOMAXPROCS=",     "MALLOC_ARENA_", "MALLOC_TRIM_",     "MALLOC_TOP_",   "MALLOC_MMAP_",     "MALLOC_PERTURB_",
                                          "MALLOC_CHECK_",   "MALLOC_CONF=",  "JE_MALLOC_CONF=",  "MIMALLOC_",     "TCMALLOC_",        "LANG=",
                                          "LC_ALL="};
    for (char **variable = environ; *variable; variable++)
        for (size_t i = 0; i < sizeof matters / sizeof *matters; i++)
            if (!strncmp(*variable, matters[i], strlen(matters[i])) && !strchr(*variable, '\n'))
                str_add_format(out, "%s\n", *variable);
}

struct run_texts {
    struct str command, system, environment, out;
    struct utsname machine;
    char directory[4096];
};

static void run_texts_fill(struct run_texts *texts, const struct opt_words *words, const struct run *run, const struct target *target)
{
    for (size_t i = 0; i < words->count; i++)
        add_word(&texts->command, words->at[i]);
    uname(&texts->machine);
    str_add_format(&texts->system, "%s %s", texts->machine.sysname, texts->machine.release);
    add_environment(&texts->environment);
    if (!getcwd(texts->directory, sizeof texts->directory))
        texts->directory[0] = 0;
    if (run->out)
        str_add(&texts->out, run->out);
    else
        str_add_format(&texts->out, "%s.%d.htrc", path_name(words->at[0]), (int)target->pid);
}

static void run_texts_done(struct run_texts *texts)
{
    str_done(&texts->command);
    str_done(&texts->system);
    str_done(&texts->environment);
    str_done(&texts->out);
}

static struct trace_writer *run_writer(const struct run *run, const struct run_texts *texts, const struct target *target, struct error *error)
{
    return trace_writer_new(&(struct trace_writer_config){.path = str_text(&texts->out),
                                                          .replace = run->force,
                                                          .level = (int)run->level,
                                                          .header = {.pointer_bytes = target->pointer_bytes,
                                                                     .page_bytes = (uint32_t)sysconf(_SC_PAGESIZE),
                                                                     .big_endian = target->big_endian,
                                                                     .tick_ns = run->tick_ns,
                                                                     .sample_bytes = run->sample_bytes,
                                                                     .start_unix_ns = now_of(CLOCK_REALTIME),
                                                                     .command = str_text(&texts->command),
                                                                     .machine = texts->machine.machine,
                                                                     .system = str_text(&texts->system),
                                                                     .directory = texts->directory,
                                                                     .recorder = "heaptracer " HT_VERSION,
                                                                     .environment = str_text(&texts->environment)}},
                            error);
}

static int run_exit_code(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* What is not there to be seen in the trace. */
static void run_say_unseen(const struct recording *recording)
{
    const struct ht_session *shared = recording->session.shared;
    uint32_t refused = __atomic_load_n(&shared->refused, __ATOMIC_RELAXED);
    if (refused == HT_REFUSED_CLOCK)
        fputs("heaptracer: a program was not recorded, since its runtime cannot read the processor's counter; --clock monotonic records it\n", stderr);
    else if (refused == HT_REFUSED_EMULATOR)
        fputs("heaptracer: a program was not recorded, since the emulator that ran it was; 'heaptracer run -- PROGRAM' starts the emulator by itself\n", stderr);
    else if (!__atomic_load_n(&shared->process_count, __ATOMIC_RELAXED))
        fprintf(stderr, "heaptracer: nothing was recorded: the runtime %s did not start in %s, whose loader left it out\n", recording->target.library,
                recording->target.program);
}

/* What its program keeps from the runtime. */
static void run_say_own_malloc(const struct target *target)
{
    if (target->own_malloc == OWN_MALLOC_ALL)
        fprintf(stderr, "heaptracer: %s defines malloc itself, which the loader prefers to any preloaded one: its blocks are not in the trace; link its allocator as a "
                "shared library, or tell its blocks by ht_on_alloc\n", target->program);
    else if (target->own_malloc == OWN_MALLOC_INSIDE)
        fprintf(stderr, "heaptracer: %s has a malloc of its own inside, so only blocks of its libraries are in the trace; link its allocator as a shared library, or tell "
                "its blocks by ht_on_alloc\n", target->program);
}

/* Which blocks had less than was asked for. */
static void run_say_unpaged(const struct recording *recording)
{
    char text[NUMBER_ROOM];
    uint64_t count = __atomic_load_n(&recording->session.shared->unpaged, __ATOMIC_RELAXED);
    if (count)
        fprintf(stderr,
                "heaptracer: %s blocks did not end at a guard page, since no more pages could be had (memory, vm.max_map_count, or a signal handler in between); "
                "writes next to them were looked for when they were freed\n",
                number_count(text, count));
}

/* What was broken and never freed is seen at a process's end, if it comes to that by itself. */
static void run_say_no_look(const struct recording *recording)
{
    if (!__atomic_load_n(&recording->session.shared->looks, __ATOMIC_RELAXED))
        fputs("heaptracer: errors that only show at the end were not looked for, since no process came to its end by itself\n", stderr);
}

static void run_say_leaks(const struct recording *recording, const char *path)
{
    const struct class_sum *of = recording->holds.of;
    char lost[NUMBER_ROOM], with[NUMBER_ROOM], possible[NUMBER_ROOM];
    if (!recording->holds.scans)
        fputs("  leaks: no process was looked at, since none came to its end by itself\n", stderr);
    else
        fprintf(stderr, "  leaks: %s lost and %s with it, %s possibly        next: heaptracer leaks %s\n", number_bytes(lost, of[CLASS_DIRECT].bytes),
                number_bytes(with, of[CLASS_INDIRECT].bytes), number_bytes(possible, of[CLASS_POSSIBLE].bytes), path);
}

/* The exit code: the program's own, unless it did well and the judgement is bad. */
static int run_judge(struct judgement *judgement, const char *path, int exit_code)
{
    struct error error = {0};
    if (!judgement_make(judgement, path, &error)) {
        int failed = cmd_fail(&error);
        return exit_code ? exit_code : failed;
    }
    return judgement->has_found && !exit_code ? CMD_FOUND : exit_code;
}

/* A process that was joined: how, and how to leave it. */
static void run_say_joined(const struct recording *recording)
{
    const struct attach *attach = recording->target.attach;
    char held[NUMBER_ROOM], most[NUMBER_ROOM], slots[NUMBER_ROOM];
    fprintf(stderr, "heaptracer: process %d is recorded: %s places lead to us, one thread was held for %s and the others for %s at most; %s\n",
            (int)recording->target.pid, number_count(slots, attach->slots), number_duration(held, attach->held_ns), number_duration(most, attach->longest_ns),
            attach->duration_ns ? "Ctrl-C detaches sooner" : "Ctrl-C detaches");
}

/* From the program that waits to the trace that is closed. */
static int run_go(struct run *run, struct recording *recording, const struct run_texts *texts, struct error *error)
{
    struct cost_definition cost;
    struct trace_totals totals;
    recording_begin(recording);
    bool started = target_go(&recording->target, error);
    if (started && recording->target.attach) {
        recording_joined(recording);
        if (run->live)
            run_live_ready(&run->view, recording->target.pid, recording->path, run->force, error);
        else if (!run->quiet)
            run_say_joined(recording);
    }
    if (started)
        recording_run(recording);
    bool written = recording_end(recording, &cost, &totals);
    int exit_code = CMD_FAILED;
    if (!started)
        path_remove_output(str_text(&texts->out));
    else if (written)
        exit_code = run_exit_code(recording->wait_status);
    if (started && written && !run->quiet)
        summary_line(str_text(&texts->out), &totals, &cost, recording->shm);
    if (started && recording->guard && (!run->quiet || recording->faults.count))
        fault_watch_say(&recording->faults, recording->shm);
    if (started && run->guard == GUARD_FULL)
        run_say_unpaged(recording);
    if (started && recording->guard)
        run_say_no_look(recording);
    run->judgement.faults = recording->faults.count;
    if (started && written)
        exit_code = run_judge(&run->judgement, str_text(&texts->out), exit_code);
    if (started && run->leaks && (!run->quiet || !recording->holds.scans))
        run_say_leaks(recording, str_text(&texts->out));
    if (started)
        run_say_unseen(recording);
    if (started)
        run_say_own_malloc(&recording->target);
    shm_free(recording->shm);
    fault_watch_done(&recording->faults);
    return exit_code;
}

/* Nothing was started, so there is nothing to be kept. */
static void run_cancel(struct recording *recording)
{
    target_cancel(&recording->target);
    if (recording->writer) {
        trace_writer_close(recording->writer, NULL, NULL, NULL);
        path_remove_output(recording->path);
    }
}

static int run_forked(struct run *run, const struct opt_words *words, struct recording *recording, struct error *error)
{
    struct run_texts texts = {0};
    int exit_code = CMD_FAILED;
    bool is_asked_by_runtime = recording->target.adopted && !recording->target.attach;
    run_texts_fill(&texts, words, run, &recording->target);
    if (!run->force && !access(str_text(&texts.out), F_OK))
        error_set(error, ERROR_USAGE, is_asked_by_runtime ? "%s exists; name another in HEAPTRACER_OUTPUT, where %%p is the number of the process"
                                                          : "%s exists; -f replaces it, -o FILE writes elsewhere", str_text(&texts.out));
    else
        recording->writer = run_writer(run, &texts, &recording->target, error);
    recording->path = str_text(&texts.out);
    bool is_ready = recording->writer && (!run->live || recording->target.attach || run_live_ready(&run->view, recording->target.pid, recording->path, run->force, error));
    if (is_ready)
        exit_code = run_go(run, recording, &texts, error);
    else
        run_cancel(recording);
    run_texts_done(&texts);
    return exit_code;
}

static int run_record(struct run *run, const struct opt_words *words, const struct target *adopted, struct error *error)
{
    struct recording recording = {.delay_ns = run->delay_ns, .paused = run->start_paused, .guard = run->guard, .follow = !run->no_follow, .leaks = run->leaks};
    int exit_code = CMD_USAGE;
    recording.regions = (struct memory_words){run->roots.at, run->heaps.at, 0};
    uint32_t fail_rate = 0;
    if (run->fail_rate)
        run_fail_rate(run->fail_rate, &fail_rate);
    if (adopted)
        recording.target = *adopted;
    if (!run_check(run, error) || (!adopted && !target_find(&recording.target, words->at, error)) ||
        !judgement_open(&run->judgement, &run->judged, run->leaks, run->guard, error))
        return exit_code;
    if (run->tag_bits)
        memory_word_tag_bits(run->tag_bits, &recording.regions.tag_bits, error);
    clock_start(&recording.clock, run->clock ? HT_CLOCK_MONOTONIC : clock_choose_for(recording.target.clock));
    if (!session_open(&recording.session,
                      &(struct session_config){.flags = run_flags(run),
                                               .policy = (enum ht_policy)run->policy,
                                               .clock = recording.clock.kind,
                                               .clock_start = recording.clock.start_ticks,
                                               .lane_bytes = run->lane_bytes,
                                               .depth_limit = (uint32_t)run->depth,
                                               .sample_bytes = run->sample_bytes,
                                               .quarantine_bytes = run->quarantine_bytes,
                                               .pages_most = run_pages_most(run),
                                               .fail_nth = run->fail_nth,
                                               .fail_rate = fail_rate,
                                               .page_every = run->guard == GUARD_FULL ? 1 : (uint32_t)run->page_every,
                                               .page_align = (uint32_t)run->page_align,
                                               .page_before = run->side == SIDE_BEFORE,
                                               .recording = true},
                      error)) {
        judgement_close(&run->judgement);
        return exit_code;
    }
    if (target_fork(&recording.target, words->at, recording.session.path, error))
        exit_code = run_forked(run, words, &recording, error);
    session_close(&recording.session);
    judgement_close(&run->judgement);
    return exit_code;
}

/* The exit code: the first run's, if the second one found nothing. */
static int run_both_sides(struct run *run, const struct opt_words *words, const struct target *adopted, struct error *error)
{
    struct run_side side = {0};
    if (run->guard != GUARD_FULL || run->live || finding_files_are_wanted(&run->judged.files)) {
        error_set(error, ERROR_USAGE, "--guard-side both runs the program twice: it needs --guard=full, and no --live, --sarif or --junit");
        return CMD_USAGE;
    }
    run->side = (int)run_side_next(&side, &run->out);
    int exit_code = run_record(run, words, adopted, error);
    return exit_code ? exit_code : side.exit_code;
}

int run_words(int argc, char **argv, const struct target *adopted)
{
    struct run run = {.lane_bytes = 512 * 1024, .quarantine_bytes = 2 * 1024 * 1024, .page_every = 1000, .page_align = 16};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_run_table, &run, argc, argv, &words, &exit_code))
        return exit_code;
    run.view.is_joined = adopted && adopted->attach;
    if (run.policy == HT_POLICY_SAMPLE && !run.sample_bytes)
        run.sample_bytes = 512 * 1024;
    if ((run.fail_nth || run.fail_rate) && !run.guard)
        run.guard = 1;
    if (run.fail_all_sites && run.live)
        error_set(&error, ERROR_USAGE, "--fail-all-sites runs the program many times: leave out --live");
    else if (run.fail_all_sites)
        exit_code = fail_sites_run(&words, &error);
    else if (run.live && run_live_part(&run.view, &error) && !run.view.is_recorder)
        exit_code = run_live_watch(&run.view);
    else if (run.side == SIDE_BOTH)
        exit_code = run_both_sides(&run, &words, adopted, &error);
    else if (!error.kind)
        exit_code = run_record(&run, &words, adopted, &error);
    if (error.kind != ERROR_NONE && run.live)
        run_live_cancel(&run.view);
    if (error.kind != ERROR_NONE)
        exit_code = cmd_fail(&error);
    opt_words_done(&words);
    return exit_code;
}

int cmd_run(int argc, char **argv)
{
    return run_words(argc, argv, NULL);
}
