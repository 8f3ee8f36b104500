/* leaky: in nothing, out a heap with known leaks, a known peak, hotspots, temporary blocks and reallocs; the tables of analyze are compared with it. */
#include <stdlib.h>
#include <string.h>

static void *volatile sink;

__attribute__((noinline)) static void *parse_row(size_t bytes)
{
    void *block = malloc(bytes);
    sink = block;
    return block;
}

__attribute__((noinline)) static void load(size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        void *row = parse_row(1000);
        if (i % 10)
            free(row);
        sink = NULL;
    }
}

__attribute__((noinline)) static void grow(void)
{
    char *text = NULL;
    for (size_t bytes = 16; bytes <= 65536; bytes *= 2) {
        text = realloc(text, bytes);
        sink = text;
    }
    free(text);
}

__attribute__((noinline)) static void peak(void)
{
    void *big = calloc(1000, 1024);
    sink = big;
    free(big);
}

static volatile int names = 3;

int main(void)
{
    load(100);
    grow();
    peak();
    for (int i = 0; i < names; i++)
        sink = strdup("a text that is never freed");
    return 0;
}
