/* run_live: one process records, in a session of its own, so that no key and no closed terminal ends it; the other shows. */
#include "run_live.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/utf8.h"
#include "host/launch/control.h"
#include "interactive.h"

static pid_t recorder; /* whom the viewer started */

/* The program's: a file for what it writes, and nothing to read where there was a terminal. */
static bool ends_set(struct run_live *live, struct error *error)
{
    strcpy(live->output, "heaptracer.XXXXXX");
    int out = mkostemp(live->output, O_CLOEXEC);
    if (out < 0)
        return error_set_errno(error, ERROR_WRITE, "the program's output cannot be kept in this folder");
    int in = isatty(STDIN_FILENO) ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    if (in >= 0)
        dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    close(out);
    if (in >= 0)
        close(in);
    return true;
}

bool run_live_part(struct run_live *live, struct error *error)
{
    if (!screen_check(error))
        return false;
    live->said = memfd_create("heaptracer", MFD_CLOEXEC);
    if (live->said < 0 || pipe2(live->report, O_CLOEXEC))
        return error_set_errno(error, ERROR_READ, "the recorder cannot be started");
    recorder = fork();
    if (recorder < 0)
        return error_set_errno(error, ERROR_READ, "the recorder cannot be started");
    live->is_recorder = recorder == 0;
    close(live->report[live->is_recorder ? 0 : 1]);
    if (!live->is_recorder)
        return true;
    setsid();
    bool is_set = live->is_joined || ends_set(live, error);
    if (live->is_joined || !is_set)
        dup2(live->said, STDERR_FILENO);
    return is_set;
}

bool run_live_ready(struct run_live *live, pid_t program, const char *trace, bool replaces, struct error *error)
{
    struct str name = {0}, line = {0};
    str_add_format(&name, "%s.out", trace);
    str_add_format(&line, "%d %s\n", (int)program, trace);
    bool is_good = live->is_joined || !renameat2(AT_FDCWD, live->output, AT_FDCWD, str_text(&name), replaces ? 0 : RENAME_NOREPLACE) ||
                   error_set_errno(error, ERROR_WRITE, "the program's output cannot go into %s", str_text(&name));
    dup2(live->said, STDERR_FILENO);
    is_good = is_good && (write(live->report[1], line.at, line.count) == (ssize_t)line.count || error_set_errno(error, ERROR_WRITE, "the viewer is gone"));
    if (is_good)
        live->output[0] = 0;
    close(live->report[1]);
    str_done(&name);
    str_done(&line);
    return is_good;
}

void run_live_cancel(struct run_live *live)
{
    if (!live->is_recorder)
        return;
    if (live->output[0])
        unlink(live->output);
    dup2(live->said, STDERR_FILENO);
}

/* What the recorder said meanwhile. */
static void said_print(const struct run_live *live)
{
    char bytes[4096];
    lseek(live->said, 0, SEEK_SET);
    for (ssize_t got; (got = read(live->said, bytes, sizeof bytes)) > 0;)
        fwrite(bytes, 1, (size_t)got, stderr);
}

static int recorder_await(const struct run_live *live)
{
    int status;
    if (waitpid(recorder, &status, 0) != recorder)
        return CMD_FAILED;
    said_print(live);
    return WIFEXITED(status) ? WEXITSTATUS(status) : CMD_FAILED;
}

static void left_say(long program, const char *trace)
{
    struct str text = {0};
    utf8_add_clean(&text, trace);
    fprintf(stderr, "heaptracer: the program runs on as process %ld, recorded into %s; what it writes goes into %s.out\n  next: heaptracer interactive %ld\n", program,
            str_text(&text), str_text(&text), program);
    str_done(&text);
}

/* Ctrl-C would not reach the recorder. One that has ended meanwhile is not asked. */
static void detach(long program)
{
    struct error error = {0};
    struct str answer = {0};
    control_ask((pid_t)program, "detach", &answer, &error);
    str_done(&answer);
}

int run_live_watch(struct run_live *live)
{
    static const struct page_options names = {0};
    char line[4200];
    FILE *report = fdopen(live->report[0], "r");
    struct interactive_end end = {0};
    struct error error = {0};
    bool is_there = report && fgets(line, sizeof line, report);
    if (report)
        fclose(report);
    if (!is_there)
        return recorder_await(live);
    line[strcspn(line, "\n")] = 0;
    char *trace;
    long program = strtol(line, &trace, 10);
    trace++;
    if (!interactive_show(trace, NULL, (enum theme)live->theme, &names, &end, &error))
        cmd_fail(&error);
    if (!end.is_over && live->is_joined)
        detach(program);
    if (end.is_over || live->is_joined)
        return recorder_await(live);
    left_say(program, trace);
    return error.kind ? error_exit_code(&error) : CMD_DONE;
}
