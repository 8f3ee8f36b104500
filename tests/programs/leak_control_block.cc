/* leak_control_block: in nothing, out two objects that own each other by shared pointers; with "good", one of them holds the other weakly. */
#include <cstring>
#include <memory>

struct person {
    std::shared_ptr<person> friend_of;
    std::weak_ptr<person> knows;
};

static __attribute__((noinline)) void meet(bool good)
{
    auto a = std::make_shared<person>(), b = std::make_shared<person>();
    a->friend_of = b;
    if (good)
        b->knows = a;
    else
        b->friend_of = a;
}

static __attribute__((noinline)) int scrub()
{
    volatile char room[16384];
    for (std::size_t i = 0; i < sizeof room; i++)
        room[i] = 0;
    return room[77];
}

int main(int argc, char **argv)
{
    meet(argc > 1 && !std::strcmp(argv[1], "good"));
    return scrub();
}
