/* trace_lines: in a trace and the name of a program, out its heap events in the words of reference.c, one line each, for a comparison line by line.
 *
 * usage: trace_lines TRACE PROGRAM
 * Lines of events whose stack was cut begin with "cut ". Frames of libreference.so, which are innermost, are left out. Exit code 3: it cannot be read
 * to its end, or events are missing in it. */
#include <heaptracer/trace.h>

#include "host/base/error.h"
#include "host/base/memory.h"
#include "host/base/vec.h"
#include "wire/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const api_names[] = {
    [HT_API_NONE] = "?",
#define HT_API(name, text, role) [HT_API_##name] = text,
#include "wire/api.def"
#undef HT_API
};

struct frame {
    uint32_t parent, module;
    uint64_t offset;
};

struct lines {
    const char *program;
    VEC(struct frame) frames;  /* by id */
    VEC(char *) modules;       /* file names by id */
    VEC(uint32_t) tids;        /* by thread id */
    VEC(bool) wanted;          /* by process id: its image is the program */
    uint64_t lost;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Element `id`, made if it is not there yet. */
#define AT(vec, id) (*(vec_extend(&(vec), (size_t)(id) + 1), (vec).at + (id)))

static void define(struct lines *lines, const struct event *event)
{
    if (event->kind == EVENT_FRAME) {
        const struct frame_definition *frame = event->define;
        AT(lines->frames, frame->id) = (struct frame){frame->parent, frame->module, frame->offset};
    } else if (event->kind == EVENT_MODULE) {
        const struct module_definition *module = event->define;
        const char *file = strcmp(module->path, "[vdso]") ? base_name(module->path) : "linux-vdso.so"; /* as the loader calls it */
        char *name = memory_copy_text(file), *end = strstr(name, ".so");
        if (end)
            end[3] = '\0'; /* as in reference.c */
        memory_free(AT(lines->modules, module->id)); /* loaded again */
        AT(lines->modules, module->id) = name;
    } else if (event->kind == EVENT_THREAD) {
        const struct thread_definition *thread = event->define;
        AT(lines->tids, thread->id) = thread->tid;
    } else if (event->kind == EVENT_PROCESS) {
        const struct process_definition *process = event->define;
        AT(lines->wanted, process->id) = !strcmp(base_name(process->command), lines->program);
    } else if (event->kind == EVENT_GAP)
        lines->lost += event->size ? event->size : 1;
}

static void print_stack(struct lines *lines, uint32_t stack)
{
    bool inside = true;
    for (uint32_t id = stack; id; id = AT(lines->frames, id).parent) {
        struct frame frame = AT(lines->frames, id);
        const char *module = frame.module ? AT(lines->modules, frame.module) : "?";
        inside = inside && !strcmp(module, "libreference.so");
        if (!inside)
            printf(" %s+%" PRIx64, module, frame.offset);
    }
}

static void print_event(struct lines *lines, const struct event *event)
{
    static const char kinds[] = {[EVENT_ALLOC] = 'A', [EVENT_FREE] = 'F', [EVENT_RESIZE_END] = 'R', [EVENT_REFUSE] = 'X'};
    if (event->kind >= sizeof kinds || !kinds[event->kind] || !AT(lines->wanted, event->process))
        return;
    printf("%s%" PRIu32 " %c %s %" PRIu64 " %d %" PRIx64 " %" PRIx64 " |", event->flags & EVENT_TRUNCATED ? "cut " : "", AT(lines->tids, event->thread),
           kinds[event->kind], api_names[event->api < HT_API_COUNT ? event->api : 0], event->size, event->alignment_log2, event->address, event->old_address);
    print_stack(lines, event->stack);
    putchar('\n');
}

static void lines_done(struct lines *lines)
{
    for (size_t i = 0; i < lines->modules.count; i++)
        memory_free(lines->modules.at[i]);
    vec_done(&lines->modules);
    vec_done(&lines->frames);
    vec_done(&lines->tids);
    vec_done(&lines->wanted);
}

int main(int argc, char **argv)
{
    struct error error = {0};
    struct event event;
    if (argc != 3) {
        fprintf(stderr, "usage: trace_lines TRACE PROGRAM\n");
        return 2;
    }
    struct lines lines = {.program = argv[2]};
    struct trace_reader *reader = trace_open(argv[1], &error);
    while (reader && trace_next(reader, &event, &error)) {
        define(&lines, &event);
        print_event(&lines, &event);
    }
    if (reader)
        trace_close(reader);
    lines_done(&lines);
    if (error.kind != ERROR_NONE)
        fprintf(stderr, "trace_lines: %s\n", error.text);
    if (lines.lost)
        fprintf(stderr, "trace_lines: %" PRIu64 " events are missing in the trace\n", lines.lost);
    return error.kind != ERROR_NONE || lines.lost ? 3 : 0;
}
