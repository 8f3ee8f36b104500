/* threads: in a plan, out every request that this process made of its malloc and every answer, one line each. Threads take turns, so that the order is known; they free each
 * other's blocks, end and are started anew. What pthread_create and the loader ask for are requests, too.
 * A line: kind, thread, block or size, size or alignment, address, place (0: main arena, 1: a mapping, 2: another arena), usable bytes; all in hex.
 * usage: threads SEED EVENTS THREADS SLOTS SMALL MIDDLE MOST CHURN HUGE, the sizes and the slots of blocks as in events.c; CHURN: of so many events one ends or starts a thread;
 * HUGE: of so many requests of no bytes one is for more than there can be, 0: none. */
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { THREADS_MOST = 64, SLOTS_MOST = 4096, FIELDS = 6, TOUCHED = 64, IS_WIDE = sizeof(void *) == 8 };
static const rlim_t NARROW_SPACE = 3u << 29;

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_memalign(size_t align, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void __libc_free(void *block);

struct worker {
    pthread_t thread;
    sem_t turn;
    bool is_there, ends;
    unsigned number;
};

static struct {
    unsigned threads, slots, small, middle, most, churn, huge;
} plan;
static struct worker workers[THREADS_MOST];
static sem_t done;
static char *blocks[SLOTS_MOST];
static uint32_t state;
static unsigned numbers; /* of threads that there were; 0 is the main one */
static __thread unsigned self;
static char text[1 << 16];
static size_t filled;

static void flush(void)
{
    size_t at = 0;
    while (at < filled) {
        ssize_t count = write(STDOUT_FILENO, text + at, filled - at);
        if (count <= 0)
            _exit(1);
        at += (size_t)count;
    }
    filled = 0;
}

static void number_put(uint64_t number)
{
    char digits[16];
    unsigned count = 0;
    do
        digits[count++] = "0123456789abcdef"[number & 15];
    while (number >>= 4);
    text[filled++] = ' ';
    while (count)
        text[filled++] = digits[--count];
}

static void line_put(char kind, const uint64_t *fields)
{
    if (filled > sizeof text - 256)
        flush();
    text[filled++] = kind;
    for (unsigned i = 0; i < FIELDS; i++)
        number_put(fields[i]);
    text[filled++] = '\n';
}

/* Where the break was before the first request. */
static void begin(void)
{
    static bool has_begun;
    if (has_begun)
        return;
    has_begun = true;
    line_put('h', (uint64_t[FIELDS]){0, (uintptr_t)sbrk(0)});
}

static void *answer(char kind, uint64_t one, uint64_t other, void *block)
{
    uint64_t head = block ? ((size_t *)block)[-1] : 0, usable = block ? malloc_usable_size(block) : 0;
    line_put(kind, (uint64_t[FIELDS]){self, one, other, (uintptr_t)block, head & 2 ? 1 : head & 4 ? 2 : 0, usable});
    for (uint64_t i = 0; kind != 'c' && i < usable && i < TOUCHED; i++)
        ((char *)block)[i] = 0x55;
    return block;
}

void *malloc(size_t bytes)
{
    begin();
    return answer('m', bytes, 0, __libc_malloc(bytes));
}

void *calloc(size_t count, size_t bytes)
{
    begin();
    return answer('c', count * bytes, 0, __libc_calloc(count, bytes));
}

void *memalign(size_t align, size_t bytes)
{
    begin();
    return answer('a', bytes, align, __libc_memalign(align, bytes));
}

void *realloc(void *block, size_t bytes)
{
    begin();
    return block ? answer('r', (uintptr_t)block, bytes, __libc_realloc(block, bytes)) : malloc(bytes);
}

void free(void *block)
{
    if (!block)
        return;
    line_put('f', (uint64_t[FIELDS]){self, (uintptr_t)block});
    __libc_free(block);
}

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (state >> 3) % below;
}

/* What there cannot be is above PTRDIFF_MAX, or just above what the kernel gives. */
static size_t draw_size(void)
{
    uint32_t dice = draw(64), below = dice < 40 ? plan.small : dice < 60 ? plan.middle : plan.most;
    if (!dice && plan.huge && !draw(plan.huge))
        return SIZE_MAX / (1u << draw(IS_WIDE ? 5 : 2)) - draw(4096);
    return dice ? 1 + draw(below) : 0;
}

static void fill(char **slot)
{
    uint32_t dice = draw(16), align = 8u << draw(7);
    size_t bytes = draw_size();
    *slot = dice == 0 ? memalign(align, bytes) : dice == 1 ? calloc(1, bytes) : malloc(bytes);
}

static void change(char **slot)
{
    if (draw(4)) {
        free(*slot);
        *slot = NULL;
        return;
    }
    size_t bytes = draw_size();
    char *becomes = realloc(*slot, bytes ? bytes : 1);
    *slot = becomes ? becomes : *slot;
}

static uint32_t range;

static void event(void)
{
    char **slot = &blocks[draw(range)];
    if (*slot)
        change(slot);
    else
        fill(slot);
}

static void *work(void *context)
{
    struct worker *worker = context;
    self = worker->number;
    for (;;) {
        while (sem_wait(&worker->turn))
            ;
        if (worker->ends)
            return NULL;
        event();
        sem_post(&done);
    }
}

static void worker_end(struct worker *worker)
{
    worker->ends = true;
    sem_post(&worker->turn);
    line_put('e', (uint64_t[FIELDS]){worker->number});
    pthread_join(worker->thread, NULL);
    worker->is_there = false;
}

static void worker_begin(struct worker *worker)
{
    *worker = (struct worker){.is_there = true, .number = ++numbers};
    sem_init(&worker->turn, 0, 0);
    if (pthread_create(&worker->thread, NULL, work, worker))
        _exit(3);
}

static void turn(void)
{
    unsigned who = draw(plan.threads);
    struct worker *worker = &workers[who];
    if (who && !draw(plan.churn))
        (worker->is_there ? worker_end : worker_begin)(worker);
    if (!who || !worker->is_there) {
        event();
        return;
    }
    sem_post(&worker->turn);
    while (sem_wait(&done))
        ;
}

int main(int count, char **words)
{
    unsigned *const fields[] = {&plan.threads, &plan.slots, &plan.small, &plan.middle, &plan.most, &plan.churn, &plan.huge};
    if (count != 10)
        return 2;
    for (int i = 0; i < 7; i++)
        *fields[i] = (unsigned)strtoul(words[3 + i], NULL, 0);
    uint32_t events = (uint32_t)strtoul(words[2], NULL, 0);
    if (!plan.threads || plan.threads > THREADS_MOST || !plan.slots || plan.slots > SLOTS_MOST || !plan.small || !plan.middle || !plan.most || !plan.churn)
        return 2;
    if (!IS_WIDE && setrlimit(RLIMIT_AS, &(struct rlimit){NARROW_SPACE, NARROW_SPACE}))
        return 3;
    state = (uint32_t)strtoul(words[1], NULL, 0) * 2654435761u | 1;
    sem_init(&done, 0, 0);
    for (uint32_t i = 0; i < events; i++) {
        range = (i >> 11) & 1 ? (plan.slots + 2) / 3 : plan.slots;
        turn();
    }
    flush();
    _exit(0);
}
