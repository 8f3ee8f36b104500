/* cmd_heap: in a process, out what its C library's malloc holds: used, kept for threads, free by list, and pages that are resident for nothing. */
#include "cmd.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/base/number.h"
#include "host/heap/glibc_walk.h"
#include "host/launch/standstill.h"
#include "page.h"

struct heap_options {
    struct page_options page;
    const char *tables;
};

static const char table_names[] = "heap_arenas|heap_free";

static const struct opt heap_table_options[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "What to show", NULL, NULL, NULL},
    {OPT_TEXT, 't', "table", offsetof(struct heap_options, tables), "NAME,...", "these tables, or all", "all", table_names, NULL},
    PAGE_OPTIONS(struct heap_options, page),
    {0},
};

static const struct opt_example heap_examples[] = {
    {"heaptracer heap 4711", "what malloc holds in process 4711"},
    {"heaptracer heap 4711 --table heap_free --limit 100", "its free chunks, by list and size"},
    {"heaptracer heap 4711 --json", "for a program"},
    {0},
};

const struct opt_command cmd_heap_table = {
    .name = "heaptracer heap",
    .usage = "[options] PID",
    .about = "Walk the heap of a process: what malloc holds free, and where",
    .manual = "Stops the process PID for some milliseconds and reads the structures of its C library's malloc: arenas, their heaps and chunks, the caches of its threads, "
              "fast, small, large and unsorted bins, and the top. Nothing is put into the process and no recording is needed.\n\n"
              "Only glibc 2.31 to 2.41 can be walked; 2.36 was compared with what mallinfo2 says. Sizes are of chunks, heads included. Blocks that are mappings of their "
              "own are not in the heap and not counted.",
    .options = heap_table_options,
    .examples = heap_examples,
    .see_also = "heaptracer dump, heaptracer analyze",
    .least_words = 1,
    .most_words = 1,
};

static const struct column arena_columns[] = {
    {"arena", "Arena", "", "0 is the main one; further ones are of threads", COLUMN_TEXT},
    {"address", "At", "", "address of its structure", COLUMN_ADDRESS},
    {"heaps", "Heaps", "", "pieces of address space that it has", COLUMN_COUNT},
    {"threads", "Threads", "", "that have it", COLUMN_COUNT},
    {"bytes", "Bytes", "", "of its heaps", COLUMN_BYTES},
    {"used_bytes", "Used", "", "in chunks that the program has, heads included; caches' own chunks are among them", COLUMN_BYTES},
    {"used_chunks", "Chunks", "", "that the program has", COLUMN_COUNT},
    {"caches", "Caches", "", "of threads, that lie in it", COLUMN_COUNT},
    {"cached_bytes", "Cached", "", "free chunks that a thread keeps for itself (tcache)", COLUMN_BYTES},
    {"fast_bytes", "Fast", "", "free chunks that are not joined yet (fast bins)", COLUMN_BYTES},
    {"unsorted_bytes", "Unsorted", "", "free chunks in no bin yet", COLUMN_BYTES},
    {"small_bytes", "Small", "", "free chunks in bins of one size", COLUMN_BYTES},
    {"large_bytes", "Large", "", "free chunks in bins of several sizes", COLUMN_BYTES},
    {"top_bytes", "Top", "", "free at its end", COLUMN_BYTES},
    {"largest_bytes", "Largest", "", "free chunk that is in no cache", COLUMN_BYTES},
    {"external", "External", "", "1 - largest_bytes / (fast + unsorted + small + large + top); 0 if nothing is free", COLUMN_RATIO},
    {"own_bytes", "Own", "", "structures, fences and ends", COLUMN_BYTES},
    {"resident_bytes", "Resident", "", "pages that are in memory", COLUMN_BYTES},
    {"idle_bytes", "Idle", "", "resident pages that hold no byte of a used chunk", COLUMN_BYTES},
    {"odd", "Odd", "", "chunks that are not as they should be: the process was stopped inside malloc, or its heap is damaged", COLUMN_COUNT},
};

static const struct column free_columns[] = {
    {"list", "List", "", "cache, fast, small, large, unsorted or top", COLUMN_TEXT},
    {"size", "Size", "", "of a chunk, head included", COLUMN_BYTES},
    {"chunks", "Chunks", "", "free ones of that size", COLUMN_COUNT},
    {"bytes", "Bytes", "", "size * chunks", COLUMN_BYTES},
};

static const char *const list_names[LIST_COUNT] = {"", "cache", "fast", "small", "large", "unsorted", "top"};

static uint64_t joined_bytes(const struct heap_arena *arena)
{
    uint64_t bytes = 0;
    for (int list = LIST_FAST; list < LIST_COUNT; list++)
        bytes += arena->free[list].bytes;
    return bytes;
}

static void arena_row(struct table *table, const char *name, const struct heap_arena *arena)
{
    union cell *row = table_row(table);
    uint64_t free_bytes = joined_bytes(arena);
    row[0].text = name;
    row[1].u = arena->address;
    row[2].u = arena->heaps;
    row[3].u = arena->threads;
    row[4].u = arena->bytes;
    row[5].u = arena->used.bytes;
    row[6].u = arena->used.count;
    row[7].u = arena->caches;
    row[8].u = arena->free[LIST_CACHE].bytes;
    row[9].u = arena->free[LIST_FAST].bytes;
    row[10].u = arena->free[LIST_UNSORTED].bytes;
    row[11].u = arena->free[LIST_SMALL].bytes;
    row[12].u = arena->free[LIST_LARGE].bytes;
    row[13].u = arena->free[LIST_TOP].bytes;
    row[14].u = arena->largest;
    row[15].f = free_bytes ? 1 - (double)arena->largest / (double)free_bytes : 0;
    row[16].u = arena->own;
    row[17].u = arena->resident;
    row[18].u = arena->idle;
    row[19].u = arena->odd;
}

static void arena_add(struct heap_arena *all, const struct heap_arena *arena)
{
    all->heaps += arena->heaps;
    all->threads += arena->threads;
    all->bytes += arena->bytes;
    all->used.bytes += arena->used.bytes;
    all->used.count += arena->used.count;
    all->caches += arena->caches;
    for (int list = 0; list < LIST_COUNT; list++)
        all->free[list].bytes += arena->free[list].bytes;
    all->largest = arena->largest > all->largest ? arena->largest : all->largest;
    all->own += arena->own;
    all->resident += arena->resident;
    all->idle += arena->idle;
    all->odd += arena->odd;
}

static void arenas_note(struct table *table, const struct glibc_walk *walk)
{
    for (size_t i = 0; i < walk->arenas.count; i++) {
        const struct heap_arena *arena = &walk->arenas.at[i];
        if (arena->bytes < arena->system)
            table_note(table, "arena %zu has %llu bytes from the system that were not found: parts of it lie outside of the break\n", i,
                       (unsigned long long)(arena->system - arena->bytes));
        if (arena->is_locked)
            table_note(table, "a thread was stopped inside arena %zu\n", i);
    }
    if (walk->odd)
        table_note(table, "%llu chunks or lists are not as they should be: the process was stopped inside malloc, or its heap is damaged\n", (unsigned long long)walk->odd);
    if (walk->is_cut)
        table_note(table, "there are more arenas, heaps or free chunks than are looked at\n");
}

static void arenas_table(struct table *table, const struct glibc_walk *walk)
{
    struct heap_arena all = {0};
    table_init(table, "heap_arenas", "Arenas", "what glibc's malloc holds, by arena", TABLE_ROWS, arena_columns, sizeof arena_columns / sizeof *arena_columns);
    for (size_t i = 0; i < walk->arenas.count; i++) {
        arena_row(table, table_text(table, "%zu", i), &walk->arenas.at[i]);
        arena_add(&all, &walk->arenas.at[i]);
    }
    arena_row(table, "all", &all);
    arenas_note(table, walk);
}

static void free_table(struct table *table, const struct glibc_walk *walk)
{
    table_init(table, "heap_free", "Free chunks", "of all arenas, by list and size", TABLE_ROWS, free_columns, sizeof free_columns / sizeof *free_columns);
    for (size_t i = 0; i < walk->sizes.count; i++) {
        const struct heap_size *size = &walk->sizes.at[i];
        union cell *row = table_row(table);
        row[0].text = list_names[size->list];
        row[1].u = size->bytes;
        row[2].u = size->count;
        row[3].u = size->bytes * size->count;
    }
}

static uint32_t word_of(pid_t pid)
{
    char path[64];
    unsigned char head[EI_CLASS + 1] = {0};
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, head, sizeof head);
    if (file >= 0)
        close(file);
    return got == sizeof head && head[EI_CLASS] == ELFCLASS32 ? 4 : 8;
}

/* What a look at one moment found. */
struct look {
    struct heap_memory memory;
    struct glibc_place place;
    struct glibc_walk walk;
    uint64_t held_ns;
};

static void look_done(struct look *look)
{
    glibc_walk_done(&look->walk);
    heap_memory_done(&look->memory);
}

static bool look_take(struct look *look, const struct standstill *standstill, struct error *error)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)standstill->pid);
    FILE *maps = fopen(path, "re");
    heap_memory_begin(&look->memory, standstill->memory, standstill->pagemap, word_of(standstill->pid));
    bool is_found = maps ? glibc_find(&look->memory, maps, &look->place, error) : error_set_errno(error, ERROR_READ, "%s cannot be read", path);
    if (maps)
        fclose(maps);
    if (is_found)
        glibc_walk_run(&look->walk, &look->memory, &look->place);
    return is_found;
}

static bool look_at(struct look *look, pid_t pid, struct error *error)
{
    struct standstill standstill;
    *look = (struct look){0};
    bool is_good = standstill_begin_all(&standstill, pid, error) && look_take(look, &standstill, error);
    while (!standstill_release(&standstill))
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    look->held_ns = standstill_held_ns(&standstill);
    standstill_done(&standstill);
    return is_good;
}

static bool is_quiet(const struct glibc_walk *walk)
{
    bool is_locked = false;
    for (size_t i = 0; i < walk->arenas.count; i++)
        is_locked |= walk->arenas.at[i].is_locked;
    return !is_locked && !walk->odd;
}

/* Stopped inside malloc, a thread has its lists in disorder: then another moment is taken. */
static bool look_well(struct look *look, pid_t pid, struct error *error)
{
    enum { LOOKS_MOST = 20 };
    bool is_good = look_at(look, pid, error);
    for (int i = 1; i < LOOKS_MOST && is_good && !is_quiet(&look->walk); i++) {
        look_done(look);
        nanosleep(&(struct timespec){.tv_nsec = 1000000 * i}, NULL);
        is_good = look_at(look, pid, error);
    }
    return is_good;
}

static bool table_show(struct page *page, const struct heap_options *options, struct table *table, struct error *error)
{
    bool is_shown = !options->tables || !strcmp(options->tables, "all") || opt_has_word(options->tables, ',', table->name, strlen(table->name));
    bool is_good = !is_shown || page_table(page, table, 0, error);
    table_done(table);
    return is_good;
}

static void look_show(const struct look *look, struct page *page, const struct heap_options *options, struct error *error)
{
    struct table table;
    char text[NUMBER_ROOM];
    page_start(page, NULL, NULL);
    page_line(page, "glibc 2.%u; the process stood still for %s", look->place.minor, number_duration(text, look->held_ns));
    arenas_table(&table, &look->walk);
    if (!table_show(page, options, &table, error))
        return;
    free_table(&table, &look->walk);
    table_show(page, options, &table, error);
}

int cmd_heap(int argc, char **argv)
{
    struct heap_options options = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_heap_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    struct error error = {0};
    struct page page;
    struct look look = {0};
    char *end = NULL;
    unsigned long pid = strtoul(words.at[0], &end, 10);
    bool is_pid = *words.at[0] >= '0' && *words.at[0] <= '9' && !*end && pid && pid <= INT32_MAX;
    if (!is_pid)
        error_set(&error, ERROR_USAGE, "'%s' is no process: write its number", words.at[0]);
    else if (options.page.csv && !options.tables)
        is_pid = error_set(&error, ERROR_USAGE, "--csv writes one table: choose it with --table NAME");
    else if (page_open(&page, &options.page, NULL, &error) && look_well(&look, (pid_t)pid, &error))
        look_show(&look, &page, &options, &error);
    if (is_pid)
        page_close(&page, NULL, &error);
    look_done(&look);
    opt_words_done(&words);
    return error.kind ? cmd_fail(&error) : CMD_DONE;
}
