/* timers: a heap of timers with callbacks and contexts of their own, some periodic; what an event loop keeps. */
#include <stdint.h>
#include <stdlib.h>

struct timer {
    uint64_t due;
    uint32_t period;
    void (*call)(void *context);
    void *context;
};

struct context {
    void *owner;
    long counts[3];
    double mean;
};

static struct timer **heap;
static size_t count, room;

static void call(void *context)
{
    ((struct context *)context)->counts[0]++;
}

static void timer_add(uint64_t due, uint32_t period)
{
    struct timer *timer = malloc(sizeof(struct timer));
    struct context *context = calloc(1, sizeof *context);
    *timer = (struct timer){due, period, call, context};
    if (count == room) {
        room = room ? room + room / 2 : 8;
        heap = realloc(heap, room * sizeof *heap);
    }
    heap[count++] = timer;
}

int main(void)
{
    for (uint32_t i = 0; i < 250; i++) {
        timer_add(i * 37 % 1000, i % 3 ? i : 0);
        if (i % 5 == 4) {
            struct timer *last = heap[--count];
            last->call(last->context);
            free(last->context);
            free(last);
        }
    }
    return count != 200;
}
