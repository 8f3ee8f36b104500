/* guard_refused: a victim with places that allocate: one is not checked, some lose a block when they are refused, and one gives up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *unchecked(void)
{
    char *block = malloc(100);
    return strcpy(block, "unchecked");
}

static char *checked(void)
{
    char *block = malloc(200);
    if (block)
        strcpy(block, "checked");
    return block;
}

static int leaks(void)
{
    char *first = calloc(1, 300);
    char *second = first ? realloc(NULL, 400) : NULL;
    if (!second)
        return 1; /* the first is lost */
    free(second);
    free(first);
    return 0;
}

/* What realloc could not enlarge is still there. */
static int grows(void)
{
    char *block = malloc(500);
    if (!block)
        return 1;
    char *larger = realloc(block, 600);
    if (!larger)
        return 1;
    free(larger);
    return 0;
}

static char *kept;

/* What it has by then it can still find. */
static void gives_up(void)
{
    kept = malloc(700);
    if (!kept)
        exit(-1);
}

/* Old pointers on the stack keep blocks alive. */
static __attribute__((noinline)) void wipe(void)
{
    volatile char deep[4096];
    memset((char *)deep, 0, sizeof deep);
}

int main(void)
{
    char *a = unchecked(), *b = checked();
    int status = leaks() + grows();
    gives_up();
    wipe();
    free(kept);
    fprintf(stderr, "%s %s %d\n", a, b ? b : "refused", status);
    free(a);
    free(b);
    return status;
}
