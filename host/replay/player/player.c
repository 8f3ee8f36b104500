/* player: in a list of requests, out what the malloc of this process makes of them. It uses no stdio and no malloc of its own: all that malloc holds is the list's. */
#include "player.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "request.h"

enum { PAGE = 4096, LOOKS = 1024, CLIMB_SHIFT = 6 };

struct place {
    char *address;
    uint64_t asked, usable;
};

static struct player_answer answer;
static struct place *places;
static uint64_t asked, usable, looked_at;
static int status_file, rollup_file;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The number behind `name` in a file of /proc, in bytes. */
static uint64_t field(int file, const char *name)
{
    char text[4096];
    ssize_t count = pread(file, text, sizeof text - 1, 0);
    text[count > 0 ? count : 0] = 0;
    const char *at = strstr(text, name);
    return at ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

static void look(void)
{
    answer.end_rss = field(status_file, "RssAnon:");
    if (answer.end_rss > answer.peak_rss)
        answer.peak_rss = answer.end_rss;
}

/* A peak is looked at when it is left, and a long climb once in 64th parts. */
static void peak_look(void)
{
    if (asked != answer.peak_asked || asked <= looked_at + (looked_at >> CLIMB_SHIFT))
        return;
    looked_at = asked;
    look();
    answer.peak_pss = field(rollup_file, "\nPss_Anon:");
}

/* A program writes into its blocks; of what is zeroed nobody knows how much. */
static void touch(char *address, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i += PAGE)
        address[i] = 1;
    if (to > from)
        address[to - 1] = 1;
}

static void born(struct place *place, char *address, uint64_t size)
{
    place->address = address;
    place->asked = size;
    place->usable = malloc_usable_size(address);
    asked += size;
    usable += place->usable;
    if (asked > answer.peak_asked)
        answer.peak_asked = asked;
    if (usable > answer.peak_usable)
        answer.peak_usable = usable;
}

static void gone(struct place *place)
{
    peak_look();
    asked -= place->asked;
    usable -= place->usable;
}

static char *ask(const struct request *request)
{
    void *address = NULL;
    uint64_t align = 1ull << request->align_log2;
    if (request->kind == REQUEST_ZEROED)
        return calloc(1, request->size);
    if (align <= sizeof address)
        return malloc(request->size);
    return posix_memalign(&address, align, request->size) ? NULL : address;
}

static void resize(struct place *place, uint64_t size)
{
    struct place old = *place;
    if (!old.address)
        return;
    char *address = realloc(old.address, size ? size : 1);
    answer.refusals += !address;
    if (!address)
        return;
    gone(&old);
    answer.moves += address != old.address;
    born(place, address, size);
    touch(address, old.asked, size);
}

static void step(const struct request *request)
{
    struct place *place = &places[request->block];
    char *address;
    switch (request->kind) {
    case REQUEST_FREE:
        if (!place->address)
            return;
        gone(place);
        free(place->address);
        place->address = NULL;
        break;
    case REQUEST_RESIZE:
        resize(place, request->size);
        break;
    case REQUEST_TRY:
        address = ask(request);
        __asm__ volatile("" : : "r"(address) : "memory");
        free(address);
        break;
    default:
        address = ask(request);
        place->address = NULL;
        answer.refusals += !address;
        if (!address)
            return;
        born(place, address, request->size);
        if (request->kind == REQUEST_ALLOC)
            touch(address, 0, request->size);
    }
}

static const struct player_order *order_take(int file)
{
    struct stat status;
    if (fstat(file, &status) || (uint64_t)status.st_size < sizeof(struct player_order))
        return NULL;
    const struct player_order *order = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
    if (order == MAP_FAILED || (uint64_t)status.st_size != sizeof *order + order->requests * sizeof(struct request))
        return NULL;
    places = mmap(NULL, (order->blocks + 1) * sizeof *places, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return places == MAP_FAILED ? NULL : order;
}

int main(int count, char **words)
{
    const struct player_order *order = count == 3 ? order_take(atoi(words[1])) : NULL;
    status_file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    rollup_file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    if (!order || status_file < 0)
        return 1;
    const struct request *list = (const struct request *)(order + 1);
    uint64_t every = order->requests / LOOKS + 1, start = now();
    look();
    answer.base_rss = answer.end_rss;
    answer.base_pss = field(rollup_file, "\nPss_Anon:");
    for (uint64_t i = 0; i < order->requests; i++) {
        if (list[i].heap != order->heap)
            continue;
        step(&list[i]);
        answer.requests++;
        if (i % every == 0)
            look();
    }
    peak_look();
    look();
    answer.wall_ns = now() - start;
    return write(atoi(words[2]), &answer, sizeof answer) != sizeof answer;
}
