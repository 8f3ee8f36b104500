/* guard_refused: a victim with three places that allocate, one of which is not checked, and one of which leaks when the next is refused. */
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

int main(void)
{
    char *a = unchecked(), *b = checked();
    int status = leaks();
    fprintf(stderr, "%s %s %d\n", a, b ? b : "refused", status);
    free(a);
    free(b);
    return status;
}
