#include <stddef.h>
struct node { struct node *next; long v; char tag; int bits : 3; union { int i; void *p; } u; enum { A, B } e; double d[3]; };
typedef unsigned long mysize;
static struct node *node; void *malloc(size_t);
static inline void *wrap(mysize n) { return malloc(n + 1); }
int main(void) { struct node *x = wrap(sizeof(struct node)); x->next = node; return x->tag; }
