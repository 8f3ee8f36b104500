/* reach_cases: in nothing, out a heap with each way in which pointers can lead to blocks; a block's size tells its case. A start pointer leads to a block's
 * first byte, an inner one into it. With "mid" as the argument the process waits for a line after it has made them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct node {
    void *to[2];
};

static void *volatile roots[16];

static __attribute__((noinline)) struct node *make(size_t size)
{
    struct node *node = malloc(size);
    memset(node, 0, size);
    return node;
}

static void *inner(struct node *node)
{
    return (char *)node + 8;
}

/* One after the other: 1 root > A; 2 root > A > B; 3 A alone; 4 A > B without a root; 5 root ~> A; 6 root > A ~> B; 7 root ~> A > B; 8 root ~> A ~> B;
 * 9 A ~> B without a root. */
static __attribute__((noinline)) void make_cases(void)
{
    struct node *a;
    roots[1] = make(101);
    roots[2] = a = make(102);
    a->to[0] = make(112);
    make(103);
    a = make(104);
    a->to[0] = make(114);
    roots[5] = inner(make(105));
    roots[6] = a = make(106);
    a->to[0] = inner(make(116));
    a = make(107);
    a->to[0] = make(117);
    roots[7] = inner(a);
    a = make(108);
    a->to[0] = inner(make(118));
    roots[8] = inner(a);
    a = make(109);
    a->to[0] = inner(make(119));
}

/* A circle of three that a fourth leads into, and a circle of two alone. */
static __attribute__((noinline)) void make_circles(void)
{
    struct node *head = make(201), *a = make(202), *b = make(203), *c = make(204), *x = make(205), *y = make(206);
    head->to[0] = a;
    a->to[0] = b;
    b->to[0] = c;
    c->to[0] = a;
    x->to[0] = y;
    y->to[0] = x;
}

/* Nothing that the functions above left on the stack or in a register may be found there. */
static __attribute__((noinline)) uint64_t scrub(void)
{
    volatile char room[16384];
    for (size_t i = 0; i < sizeof room; i++)
        room[i] = 0;
    return (uint64_t)room[77];
}

int main(int argc, char **argv)
{
    make_cases();
    make_circles();
    uint64_t sum = scrub();
    if (argc > 1 && !strcmp(argv[1], "mid")) {
        puts("ready");
        fflush(stdout);
        getchar();
    }
    if (argc > 1 && !strcmp(argv[1], "_exit"))
        _exit(0);
    if (argc > 1 && !strcmp(argv[1], "abort"))
        abort();
    return (int)sum;
}
