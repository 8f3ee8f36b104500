/* sym_template: in nothing, out a program with templates, an inlined method, a lambda and an unnamed namespace, marked as in sym_inline.c. */
#include <cstdio>
#include <vector>

#define MARK(name) __asm__ volatile(".globl at_" #name "\nat_" #name ":\n\tnop\n.globl behind_" #name "\nbehind_" #name ":\n")

volatile int sink;

namespace shop
{
template <typename T, int N> struct shelf {
    T items[N];
    inline __attribute__((always_inline)) void put(T item)
    {
        sink = N;
        MARK(put);
        items[sink % N] = item;
    }
    __attribute__((noinline)) T fill(T item)
    {
        put(item); // line of: call put
        return items[0];
    }
};
} // namespace shop

namespace
{
struct box {
    int held;
    __attribute__((always_inline)) inline void shy(int value)
    {
        held = sink + value;
        MARK(shy);
        sink = held;
    }
};

__attribute__((noinline)) int quiet(int value)
{
    sink = value;
    MARK(quiet);
    box box{};
    box.shy(value); // line of: call shy
    return sink + 1;
}
} // namespace

__attribute__((always_inline)) inline int inlined_host(int value)
{
    auto nested = [](int item) __attribute__((noinline)) {
        sink = item;
        MARK(nested);
        return sink + item;
    };
    return nested(value) + 1;
}

int main(int count, char **)
{
    shop::shelf<long, 4> shelf{};
    auto lambda = [&](int value) __attribute__((noinline)) {
        sink = value;
        MARK(lambda);
        return shelf.fill(value);
    };
    std::printf("%ld %d\n", lambda(count), quiet(count) + inlined_host(count));
    return 0;
}
