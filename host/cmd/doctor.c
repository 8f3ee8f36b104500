/* doctor: in this machine, and maybe a process, out what can be traced here, what is missing, and the mend of each. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd.h"
#include "host/base/number.h"
#include "host/launch/attach.h"
#include "host/launch/search.h"
#include "host/launch/standstill.h"
#include "host/launch/target.h"
#include "host/probe/probe_ring.h"
#include "host/view/paint.h"
#include "page.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

struct doctor_options {
    struct page_options page;
};

static const struct opt doctor_options[] = {
    PAGE_OPTIONS(struct doctor_options, page),
    {0},
};

static const struct opt_example doctor_examples[] = {
    {"heaptracer doctor", "what can be traced on this machine, and what to do where something cannot"},
    {"heaptracer doctor 4711", "also, whether 'heaptracer attach' can join process 4711"},
    {"heaptracer doctor --json | jq '.tables[0].rows'", "the same for a script"},
    {0},
};

const struct opt_command cmd_doctor_table = {
    .name = "heaptracer doctor",
    .usage = "[options] [PID]",
    .about = "Say what can be traced here, what is missing, and how to mend it",
    .manual = "Looks at the kernel, at what is installed and at the rights of this user; it changes nothing. Exit codes: 0 all that recording needs is here; 1 "
              "something that it needs is missing; 2 wrong usage. What is only slower, or for firmware, is told, but is no reason for a 1.",
    .options = doctor_options,
    .examples = doctor_examples,
    .see_also = "heaptracer run, heaptracer attach, heaptracer listen",
    .most_words = 1,
};

enum { WHAT, STATE, FOUND, MEND, COLUMNS };
static const struct column columns[] = {
    [WHAT] = {"what", "What", "", "that can be done, and by which command", COLUMN_TEXT},
    [STATE] = {"state", "State", "", "ok; slower: it works, in another way; missing", COLUMN_TEXT},
    [FOUND] = {"found", "Found", "", "what was looked at", COLUMN_TEXT},
    [MEND] = {"mend", "Mend", "", "what to do; empty where nothing needs to be done", COLUMN_TEXT},
};

enum doctor_state { DOCTOR_OK, DOCTOR_SLOWER, DOCTOR_MISSING };

struct doctor {
    struct table table;
    bool lacks; /* something that recording needs */
};

static void row_put(struct doctor *doctor, const char *what, enum doctor_state state, const char *found, const char *mend)
{
    static const char *const words[] = {"ok", "slower", "missing"};
    union cell *row = table_row(&doctor->table);
    row[WHAT].text = what;
    row[STATE].text = words[state];
    row[FOUND].text = table_text(&doctor->table, "%s", found);
    row[MEND].text = state == DOCTOR_OK ? "" : table_text(&doctor->table, "%s", mend);
}

static void look_runtime(struct doctor *doctor)
{
    char shell[] = "/bin/sh", *words[] = {shell, NULL};
    struct target target = {0};
    struct error error = {0};
    bool is_here = target_find(&target, words, &error);
    row_put(doctor, "record a program (run)", is_here ? DOCTOR_OK : DOCTOR_MISSING, is_here ? target.library : "no runtime for /bin/sh", error.text);
    doctor->lacks |= !is_here;
}

static void look_room(struct doctor *doctor)
{
    enum { LEAST = 64 << 20 };
    struct statvfs room;
    char text[NUMBER_ROOM];
    struct str found = {0};
    uint64_t free_bytes = statvfs("/dev/shm", &room) ? 0 : (uint64_t)room.f_bavail * room.f_frsize;
    str_add_format(&found, "%s free in /dev/shm", number_bytes(text, free_bytes));
    row_put(doctor, "shared memory for its events", free_bytes >= LEAST ? DOCTOR_OK : DOCTOR_SLOWER, str_text(&found),
            "each thread takes 512 KiB: mount -o remount,size=256M /dev/shm, in a container --shm-size=256m; until then $TMPDIR is used");
    str_done(&found);
}

static bool has_flag(const char *flag)
{
    char line[8192];
    bool is_there = false;
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && !is_there && fgets(line, sizeof line, file))
        is_there = !strncmp(line, "flags", 5) && strstr(line, flag);
    if (file)
        fclose(file);
    return is_there;
}

static void look_clock(struct doctor *doctor)
{
    bool is_counter = has_flag(" constant_tsc") && has_flag(" nonstop_tsc");
#if defined __aarch64__
    is_counter = true;
#endif
    row_put(doctor, "stamps by the processor's counter", is_counter ? DOCTOR_OK : DOCTOR_SLOWER, is_counter ? "one counter for all cores" : "no counter that all cores share",
            "nothing: the kernel's clock is used, about 15 ns more an event");
}

static void look_ptrace(struct doctor *doctor)
{
    enum { YAMA_CHILDREN = 1 };
    long scope = standstill_scope();
    struct str found = {0};
    bool is_free = !geteuid() || scope < YAMA_CHILDREN;
    str_add_format(&found, "%s, kernel.yama.ptrace_scope is %ld", geteuid() ? "not root" : "root", scope < 0 ? 0 : scope);
    row_put(doctor, "join a process that runs (attach)", is_free ? DOCTOR_OK : DOCTOR_MISSING, str_text(&found), "run it as root, or: sudo sysctl kernel.yama.ptrace_scope=0");
    str_done(&found);
}

static void look_probe(struct doctor *doctor)
{
    struct error why = {0};
    bool is_there = probe_rings_check(&why);
    row_put(doctor, "record with nothing in the process (probe)", is_there ? DOCTOR_OK : DOCTOR_MISSING, is_there ? "perf events" : "no perf events for us", why.text);
}

static void look_watch(struct doctor *doctor)
{
    struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_WP_ASYNC};
    int watch = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    bool is_there = watch >= 0 && !ioctl(watch, UFFDIO_API, &api);
    if (watch >= 0)
        close(watch);
    row_put(doctor, "search for leaks with a short stop (leaks)", is_there ? DOCTOR_OK : DOCTOR_SLOWER,
            is_there ? "the kernel notes which pages are written to" : "no asynchronous write notes of pages (Linux 6.7)",
            "nothing: the program is copied by a fork, and stands still about 70 ms a GiB");
}

static void look_guard(struct doctor *doctor)
{
    long page = sysconf(_SC_PAGESIZE);
    void *at = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool is_there = at != MAP_FAILED && !madvise(at, (size_t)page, MADV_GUARD_INSTALL);
    if (at != MAP_FAILED)
        munmap(at, (size_t)page);
    row_put(doctor, "guard pages that cost no mapping (run --guard)", is_there ? DOCTOR_OK : DOCTOR_SLOWER,
            is_there ? "MADV_GUARD_INSTALL" : "no MADV_GUARD_INSTALL (Linux 6.13)", "sysctl vm.max_map_count=1000000, if --guard=full runs out of mappings");
}

static void look_names(struct doctor *doctor)
{
    const char *servers = getenv("DEBUGINFOD_URLS");
    bool is_there = servers && *servers;
    row_put(doctor, "names of stripped libraries (--debuginfod)", is_there ? DOCTOR_OK : DOCTOR_SLOWER, is_there ? servers : "DEBUGINFOD_URLS is not set",
            "install -dbgsym packages, or: export DEBUGINFOD_URLS=https://debuginfod.debian.net");
}

static void look_emulators(struct doctor *doctor)
{
    static const char *const names[] = {"qemu-system-arm", "qemu-system-riscv32", "qemu-system-xtensa", "qemu-system-avr"};
    struct str found = {0};
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (search_path(names[i], path))
            str_add_format(&found, "%s%s", found.count ? ", " : "", names[i]);
    row_put(doctor, "trace an unmodified firmware (emulate)", found.count ? DOCTOR_OK : DOCTOR_MISSING, found.count ? str_text(&found) : "no QEMU",
            "apt install qemu-system-arm qemu-system-misc");
    str_done(&found);
}

static bool is_serial(const char *name)
{
    return !strncmp(name, "ttyUSB", 6) || !strncmp(name, "ttyACM", 6);
}

static void look_serial(struct doctor *doctor)
{
    DIR *folder = opendir("/dev");
    struct dirent *entry;
    struct str found = {0};
    size_t closed = 0;
    while (folder && (entry = readdir(folder)))
        if (is_serial(entry->d_name)) {
            closed += faccessat(dirfd(folder), entry->d_name, R_OK | W_OK, 0) != 0;
            str_add_format(&found, "%s/dev/%s", found.count ? ", " : "", entry->d_name);
        }
    if (folder)
        closedir(folder);
    if (found.count)
        row_put(doctor, "a board on a cable (listen serial:)", closed ? DOCTOR_MISSING : DOCTOR_OK, str_text(&found), "sudo usermod -aG dialout $USER, and log in again");
    else
        row_put(doctor, "a board on a cable (listen serial:)", DOCTOR_MISSING, "no /dev/ttyUSB or ttyACM", "plug it in; tcp:, udp:, unix: and file: work without");
    str_done(&found);
}

static bool look_process(struct doctor *doctor, const char *word, struct error *error)
{
    char *end;
    long pid = strtol(word, &end, 10);
    struct error why = {0};
    if (pid <= 0 || pid > 1 << 22 || *end)
        return error_set(error, ERROR_USAGE, "'%s' is not the number of a process", word);
    bool is_free = attach_check((pid_t)pid, false, &why);
    doctor->lacks |= !is_free;
    row_put(doctor, table_text(&doctor->table, "join process %ld (attach)", pid), is_free ? DOCTOR_OK : DOCTOR_MISSING,
            is_free ? "it can be joined" : "it cannot be joined", why.text);
    return true;
}

static void doctor_look(struct doctor *doctor)
{
    static void (*const looks[])(struct doctor *) = {look_runtime, look_room, look_clock, look_ptrace, look_probe, look_watch, look_guard, look_names, look_emulators, look_serial};
    struct utsname system;
    uname(&system);
    table_init(&doctor->table, "doctor", "This machine", "What can be traced here.", TABLE_ROWS, columns, COLUMNS);
    table_note(&doctor->table, "%s, Linux %s", system.machine, system.release);
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        looks[i](doctor);
}

/* For people: what is well in a line, what is not with its mend below. */
static void rows_say(struct page *page, const struct table *table)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const union cell *row = table_at(table, i);
        fprintf(page->terminal.out, "%-8s %-48s %s\n", row[STATE].text, row[WHAT].text, row[FOUND].text);
        if (*row[MEND].text)
            paint_paragraph(&page->view, page->terminal.out, PAINT_DIM, row[MEND].text, "         ");
    }
}

static int doctor_put(struct doctor *doctor, const struct doctor_options *options)
{
    struct page page;
    struct error error = {0};
    if (page_open(&page, &options->page, NULL, &error)) {
        page_start(&page, NULL, NULL);
        if (options->page.json || options->page.csv || options->page.columns)
            page_table(&page, &doctor->table, doctor->table.row_count, &error);
        else
            rows_say(&page, &doctor->table);
    }
    page_close(&page, NULL, &error);
    return error.kind ? cmd_fail(&error) : doctor->lacks ? CMD_FOUND : CMD_DONE;
}

int cmd_doctor(int argc, char **argv)
{
    struct doctor_options options = {0};
    struct doctor doctor = {0};
    struct opt_words words;
    struct error error = {0};
    int exit_code;
    if (!cmd_parse(&cmd_doctor_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    doctor_look(&doctor);
    exit_code = !words.count || look_process(&doctor, words.at[0], &error) ? doctor_put(&doctor, &options) : cmd_fail(&error);
    table_done(&doctor.table);
    opt_words_done(&words);
    return exit_code;
}
