/* rt_api: a victim that uses all of heaptracer.h. Runs as well without the runtime. */
#include <heaptracer/heaptracer.h>
#include <stdio.h>

static char pool[4096];
static void *volatile sink; /* no compiler may leave a block out */

static void allocate_by_macros(void)
{
    struct {
        char *name;
    } node, *at = &node;
    sink = at->name = HT_MALLOC(at->name, 1001);
    char *zeroed = NULL;
    sink = zeroed = HT_CALLOC(zeroed, 2, 501);
    zeroed = HT_REALLOC(zeroed, zeroed, 1003);
    char *copy = NULL;
    sink = copy = HT_STRDUP(copy, "twelve bytes");
    void *volatile plain = malloc(1004);
    HT_FREE(plain);
    HT_FREE(copy);
    HT_FREE(zeroed);
    HT_FREE(at->name);
}

static void use_pool(void)
{
    ht_heap_id heap = ht_heap_add("cells", pool, sizeof pool, HT_MEMORY_POOL);
    ht_on_alloc(heap, pool, 100);
    ht_on_alloc(heap, pool + 128, 200);
    ht_on_resize(heap, pool + 128, pool + 512, 300);
    ht_on_free(heap, pool);
    ht_on_refuse(heap, 100000);
}

int main(void)
{
    void *volatile block = malloc(10);
    free(block);
    ht_mark("begin");
    allocate_by_macros();
    allocate_by_macros();
    use_pool();
    ht_stop();
    block = malloc(2001);
    free(block);
    int watched = ht_start(NULL) == 0;
    block = malloc(2002);
    free(block);
    struct ht_counters counters = ht_counters();
    printf("watched=%d recording=%u lanes=%u lost=%llu\n", watched, (unsigned)counters.recording, (unsigned)counters.lanes, (unsigned long long)counters.lost_events);
    return 0;
}
