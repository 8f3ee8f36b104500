/* emulate: in a firmware that was built without HeapTracer, out its trace from a run in QEMU. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/path.h"
#include "host/emulate/qemu.h"
#include "host/emulate/watch.h"
#include "host/trace/writer.h"
#include "output.h"

struct emulate_values {
    const char *output;
    struct opt_list functions, free_functions;
    uint64_t time_ns, mhz;
    bool force, quiet;
};

static const struct opt emulate_options[] = {
    {OPT_TEXT, 'o', "output", offsetof(struct emulate_values, output), "FILE", "the trace", "the firmware's name with .htrc, in this folder", NULL, NULL},
    {OPT_FLAG, 'f', "force", offsetof(struct emulate_values, force), NULL, "replace a trace that is there", NULL, NULL, NULL},
    {OPT_LIST, 0, "function", offsetof(struct emulate_values, functions), "NAME:N", "a function that gives out memory too: its name, and the number of the "
     "argument, from 0, that is the size", NULL, NULL, NULL},
    {OPT_LIST, 0, "free-function", offsetof(struct emulate_values, free_functions), "NAME:N", "one that takes it back, and the argument that is the block", NULL, NULL, NULL},
    {OPT_TIME, 0, "time", offsetof(struct emulate_values, time_ns), "TIME", "end the firmware after so long", "when it ends itself, or at Ctrl-C", NULL, NULL},
    {OPT_COUNT, 0, "mhz", offsetof(struct emulate_values, mhz), "N", "count time as if the processor ran N million instructions a second", "100", NULL, NULL},
    {OPT_FLAG, 'q', "quiet", offsetof(struct emulate_values, quiet), NULL, "say nothing but errors", NULL, NULL, NULL},
    {0},
};

static const struct opt_example emulate_examples[] = {
    {"heaptracer emulate app.elf -- -M mps2-an385 -serial stdio", "an Arm firmware on QEMU's board, its UART here"},
    {"heaptracer emulate app.elf --time 10s -- -M virt -bios none", "a RISC-V firmware that never ends, for ten seconds"},
    {"heaptracer emulate app.elf --function pool_get:1 -- -M netduinoplus2", "with an allocator of its own"},
    {0},
};

const struct opt_command cmd_emulate_table = {
    .name = "heaptracer emulate",
    .usage = "[options] FIRMWARE [-- QEMU-WORD...]",
    .about = "Record a firmware that is not rebuilt, as it runs in QEMU",
    .manual = "FIRMWARE is an ELF file with symbols for Arm Cortex-M, RISC-V (32 and 64 bits) or Xtensa lx106 (ESP8266; -M sim -cpu lx106). "
              "It is run by the QEMU of its processor with the words behind --, "
              "which choose the board; their first may be the QEMU program itself. Breakpoints stand at its malloc, free, calloc, realloc, memalign, their _r "
              "forms, operator new and delete, FreeRTOS's, Zephyr's, ESP-IDF's and MicroPython's own, as far as the symbol table has them, and at those that "
              "--function names; of functions that call each other the outermost counts. They are set through QEMU's gdb stub, which also tells registers and "
              "stack: stacks are walked by the ELF file's call frame information, by Arm's exception tables, or by RISC-V's frame pointers. Nothing in the "
              "firmware is changed, and its time does not pass while it stands still.\n\n"
              "Time in the trace is the number of instructions that ran, counted by a plugin in QEMU, by --mhz. An allocation costs some hundred microseconds of "
              "real time.\n\n"
              "The exit status is QEMU's (128 + N if signal N ended it), or 0 where --time or Ctrl-C ended it. Exit codes of its own: 2 when the firmware cannot "
              "be watched, 3 when a file cannot be read or written.",
    .options = emulate_options,
    .examples = emulate_examples,
    .see_also = "heaptracer analyze, heaptracer run",
    .least_words = 1,
    .most_words = OPT_ANY_WORDS,
};

struct emulation {
    const struct emulate_values *values;
    const char *path;
    char *output;
    struct trace_writer *writer;
    struct firmware firmware;
    struct builder builder;
    struct remote remote;
    struct qemu qemu;
    struct watch watch;
    enum watch_end end;
};

static bool writer_begin(void *context, const struct trace_header *header, struct error *error)
{
    struct emulation *emulation = context;
    struct trace_writer_config config = {.path = emulation->output, .replace = emulation->values->force, .header = *header};
    emulation->writer = trace_writer_new(&config, error);
    return emulation->writer != NULL;
}

static void writer_put(void *context, const struct event *event)
{
    trace_writer_put(((struct emulation *)context)->writer, event, 1);
}

/* It has no SA_RESTART: it is to end the wait for a breakpoint. */
static void on_signal(int number)
{
    (void)number;
}

static void output_name(struct emulation *emulation)
{
    struct str name = {0};
    if (emulation->values->output)
        str_add(&name, emulation->values->output);
    else
        str_add_format(&name, "%s.htrc", path_name(emulation->path));
    emulation->output = name.at;
}

static bool functions_add(struct emulation *emulation, struct error *error)
{
    const struct opt_list *lists[] = {&emulation->values->functions, &emulation->values->free_functions};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            if (!firmware_add(&emulation->firmware, lists[i]->at[j], i ? ALLOCATOR_FREE : ALLOCATOR_ALLOC, error))
                return false;
    return emulation->firmware.allocators.count ||
           error_set(error, ERROR_USAGE, "the firmware's symbol table has no function that gives out memory by a known name; name one with --function NAME:SIZE-ARGUMENT");
}

static bool trace_begin(struct emulation *emulation, const struct import_sink *sink, double ns_per_instruction, struct error *error)
{
    struct str about = {0};
    str_add_format(&about, "recorded by breakpoints in QEMU; time is instructions, %g ns each", ns_per_instruction);
    struct builder_start start = {.recorder = "heaptracer " HT_VERSION, .machine = emulation->firmware.machine->name, .source = "QEMU", .thread = "firmware",
                                  .command = emulation->path, .about = str_text(&about), .pointer_bytes = emulation->firmware.machine->pointer_bytes,
                                  .tick_ns = ns_per_instruction < 1 ? 1 : (uint64_t)ns_per_instruction};
    builder_init(&emulation->builder, sink);
    bool is_good = builder_begin(&emulation->builder, &start, error);
    str_done(&about);
    return is_good;
}

static bool watch_all(struct emulation *emulation, const struct import_sink *sink, char **words, size_t count, struct error *error)
{
    double ns = 1000.0 / (double)(emulation->values->mhz ? emulation->values->mhz : 100);
    int timeout = emulation->values->time_ns ? (int)(emulation->values->time_ns / 1000000) : -1;
    if (!qemu_start(&emulation->qemu, emulation->firmware.machine, emulation->path, words, count, error))
        return false;
    emulation->remote.fd = emulation->qemu.fd;
    if (!remote_begin(&emulation->remote))
        return error_set(error, ERROR_USAGE, "QEMU ended, or does not answer: it said why, or its words are not those of a board");
    emulation->watch = (struct watch){.remote = &emulation->remote, .firmware = &emulation->firmware, .builder = &emulation->builder,
                                      .instructions = emulation->qemu.instructions, .ns_per_instruction = ns};
    if (!trace_begin(emulation, sink, ns, error))
        return false;
    emulation->watch.module = builder_module(&emulation->builder, emulation->path, 0, emulation->firmware.machine->pointer_bytes == 8 ? UINT64_MAX : UINT32_MAX, 0);
    if (!watch_begin(&emulation->watch, error))
        return false;
    emulation->end = watch_run(&emulation->watch, timeout, error);
    return emulation->end != WATCH_FAILED;
}

static void result_say(const struct emulation *emulation, const struct trace_totals *totals)
{
    const struct watch *watch = &emulation->watch;
    if (watch->lost_calls)
        fprintf(stderr, "heaptracer: note: %llu calls did not return\n", (unsigned long long)watch->lost_calls);
    if (watch->cut)
        fprintf(stderr, "heaptracer: note: %llu stacks do not reach the root: parts of the firmware have no call frame information\n", (unsigned long long)watch->cut);
    fprintf(stderr, "heaptracer: %s: %llu events; look at it with: heaptracer analyze %s\n", emulation->output, (unsigned long long)totals->events, emulation->output);
}

static int status_of(const struct emulation *emulation)
{
    int status = emulation->qemu.status;
    if (emulation->end == WATCH_TIME_OUT)
        return CMD_DONE;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int emulation_end(struct emulation *emulation, bool is_good, struct error *error)
{
    struct error problem = {0};
    struct trace_totals totals = {0};
    qemu_end(&emulation->qemu, !is_good || emulation->end == WATCH_TIME_OUT);
    watch_done(&emulation->watch);
    builder_end(&emulation->builder);
    if (emulation->writer && trace_writer_close(emulation->writer, NULL, &totals, &problem) && is_good && !emulation->values->quiet)
        result_say(emulation, &totals);
    firmware_close(&emulation->firmware);
    memory_free(emulation->output);
    return error->kind ? cmd_fail(error) : problem.kind ? cmd_fail(&problem) : status_of(emulation);
}

int cmd_emulate(int argc, char **argv)
{
    struct emulate_values values = {0};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_emulate_table, &values, argc, argv, &words, &exit_code))
        return exit_code;
    struct emulation emulation = {.values = &values, .path = words.at[0], .qemu = {.pid = -1, .fd = -1}};
    struct import_sink sink = {writer_begin, writer_put, &emulation};
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    output_name(&emulation);
    bool is_good = output_differs(emulation.output, emulation.path, &error) &&
                   (values.force || access(emulation.output, F_OK) || error_set(&error, ERROR_WRITE, "'%s' is there already; --force replaces it", emulation.output)) &&
                   firmware_open(&emulation.firmware, emulation.path, &error) && functions_add(&emulation, &error) &&
                   watch_all(&emulation, &sink, words.at + 1, words.count - 1, &error);
    exit_code = emulation_end(&emulation, is_good, &error);
    opt_words_done(&words);
    return exit_code;
}
