/* probed: allocates in known numbers, by new, calloc and realloc, in a thread and in a child; waits before for whoever wants to look. Argument: pairs to be timed. */
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

static void *volatile sink;

__attribute__((noinline)) static void keep()
{
    sink = malloc(1000);
}

__attribute__((noinline)) static void pass()
{
    void *block = calloc(3, 7);
    sink = block;
    block = realloc(block, 200);
    sink = block;
    free(block);
    int *numbers = new int[10];
    sink = numbers;
    delete[] numbers;
}

static void pass_all()
{
    for (int i = 0; i < 200; i++)
        pass();
}

static void pairs_time(long count)
{
    auto begin = std::chrono::steady_clock::now();
    for (long i = 0; i < count; i++) {
        sink = malloc(100);
        free(sink);
    }
    std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    printf("%.0f ns a pair\n", time.count() / static_cast<double>(count));
}

int main(int count, char **words)
{
    getchar();
    if (count > 1) {
        pairs_time(atol(words[1]));
        return 0;
    }
    for (int i = 0; i < 100; i++)
        keep();
    std::thread(pass_all).join();
    if (!fork()) {
        pass_all();
        _exit(0);
    }
    wait(nullptr);
    return 0;
}
