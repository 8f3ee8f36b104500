/* walk_throw: in random numbers, out a recursion through C++ frames that throw and catch, with walk points while objects are destroyed and in handlers. */
#include "walk_point.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace {

struct Witness {
    int value;
    explicit Witness(int v) : value(v) { walk_point(); }
    ~Witness() { walk_point(); }
};

struct Shape {
    virtual ~Shape() = default;
    virtual int area(int depth) = 0;
};

__attribute__((noinline)) int wander(int depth);

template <int N> struct Square : Shape {
    Witness witness{N};
    int area(int depth) override
    {
        walk_point();
        int below = wander(depth + 1);
        return below * N;
    }
};

__attribute__((noinline, noreturn)) void fail(int depth)
{
    Witness witness(depth);
    if (depth & 1)
        throw std::runtime_error("odd");
    throw depth;
}

__attribute__((noinline)) int catches(int depth)
{
    try {
        Witness witness(depth);
        if (wander(depth + 1) % 2)
            walk_point();
        fail(depth);
    } catch (const std::exception &) {
        walk_point();
        return 1;
    } catch (int value) {
        walk_wander(23);
        return value;
    }
}

__attribute__((noinline)) int sorts(int depth)
{
    std::vector<int> numbers{3, 1, 2, 9, 4};
    std::sort(numbers.begin(), numbers.end(), [depth](int a, int b) {
        if (a == 9)
            wander(depth + 1);
        walk_point();
        return a < b;
    });
    return numbers[0];
}

int wander(int depth)
{
    if (depth > 12)
        return 1;
    int total = 0;
    for (unsigned i = walk_random(2) + (depth < 4); i > 0; i--) {
        unsigned kind = walk_random(4);
        if (kind == 0)
            total += catches(depth);
        else if (kind == 1)
            total += sorts(depth);
        else if (kind == 2)
            total += Square<3>().area(depth);
        else
            total += Square<4>().area(depth);
    }
    return total;
}

}

void walk_throw(int depth)
{
    wander(depth);
    walk_point();
}
