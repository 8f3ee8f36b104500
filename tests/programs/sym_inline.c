/* sym_inline: in nothing, out a program whose places are marked: MARK(x) is an instruction at a known line, its address the symbol at_x. */
#include <stdio.h>

#define MARK(name) __asm__ volatile(".globl at_" #name "\nat_" #name ":\n\tnop\n.globl behind_" #name "\nbehind_" #name ":\n")

volatile int sink;

static inline __attribute__((always_inline)) void innermost(int value)
{
    sink += value;
    MARK(innermost);
    sink -= 2;
}

static inline __attribute__((always_inline)) void middle(int value)
{
    sink ^= value;
    innermost(value + 1); /* line of: call innermost */
    sink ^= 3;
}

__attribute__((noinline)) static int hidden(int value)
{
    sink = value;
    MARK(hidden);
    return sink * 3;
}

__attribute__((noinline)) int outer(int value)
{
    sink = value;
    middle(value * 2); /* line of: call middle */
    return sink + hidden(value);
}

int main(int count, char **texts)
{
    (void)texts;
    MARK(main);
    printf("%d\n", outer(count));
    return 0;
}
