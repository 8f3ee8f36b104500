/* predict_kinds: allocates in each of the ways that `heaptracer predict` reads from the source; compiled for several machines, its peak there is the truth. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *next;
    long value;
    char tag;
};
struct packet {
    uint32_t head;
    void *owner;
    uint8_t bytes[];
};
#define NEW(type) ((type *)malloc(sizeof(type)))
#define GROW(array, count) ((array) = realloc((array), (count) * sizeof *(array)))

static void *kept[400];
static unsigned kept_count;

static void *keep(void *block)
{
    return kept[kept_count++] = block;
}

__attribute__((noinline)) static void *wrapped(size_t bytes)
{
    void *block = malloc(bytes);
    if (!block)
        abort();
    memset(block, 0, bytes);
    return block;
}

__attribute__((noinline)) static struct packet *packet_new(unsigned length)
{
    size_t bytes = offsetof(struct packet, bytes);
    bytes += length;
    return keep(malloc(bytes));
}

int main(void)
{
    long **table = keep(calloc(20, sizeof(long *)));
    struct node **rows = NULL;
    for (unsigned i = 0; i < 30; i++) {
        struct node *node = NEW(struct node);
        node->next = keep(wrapped(sizeof(struct node)));
        keep(node);
        packet_new(i % 7);
        table[i % 20] = keep(wrapped((i % 3 + 1) * sizeof(long)));
    }
    for (unsigned count = 4; count <= 32; count *= 2)
        GROW(rows, count);
    keep(rows);
    keep(strcpy(malloc(strlen("a text of bytes") + 1), "a text of bytes"));
    for (unsigned i = 0; i < kept_count; i++)
        free(kept[i]);
    return 0;
}
