#define A(x) x##x
#define B A(A(A(y)))
#define N(t) ((t*)malloc(sizeof(t)*(n)))
int f(int n) { char *p = (char *)m->get(n + 1); q = N(long); return B + offsetof(struct a, b[3].c) ? sizeof(int[4]) : -~1 << 3; }
