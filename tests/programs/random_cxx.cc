/* random_cxx: in a seed, a count and threads, out C++ heap calls: every form of new and delete, containers, exceptions thrown through many frames.
 *
 * usage: random_cxx SEED EVENTS THREADS */
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "random_dice.h"

namespace
{

struct alignas(64) Wide {
    char bytes[192];
};

struct Base {
    virtual ~Base() = default;
    virtual void step(class Walker &walker, int depth) = 0;
};

class Walker
{
  public:
    Walker(uint64_t seed, long left) : dice(seed), left(left)
    {
    }
    uint32_t roll(uint32_t sides)
    {
        return dice_roll(&dice, sides);
    }
    void change();
    void step(int depth);
    uint64_t dice;
    long left;

  private:
    std::map<int, std::string> names;
    std::vector<std::unique_ptr<Wide>> wides;
};

struct Plain : Base {
    std::string text = "something longer than the small buffer";
    void step(Walker &walker, int depth) override
    {
        walker.change();
        walker.step(depth - 1);
    }
};

struct Thrower : Base {
    std::vector<int> numbers = std::vector<int>(37);
    void step(Walker &walker, int depth) override
    {
        try {
            std::string guard(100, 'x');
            walker.step(depth - 1);
            if (walker.roll(3) == 0)
                throw std::runtime_error("thrown " + guard);
            walker.change();
        } catch (const std::runtime_error &error) {
            walker.change();
            if (walker.roll(4) == 0 && depth > 3)
                throw;
        }
    }
};

struct Calls : Base {
    void step(Walker &walker, int depth) override
    {
        std::function<void(int)> inner = [&walker, extra = std::string(50, 'y')](int below) {
            walker.change();
            walker.step(below - (int)extra.size() / 50);
        };
        inner(depth);
    }
};

void scalar_forms(Walker &walker)
{
    void *block = walker.roll(2) ? ::operator new(walker.roll(500)) : ::operator new(walker.roll(500), std::nothrow);
    switch (walker.roll(3)) {
    case 0:
        ::operator delete(block);
        break;
    case 1:
        ::operator delete(block, std::nothrow);
        break;
    default:
        ::operator delete(block, std::size_t(1));
    }
}

void array_forms(Walker &walker)
{
    void *block = walker.roll(2) ? ::operator new[](walker.roll(500)) : ::operator new[](walker.roll(500), std::nothrow);
    switch (walker.roll(3)) {
    case 0:
        ::operator delete[](block);
        break;
    case 1:
        ::operator delete[](block, std::nothrow);
        break;
    default:
        ::operator delete[](block, std::size_t(1));
    }
}

void aligned_forms(Walker &walker)
{
    auto alignment = std::align_val_t(std::size_t(32) << walker.roll(4));
    void *one = walker.roll(2) ? ::operator new(256, alignment) : ::operator new(256, alignment, std::nothrow);
    void *many = walker.roll(2) ? ::operator new[](512, alignment) : ::operator new[](512, alignment, std::nothrow);
    if (walker.roll(2)) {
        ::operator delete(one, alignment);
        ::operator delete[](many, std::size_t(512), alignment);
    } else {
        ::operator delete(one, std::size_t(256), alignment);
        ::operator delete[](many, alignment, std::nothrow);
    }
}

void too_much(Walker &walker)
{
    volatile std::size_t huge = std::size_t(1) << 61;
    if (walker.roll(2)) {
        ::operator delete(::operator new(huge, std::nothrow));
        return;
    }
    try {
        ::operator delete(::operator new(huge));
    } catch (const std::bad_alloc &) {
        walker.left--;
    }
}

void Walker::change()
{
    left--;
    switch (roll(8)) {
    case 0:
        scalar_forms(*this);
        break;
    case 1:
        array_forms(*this);
        break;
    case 2:
        aligned_forms(*this);
        break;
    case 3:
        names[(int)roll(200)] += " more";
        break;
    case 4:
        wides.push_back(std::make_unique<Wide>());
        if (wides.size() > 20)
            wides.clear();
        break;
    case 5:
        if (roll(20) == 0)
            too_much(*this);
        break;
    default:
        delete[] new std::string[1 + roll(5)];
    }
}

void Walker::step(int depth)
{
    if (depth <= 0 || left <= 0)
        return;
    std::unique_ptr<Base> next;
    switch (roll(3)) {
    case 0:
        next = std::make_unique<Plain>();
        break;
    case 1:
        next = std::make_unique<Thrower>();
        break;
    default:
        next = std::make_unique<Calls>();
    }
    next->step(*this, depth);
}

void run(uint64_t seed, long events)
{
    Walker walker(seed, events);
    while (walker.left > 0) {
        try {
            walker.step(1 + (int)walker.roll(40));
        } catch (const std::runtime_error &) {
            walker.change();
        }
        walker.left--;
    }
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: random_cxx SEED EVENTS THREADS\n");
        return 2;
    }
    std::vector<std::thread> threads;
    int count = atoi(argv[3]);
    for (int i = 0; i < count; i++)
        threads.emplace_back(run, strtoull(argv[1], nullptr, 10) * 1000 + (uint64_t)i, atol(argv[2]) / count);
    for (auto &thread : threads)
        thread.join();
    return 0;
}
