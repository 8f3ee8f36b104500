/* guard_cxx: a victim that frees one block in the wrong way, or in the right one. usage: guard_cxx KIND [good]; without KIND it lists the kinds. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

static bool bad;

template <class T> static T *hidden(T *block)
{
    T *volatile through = block;
    return through;
}

static void new_free()
{
    int *block = hidden(static_cast<int *>(::operator new(sizeof(int))));
    if (bad)
        free(block);
    else
        ::operator delete(block);
}
static void malloc_delete()
{
    int *block = hidden(static_cast<int *>(malloc(sizeof(int))));
    if (bad)
        ::operator delete(block);
    else
        free(block);
}
static void array_delete()
{
    char *block = hidden(static_cast<char *>(::operator new[](100)));
    if (bad)
        ::operator delete(block);
    else
        ::operator delete[](block);
}
static void array_free()
{
    char *block = hidden(static_cast<char *>(::operator new[](100)));
    if (bad)
        free(block);
    else
        ::operator delete[](block);
}
static void plain_array_delete()
{
    char *block = hidden(static_cast<char *>(::operator new(100)));
    if (bad)
        ::operator delete[](block);
    else
        ::operator delete(block);
}
static void wrong_size()
{
    ::operator delete(hidden(::operator new(40)), static_cast<std::size_t>(bad ? 48 : 40));
}
static void aligned_plain()
{
    void *block = hidden(::operator new(64, std::align_val_t(64)));
    if (bad)
        ::operator delete(block);
    else
        ::operator delete(block, std::align_val_t(64));
}
static void delete_twice()
{
    void *block = hidden(::operator new(30));
    ::operator delete(block);
    if (bad)
        ::operator delete(hidden(block));
}
static void new_realloc()
{
    void *block = hidden(bad ? ::operator new(30) : malloc(30));
    free(realloc(block, 60));
}
static void new_negative()
{
    volatile long size = bad ? -8 : 8;
    try {
        ::operator delete(hidden(::operator new(static_cast<std::size_t>(size))));
    } catch (const std::bad_alloc &) {
    }
}

static const struct {
    const char *name;
    void (*run)();
} kinds[] = {
    {"new_free", new_free},         {"malloc_delete", malloc_delete}, {"array_delete", array_delete},   {"array_free", array_free},
    {"plain_array_delete", plain_array_delete}, {"wrong_size", wrong_size}, {"aligned_plain", aligned_plain}, {"delete_twice", delete_twice},
    {"new_realloc", new_realloc},   {"new_negative", new_negative},
};

int main(int argc, char **argv)
{
    bad = argc == 2;
    for (const auto &kind : kinds)
        if (argc < 2)
            std::puts(kind.name);
        else if (!std::strcmp(kind.name, argv[1])) {
            kind.run();
            std::puts("went on");
            return 0;
        }
    return argc > 1;
}
