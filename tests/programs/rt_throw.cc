/* rt_throw: a victim whose operator new throws, and whose exceptions cross many frames while memory is short. */
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <vector>

static char *volatile sink;

static __attribute__((noinline)) void deep(int depth, int kind)
{
    std::string local(100, 'x');
    if (depth > 0)
        deep(depth - 1, kind);
    else if (kind == 0)
        throw std::runtime_error("a message that is too long for a small string");
    else
        sink = new char[1ul << 40];
    if (local.size() > 1000)
        std::puts(local.c_str());
}

int main()
{
    rlimit limit = {1ul << 30, 1ul << 30};
    setrlimit(RLIMIT_AS, &limit);
    int caught = 0, refused = 0;
    for (int i = 0; i < 2000; i++)
        try {
            deep(i % 20, i % 2);
        } catch (const std::bad_alloc &) {
            refused++;
        } catch (const std::exception &) {
            caught++;
        }
    std::vector<char *> blocks;
    try {
        for (;;)
            blocks.push_back(new char[1 << 20]);
    } catch (const std::bad_alloc &) {
        refused++;
    }
    for (char *block : blocks)
        delete[] block;
    std::printf("caught=%d refused=%d blocks=%zu\n", caught, refused, blocks.size());
    return caught == 1000 && refused == 1001 ? 0 : 1;
}
