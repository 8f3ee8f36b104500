/* guard_suite: a victim that makes one memory error in the ways that programs make it. usage: guard_suite KIND [good]; without KIND it lists them: the number
 * of the weakness (CWE), KIND, what is to be told of it, and on which side of the block a guard page has to lie for that ("any": on either). */
#include <alloca.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static int bad; /* 0: the good variant */
static volatile int seen;

/* The compiler must not see through it. */
static void *hidden(void *block)
{
    void *volatile through = block;
    return through;
}

static char *chars(size_t count)
{
    return hidden(malloc(count));
}

static const char *hundred(void)
{
    static char text[101];
    memset(text, 'C', 100);
    return text;
}

/* --- 401: lost --- */

static void end_well(void *block)
{
    if (!bad)
        free(block);
}
static void lost_malloc(void)
{
    char *block = chars(100);
    strcpy(block, "lost");
    end_well(block);
}
static void lost_calloc(void)
{
    end_well(hidden(calloc(10, 8)));
}
static void lost_strdup(void)
{
    end_well(hidden(strdup("lost")));
}
static void lost_realloc(void)
{
    end_well(realloc(chars(10), 5000));
}
static void lost_overwritten(void)
{
    char *volatile block = chars(30);
    if (!bad)
        free(block);
    block = chars(40);
    free(block);
}
struct node {
    struct node *next;
    char *name;
};
static struct node *node_new(struct node *next)
{
    struct node *node = hidden(malloc(sizeof *node));
    *node = (struct node){next, hidden(strdup("name"))};
    return node;
}
static void lost_list(void)
{
    struct node *list = NULL;
    for (int i = 0; i < 5; i++)
        list = node_new(list);
    for (struct node *next; !bad && list; list = next) {
        next = list->next;
        free(list->name);
        free(list);
    }
}
static void lost_circle(void)
{
    struct node *a = node_new(NULL), *b = node_new(a);
    a->next = b;
    for (int i = 0; !bad && i < 2; i++) {
        struct node *at = i ? b : a;
        free(at->name);
        free(at);
    }
}
static void *thread_loses(void *unused)
{
    end_well(chars(77));
    return unused;
}
static void lost_by_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, thread_loses, NULL);
    pthread_join(thread, NULL);
}

/* --- 415: freed twice --- */

static void twice(void)
{
    char *block = chars(100);
    free(block);
    if (bad)
        free(hidden(block));
}
static void twice_by_alias(void)
{
    struct node *node = node_new(NULL);
    char *alias = hidden(node->name);
    free(node->name);
    free(node);
    if (bad)
        free(alias);
}
static void *thread_frees(void *block)
{
    free(block);
    return NULL;
}
static void twice_by_threads(void)
{
    char *block = chars(100);
    for (int i = 0; i < 1 + bad; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, thread_frees, hidden(block));
        pthread_join(thread, NULL);
    }
}

/* --- 416: used after free --- */

static void read_freed_string(void)
{
    char *block = chars(100), *alias = hidden(block);
    strcpy(block, "text");
    if (!bad)
        seen = (int)strlen(alias);
    free(block);
    if (bad)
        seen = (int)strlen(alias);
}
static void read_freed_list(void)
{
    struct node *list = node_new(NULL), *alias = hidden(list);
    struct node *next = list->next;
    free(list->name);
    free(list);
    seen = (bad ? alias->next : next) != NULL;
}
static void write_freed(void)
{
    int *block = hidden(malloc(100 * sizeof *block)), *alias = hidden(block);
    free(block);
    if (bad)
        *(volatile int *)&alias[50] = 5;
}

/* --- 122: written behind the end --- */

static void copy_string(void)
{
    char *block = chars(10 + !bad);
    strcpy(block, hidden("0123456789"));
    seen = block[0];
    free(block);
}
static void copy_memory(void)
{
    char *block = chars(bad ? 50 : 100);
    memcpy(block, hundred(), 100);
    seen = block[0];
    free(block);
}
static void move_memory(void)
{
    char *block = chars(bad ? 50 : 100);
    memmove(block, hundred(), 100);
    seen = block[0];
    free(block);
}
static void fill_in_a_loop(void)
{
    long *block = hidden(malloc((bad ? 50 : 100) * sizeof *block));
    for (int i = 0; i < 100; i++)
        ((volatile long *)block)[i] = i;
    free(block);
}
static void append_string(void)
{
    char *block = chars(bad ? 50 : 102);
    strcpy(block, "x");
    strncat(block, hundred(), 100);
    seen = block[0];
    free(block);
}
static void print_string(void)
{
    char *block = chars(bad ? 50 : 101);
    snprintf(block, 101, "%s", hundred());
    seen = block[0];
    free(block);
}
static void copy_wide(void)
{
    wchar_t *block = hidden(malloc((10 + !bad) * sizeof *block));
    wcscpy(block, hidden(L"0123456789"));
    seen = block[0];
    free(block);
}
static void size_of_pointer(void)
{
    struct node *node = hidden(malloc(bad ? sizeof(void *) : sizeof *node));
    ((volatile struct node *)node)->name = NULL;
    free(node);
}
static void index_from_outside(void)
{
    int *block = hidden(calloc(10, sizeof *block));
    volatile int index = bad ? 11 : 9;
    ((volatile int *)block)[index] = 1;
    free(block);
}

/* --- 126: read behind the end --- */

static void read_too_much(void)
{
    char *block = chars(bad ? 50 : 100), to[100];
    memset(block, 'A', bad ? 50 : 100);
    memcpy(to, block, 100);
    seen = to[99];
    free(block);
}
static void read_without_end(void)
{
    char *block = chars(32);
    memset(block, 'A', 32);
    block[31] = bad ? 'A' : 0;
    seen = (int)strlen(block);
    free(block);
}
static void read_in_a_loop(void)
{
    wchar_t *block = hidden(calloc(bad ? 50 : 100, sizeof *block));
    for (int i = 0; i < 100; i++)
        seen = block[i];
    free(block);
}

/* Not within the alignment's reach: that is found by --guard-align 1 alone. */
static void read_gap(void)
{
    char *block = chars(13);
    seen = block[12 + bad];
    free(block);
}

/* --- 127 and 124: before the start --- */

static void read_before_in_a_loop(void)
{
    char *block = chars(100), *from = hidden(block - 8 * bad);
    memset(block, 'A', 100);
    for (int i = 0; i < 50; i++)
        seen = from[i];
    free(block);
}
static void read_before(void)
{
    char *block = chars(100), to[50];
    memset(block, 'A', 100);
    memcpy(to, hidden(block - 8 * bad), 50);
    seen = to[0];
    free(block);
}
static void write_before_in_a_loop(void)
{
    char *block = chars(100), *to = hidden(block - 8 * bad);
    for (int i = 0; i < 50; i++)
        ((volatile char *)to)[i] = 'C';
    free(block);
}
static void write_before(void)
{
    char *block = chars(100);
    memcpy(hidden(block - 8 * bad), hundred(), 50);
    free(block);
}

/* --- 590, 761: freed what is not the start of a block --- */

static void free_stack(void)
{
    char here[100] = "";
    void *block = bad ? hidden(here) : chars(100);
    free(block);
}
static void free_alloca(void)
{
    void *block = bad ? hidden(alloca(100)) : chars(100);
    free(block);
}
static void free_static(void)
{
    static char here[100];
    void *block = bad ? hidden(here) : chars(100);
    free(block);
}
static void free_where_a_search_ended(void)
{
    char *block = chars(100), *at = block;
    strcpy(block, "find the S");
    while (bad && *at != 'S')
        at++;
    free(hidden(at));
}
static void resize_middle(void)
{
    char *block = chars(64);
    free(realloc(hidden(block + 32 * bad), 100));
}

static const struct {
    int weakness;
    const char *name;
    void (*run)(void);
    const char *told, *side;
} kinds[] = {
#define KIND(weakness, name, told, side) {weakness, #name, name, told, side}
    KIND(401, lost_malloc, "leak", "any"), KIND(401, lost_calloc, "leak", "any"), KIND(401, lost_strdup, "leak", "any"), KIND(401, lost_realloc, "leak", "any"),
    KIND(401, lost_overwritten, "leak", "any"), KIND(401, lost_list, "leak", "any"), KIND(401, lost_circle, "leak", "any"), KIND(401, lost_by_thread, "leak", "any"),
    KIND(415, twice, "double free", "any"), KIND(415, twice_by_alias, "double free", "any"), KIND(415, twice_by_threads, "double free", "any"),
    KIND(416, read_freed_string, "read after free", "any"), KIND(416, read_freed_list, "read after free", "any"), KIND(416, write_freed, "use after free", "any"),
    KIND(122, copy_string, "overflow", "any"), KIND(122, copy_memory, "overflow", "any"), KIND(122, move_memory, "overflow", "any"),
    KIND(122, fill_in_a_loop, "overflow", "any"), KIND(122, append_string, "overflow", "any"), KIND(122, print_string, "overflow", "any"),
    KIND(122, copy_wide, "overflow", "any"), KIND(122, size_of_pointer, "overflow", "any"), KIND(122, index_from_outside, "overflow", "any"),
    KIND(126, read_too_much, "overread", "after"), KIND(126, read_without_end, "overread", "after"), KIND(126, read_in_a_loop, "overread", "after"),
    KIND(127, read_before_in_a_loop, "underread", "before"), KIND(127, read_before, "underread", "before"),
    KIND(124, write_before_in_a_loop, "underflow", "any"), KIND(124, write_before, "underflow", "any"),
    KIND(590, free_stack, "wild free", "any"), KIND(590, free_alloca, "wild free", "any"), KIND(590, free_static, "wild free", "any"),
    KIND(761, free_where_a_search_ended, "interior free", "any"), KIND(761, resize_middle, "interior free", "any"),
};

/* Old pointers on the stack, where exit's frames come to lie, keep blocks alive. */
static __attribute__((noinline)) void wipe(void)
{
    volatile char deep[4096];
    memset((char *)(uintptr_t)deep, 0, sizeof deep);
    seen = deep[seen & 1];
}

int main(int argc, char **argv)
{
    bad = argc == 2;
    if (argc > 1 && !strcmp(argv[1], "read_gap")) {
        read_gap();
        return 0;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (argc < 2)
            printf("%d %s %s %s\n", kinds[i].weakness, kinds[i].name, kinds[i].side, kinds[i].told);
        else if (!strcmp(kinds[i].name, argv[1])) {
            kinds[i].run();
            wipe();
            return 0;
        }
    return argc > 1;
}
