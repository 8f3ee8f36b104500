/* leak_patterns: in the name of a pattern, out a program that leaks so; with "good" behind it, one that does nearly the same and is right. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <heaptracer/heaptracer.h>

enum { FRAMES = 64, BOUND = 64 };

struct node {
    struct node *next, *other;
    char room[240];
};

static bool good;
static struct node *volatile list;
static void *volatile kept[1024];

static void wait_a_frame(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1500000}, NULL);
}

/* Nothing that was left on the stack or in a register may keep a block alive. */
static __attribute__((noinline)) int scrub(void)
{
    volatile char room[16384];
    for (size_t i = 0; i < sizeof room; i++)
        room[i] = 0;
    return room[77];
}

static __attribute__((noinline)) struct node *node_new(void)
{
    struct node *node = calloc(1, sizeof *node);
    node->next = node->other = NULL;
    return node;
}

/* A list that nobody shortens; good: a cache with a bound, whose oldest goes. */
static void growing(void)
{
    for (unsigned frame = 0; frame < FRAMES; frame++) {
        for (unsigned i = 0; i < 8; i++) {
            struct node *node = node_new();
            unsigned place = (frame * 8 + i) % BOUND;
            if (good) {
                free(kept[place]);
                kept[place] = node;
            } else {
                node->next = list;
                list = node;
            }
        }
        wait_a_frame();
    }
}

/* A text that becomes longer each frame; good: it begins anew now and then. */
static __attribute__((noinline)) void concatenation(void)
{
    char *text = NULL;
    size_t length = 0;
    for (unsigned frame = 0; frame < FRAMES; frame++) {
        if (good && frame % 8 == 0) {
            free(text);
            text = NULL;
            length = 0;
        }
        text = realloc(text, length + 301);
        memset(text + length, 'x', 300);
        text[length += 300] = 0;
        kept[0] = text;
        wait_a_frame();
    }
}

static __attribute__((noinline)) void orphaned(void)
{
    struct node *buffer = node_new();
    memset(buffer->room, 1, sizeof buffer->room);
    if (good)
        kept[0] = buffer;
}

static __attribute__((noinline)) void circle(void)
{
    struct node *a = node_new(), *b = node_new(), *c = node_new();
    a->next = b;
    b->next = c;
    c->next = a;
    if (good)
        kept[0] = a;
}

static void *worker(void *unused)
{
    (void)unused;
    struct node *node = node_new();
    if (good)
        free(node);
    return scrub() ? node : NULL;
}

static void thread(void)
{
    for (unsigned i = 0; i < 5; i++) {
        pthread_t thread;
        if (!pthread_create(&thread, NULL, worker, NULL))
            pthread_join(thread, NULL);
    }
}

static __attribute__((noinline)) void effect_enter(unsigned number)
{
    for (unsigned i = 0; i < 4; i++)
        kept[number * 4 + i] = node_new();
}

static void effect_leave(unsigned number)
{
    for (unsigned i = 0; i < 4; i++) {
        free(kept[number * 4 + i]);
        kept[number * 4 + i] = NULL;
    }
}

/* What an effect makes stays when the next one begins; good: it goes, and only the configuration stays. */
static void owner_switch(void)
{
    kept[1000] = node_new();
    wait_a_frame();
    for (unsigned effect = 0; effect < 6; effect++) {
        char label[32];
        snprintf(label, sizeof label, "effect");
        ht_mark(label);
        effect_enter(effect);
        wait_a_frame();
        if (good)
            effect_leave(effect);
    }
    wait_a_frame();
    ht_mark("done");
}

static __attribute__((noinline)) pthread_mutex_t *lock_mutex_new(void)
{
    pthread_mutex_t *mutex = malloc(sizeof *mutex);
    pthread_mutex_init(mutex, NULL);
    return mutex;
}

static void mutex(void)
{
    pthread_mutex_t *made = lock_mutex_new();
    pthread_mutex_destroy(made);
    if (good)
        free(made);
}

static __attribute__((noinline)) struct node *register_handler(void)
{
    return node_new();
}

static void callback(void)
{
    struct node *made = register_handler();
    made->other = made->next;
    if (good)
        free(made);
}

static __attribute__((noinline)) void file(void)
{
    FILE *in = fopen("/dev/null", "r");
    if (in && good)
        fclose(in);
}

/* A file that a block of the program holds, while the C library's list does, too. */
static __attribute__((noinline)) void held_file(void)
{
    struct node *node = node_new();
    node->other = (struct node *)(void *)fopen("/dev/null", "r");
    kept[0] = node;
}

/* Small blocks that stay between large ones that go; good: they lie side by side. */
static __attribute__((noinline)) void *stays(size_t bytes)
{
    return malloc(bytes);
}

static void fragmentation(void)
{
    enum { BLOCKS = 200 };
    static void *volatile large[BLOCKS];
    for (unsigned i = 0; i < BLOCKS; i++) {
        large[i] = malloc(8000);
        kept[i] = good ? NULL : stays(40);
    }
    for (unsigned i = 0; good && i < BLOCKS; i++)
        kept[i] = stays(40);
    for (unsigned i = 0; i < BLOCKS; i++)
        free(large[i]);
}

/* Waits for lines; between them some frames of `growing`. */
static void looks(void)
{
    for (;;) {
        for (unsigned i = 0; i < 100; i++) {
            struct node *node = node_new();
            if (good) {
                free(kept[i]);
                kept[i] = node;
            } else {
                node->next = list;
                list = node;
            }
        }
        puts("ready");
        fflush(stdout);
        if (getchar() == EOF)
            return;
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } patterns[] = {{"growing", growing}, {"concatenation", concatenation}, {"orphaned", orphaned}, {"circle", circle},     {"thread", thread}, {"switch", owner_switch},
                    {"mutex", mutex},     {"callback", callback},           {"file", file},         {"fragmentation", fragmentation}, {"looks", looks},
                    {"held_file", held_file}};
    good = argc > 2 && !strcmp(argv[2], "good");
    for (size_t i = 0; argc > 1 && i < sizeof patterns / sizeof *patterns; i++)
        if (!strcmp(patterns[i].name, argv[1]))
            patterns[i].run();
    return scrub();
}
