/* patterns: a word names the one thing that this program does with its heap; the word with "not-" before it names the twin, which does nearly the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEPT = 64, STACKS = 8 };

static void *kept[KEPT];
static unsigned turn;
static uint64_t seed = 88172645463325252u;

static uint64_t dice(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Eight call stacks in turn, so that none is hot. */
#define MAKER(n)                                                                                                                                               \
    static __attribute__((noinline)) void *make##n(size_t size)                                                                                                \
    {                                                                                                                                                          \
        void *volatile block = malloc(size);                                                                                                                   \
        return block;                                                                                                                                          \
    }
MAKER(0)
MAKER(1)
MAKER(2)
MAKER(3)
MAKER(4)
MAKER(5)
MAKER(6)
MAKER(7)
static void *(*const makers[STACKS])(size_t) = {make0, make1, make2, make3, make4, make5, make6, make7};

static void keep(unsigned stack, size_t size)
{
    free(kept[turn % KEPT]);
    kept[turn++ % KEPT] = makers[stack](size);
}

static void chatter(unsigned count, size_t size)
{
    while (count--)
        keep(turn % STACKS, size);
}

static void sizes(const char *law)
{
    static const size_t few[] = {24, 48, 4000};
    for (int i = 0; i < 20000; i++) {
        size_t power = (size_t)(1 / (1.0 / 16 - (double)dice(1u << 30) / (1u << 30) * (1.0 / 16 - 1.0 / 65536)));
        size_t mixed = dice(2) ? 20 + dice(30) : 9000 + dice(2000);
        chatter(1, !strcmp(law, "few") ? few[dice(3)] : !strcmp(law, "uniform") ? 100 + dice(901) : !strcmp(law, "power") ? power : mixed);
    }
}

static void bursts(int is_twin)
{
    for (int i = 0; i < 12 * (is_twin ? 20 : 1); i++) {
        chatter(is_twin ? 1000 : 20000, 100);
        pause_ms(is_twin ? 2 : 40);
    }
}

static void spike(int is_twin)
{
    char *extra = NULL;
    keep(0, 1 << 20);
    for (int i = 0; i < 200; i++) {
        chatter(KEPT - 2, 16);
        kept[turn % KEPT] = i ? kept[turn % KEPT] : NULL; /* the large one stays */
        if (i == 100)
            extra = malloc(4 << 20);
        if (i == 103 && !is_twin)
            free(extra);
        pause_ms(4);
        turn++;
    }
}

static void ramp(int is_twin)
{
    for (int i = 0; i < 300; i++) {
        void *volatile more = is_twin ? i == 150 ? malloc(3000000) : NULL : malloc(10000);
        (void)more;
        chatter(8, 100);
        pause_ms(2);
    }
}

static void steady(int is_twin)
{
    for (int i = 0; i < 200; i++) {
        chatter(20, is_twin ? 100 + (size_t)(i * 37 % 200) * 50 : 1000);
        pause_ms(2);
    }
}

static void phases(int is_twin)
{
    for (int i = 0; i < 300; i++) {
        chatter(is_twin || i < 150 ? 400 : 20, is_twin || i < 150 ? 64 : 4000);
        pause_ms(2);
    }
}

static void hot(int is_twin)
{
    for (unsigned i = 0; i < 20000; i++)
        keep(is_twin || i % 5 > 2 ? i % STACKS : 3, 100);
}

static void pairs(int is_twin)
{
    for (int i = 0; i < 3000; i++) {
        void *volatile pair = malloc(512);
        if (is_twin)
            chatter(1, 64);
        free(pair);
        chatter(1, 64);
    }
}

static void growth(int is_twin)
{
    for (int run = 0; run < (is_twin ? 50 : 1); run++) {
        char *at = malloc(64);
        for (size_t size = 128; size <= 32000; size = is_twin ? size * 2 : size + 64)
            at = realloc(at, size);
        free(at);
    }
}

int main(int count, char **words)
{
    static const struct {
        const char *word;
        void (*run)(int is_twin);
    } modes[] = {{"bursts", bursts}, {"spike", spike}, {"ramp", ramp}, {"steady", steady}, {"phases", phases}, {"hot", hot}, {"pairs", pairs}, {"growth", growth}};
    const char *word = count > 1 ? words[1] : "";
    int is_twin = !strncmp(word, "not-", 4);
    word += is_twin ? 4 : 0;
    if (!strncmp(word, "sizes-", 6))
        sizes(word + 6);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(word, modes[i].word))
            modes[i].run(is_twin);
    return 0;
}
