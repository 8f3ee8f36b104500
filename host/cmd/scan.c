/* scan: the marker is a fork of the recorder, so that it knows the blocks as they were at that moment; what it finds comes back through a file in memory. */
#include "scan.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/reach/survey.h"

enum {
    BLOCKS_MOST = 100000, /* records of single blocks */
    MAX_FILES = 1 << 20,
};

/* What the marker writes: one after the other, each with its text behind it. The totals come last. */
enum found_kind { FOUND_SITE, FOUND_BLOCK, FOUND_WHY, FOUND_TOTALS };
struct found {
    uint32_t kind, text_bytes;
    struct survey_finding finding;
    struct survey_totals totals;
};

struct marker {
    const struct scan *scan;
    FILE *out;
    uint64_t blocks;
    VEC(struct reach_block) living;
    VEC(struct reach_thread) threads;
    VEC(struct reach_range) own;
};

static void marker_write(struct marker *marker, enum found_kind kind, const struct survey_finding *finding, const char *text)
{
    struct found found = {.kind = kind, .text_bytes = (uint32_t)strlen(text)};
    if (finding)
        found.finding = *finding;
    fwrite(&found, sizeof found, 1, marker->out);
    fwrite(text, found.text_bytes, 1, marker->out);
}

static void hear_site(void *context, const struct survey_finding *finding)
{
    marker_write(context, FOUND_SITE, finding, finding->chain);
}

static void hear_block(void *context, const struct survey_finding *finding)
{
    struct marker *marker = context;
    if (marker->blocks++ < BLOCKS_MOST)
        marker_write(marker, FOUND_BLOCK, finding, finding->chain);
}

static void hear_why(void *context, const char *line)
{
    marker_write(context, FOUND_WHY, NULL, line);
}

static void hear_unknown(void *context, const char *word)
{
    const struct marker *marker = context;
    fprintf(stderr, "heaptracer: process %u has no variable '%s': --root and --heap-region want one of a symbol table, or 0xADDRESS+SIZE\n",
            marker->scan->config.process.pid, word);
}

static void marker_see(void *context, ht_addr address, uint64_t size, uint32_t stack)
{
    struct marker *marker = context;
    vec_push(&marker->living, ((struct reach_block){.address = address, .size = size, .stack = stack}));
}

static void marker_fill(struct marker *marker)
{
    const struct scan *scan = marker->scan;
    const struct standstill *standstill = &scan->standstill;
    uint32_t number = 0;
    trace_writer_each_block(scan->config.writer, scan->config.process.serial, marker_see, marker);
    for (size_t i = 0; i < standstill->threads.count; i++) {
        const struct standstill_thread *thread = standstill->threads.at + i;
        bool ends = scan->config.moment != SCAN_ASKED && (uint32_t)thread->tid == scan->config.process.tid;
        struct reach_thread one = {.tid = (uint32_t)thread->tid,
                                   .is_whole = thread->held,
                                   .stack = thread->stack,
                                   .pointer = thread->pointer,
                                   .frames = ends ? scan->config.process.stack : 0,
                                   .registers = standstill->words.at + thread->first_word,
                                   .register_count = thread->words};
        if (!thread->ended)
            vec_push(&marker->threads, one);
    }
    for (uint64_t start, bytes; shm_own_memory(scan->config.shm, scan->config.process.serial, &number, &start, &bytes);)
        vec_push(&marker->own, ((struct reach_range){start, start + bytes}));
}

static void marker_run(struct marker *marker, FILE *maps)
{
    const struct scan_config *config = &marker->scan->config;
    struct survey_totals totals;
    marker_fill(marker);
    struct survey_config reach = {.pid = standstill_memory_pid(&marker->scan->standstill),
                                 .memory = marker->scan->standstill.memory,
                                 .pagemap = marker->scan->standstill.pagemap,
                                 .still = marker->scan->has_still ? &marker->scan->still : NULL,
                                 .maps = maps,
                                 .blocks = marker->living.at,
                                 .block_count = marker->living.count,
                                 .roots = {.threads = marker->threads.at,
                                           .thread_count = marker->threads.count,
                                           .left_out = marker->own.at,
                                           .left_out_count = marker->own.count,
                                           .session = config->session,
                                           .knows_heap = config->process.knows_heap,
                                           .heap_counts = !config->knows_all || config->process.how == 1,
                                           .pointer_bytes = config->pointer_bytes},
                                 .regions = config->regions,
                                 .why = config->why};
    struct survey_hear hear = {hear_site, hear_block, hear_unknown, hear_why, marker};
    survey_run(&reach, &hear, &totals);
    struct found found = {.kind = FOUND_TOTALS, .totals = totals};
    fwrite(&found, sizeof found, 1, marker->out);
}

/* What the recorder has open is not ours: a socket that we held would keep whoever asked waiting. */
static void marker_close(const struct scan *scan)
{
    const unsigned kept[] = {(unsigned)scan->result, (unsigned)scan->standstill.memory, (unsigned)scan->standstill.pagemap};
    unsigned last = 2;
    for (unsigned next; last < MAX_FILES; last = next) {
        next = MAX_FILES;
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            next = kept[i] > last && kept[i] < next ? kept[i] : next;
        if (next > last + 1)
            close_range(last + 1, next - 1, 0);
    }
}

/* Does not return: nothing of the recorder's is to be ended by it. */
static void marker_live(const struct scan *scan)
{
    char path[64];
    struct marker marker = {.scan = scan, .out = fdopen(scan->result, "w")};
    marker_close(scan);
    signal(SIGINT, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    snprintf(path, sizeof path, "/proc/%d/maps", (int)standstill_memory_pid(&scan->standstill));
    FILE *maps = scan->has_still ? fmemopen(scan->still.maps.at, scan->still.maps.count, "r") : fopen(path, "re");
    if (maps && marker.out)
        marker_run(&marker, maps);
    _exit(maps && marker.out && !fflush(marker.out) ? 0 : 1);
}

bool scan_begin(struct scan *scan, struct error *error)
{
    uint64_t stamp = scan->config.stamp ? scan->config.stamp : clock_now(scan->config.clock);
    if (!shm_drain(scan->config.shm, stamp, scan->config.stamp ? 0 : scan->config.process.pid))
        return error_set(error, ERROR_READ, "a thread does not finish what it tells, so the blocks of process %u are not known", scan->config.process.pid);
    scan->result = memfd_create("heaptracer-scan", MFD_CLOEXEC);
    scan->marker = scan->result < 0 ? -1 : fork();
    if (scan->marker == 0)
        marker_live(scan);
    return scan->marker > 0 || error_set_errno(error, ERROR_MEMORY, "the search for leaks cannot be started");
}

static void put_event(const struct scan *scan, enum event_kind kind, const struct event *more, const void *define)
{
    struct event event = *more;
    event.kind = (uint8_t)kind;
    event.process = scan->config.process.serial;
    event.time_ns = shm_time(scan->config.shm);
    event.define = define;
    trace_writer_put(scan->config.writer, &event, 1);
}

static void put_totals(struct scan *scan, const struct survey_totals *totals)
{
    scan->found = (struct scan_definition){.id = scan->config.id,
                                           .moment = scan->config.moment,
                                           .held_ns = scan->held_before_ns + standstill_held_ns(&scan->standstill),
                                           .mark_ns = totals->mark_ns,
                                           .block_bytes = totals->block_bytes,
                                           .root_bytes = totals->root_bytes};
    memcpy(scan->found.of, totals->of, sizeof scan->found.of);
    put_event(scan, EVENT_SCAN, &(struct event){.size = totals->unseen_blocks}, &scan->found);
}

static void put_finding(const struct scan *scan, enum event_kind kind, const struct survey_finding *finding, const char *chain)
{
    struct scan_site_definition site = {.scan = scan->config.id,
                                        .class = finding->class,
                                        .count = finding->count,
                                        .owner = finding->owner,
                                        .retained_bytes = finding->retained_bytes,
                                        .retained_count = finding->retained_count,
                                        .cycle = finding->cycle,
                                        .chain = chain};
    put_event(scan, kind, &(struct event){.address = finding->address, .size = finding->bytes, .stack = finding->stack}, &site);
}

/* All of one kind. False: the file ends before the totals. */
static bool result_read(struct scan *scan, FILE *in, enum found_kind wanted, struct str *why)
{
    struct found found;
    rewind(in);
    while (fread(&found, sizeof found, 1, in) == 1) {
        char *text = memory_new(found.text_bytes + (size_t)1, 1);
        bool is_whole = fread(text, 1, found.text_bytes, in) == found.text_bytes;
        if (is_whole && found.kind == wanted) {
            if (wanted == FOUND_TOTALS)
                put_totals(scan, &found.totals);
            else if (wanted == FOUND_WHY)
                str_add_format(why, "%s\n", text);
            else
                put_finding(scan, wanted == FOUND_SITE ? EVENT_SCAN_SITE : EVENT_SCAN_BLOCK, &found.finding, text);
        }
        memory_free(text);
        if (found.kind == FOUND_TOTALS)
            return true;
    }
    return false;
}

static bool result_take(struct scan *scan, struct str *why)
{
    FILE *in = fdopen(scan->result, "r");
    bool is_whole = in && result_read(scan, in, FOUND_TOTALS, why);
    if (is_whole) {
        result_read(scan, in, FOUND_SITE, why);
        result_read(scan, in, FOUND_BLOCK, why);
        result_read(scan, in, FOUND_WHY, why);
    }
    if (in) {
        fclose(in);
        scan->result = -1;
    }
    return is_whole;
}

bool scan_look(struct scan *scan, struct str *why, struct error *error)
{
    int status = 0;
    pid_t got = waitpid(scan->marker, &status, WNOHANG);
    if (got == 0)
        return false;
    scan->marker = 0;
    if (got > 0 && WIFEXITED(status) && !WEXITSTATUS(status) && result_take(scan, why))
        return true;
    error_set(error, ERROR_READ, "the search for leaks in process %u ended early%s", scan->config.process.pid,
              got > 0 && WIFSIGNALED(status) ? ": it was killed, perhaps since memory ran out" : "");
    return true;
}

void scan_done(struct scan *scan)
{
    if (scan->marker > 0) {
        kill(scan->marker, SIGKILL);
        while (waitpid(scan->marker, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (scan->result > 0)
        close(scan->result);
    still_done(&scan->still);
    standstill_end_copy(&scan->standstill);
    standstill_done(&scan->standstill);
}
