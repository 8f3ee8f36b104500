/* predict_passed: blocks whose size no sizeof tells: bytes through a table of functions, a buffer for read(), records from an allocator of its own, a pool. */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct memory {
    void *(*get)(size_t bytes);
};
struct buffer {
    const struct memory *memory;
    unsigned char *bytes;
    size_t size;
};
struct cell {
    struct cell *next;
    void *value;
};
struct row {
    long *cells;
    char tag;
};

static void *plain_get(size_t bytes)
{
    void *block = malloc(bytes);
    if (!block)
        abort();
    return block;
}

static size_t twice(volatile size_t *size)
{
    return *size *= 2;
}

/* Bytes: only what the block is assigned to tells so. */
__attribute__((noinline)) static void buffer_grow(struct buffer *buffer)
{
    unsigned char *old = buffer->bytes;
    volatile size_t size = buffer->size;
    size_t wanted = twice(&size);
    buffer->bytes = (unsigned char *)buffer->memory->get(wanted);
    if (old)
        memcpy(buffer->bytes, old, buffer->size);
    free(old);
    buffer->size = wanted;
}

/* Bytes: read() fills them. */
__attribute__((noinline)) static void file_read(const char *path, volatile size_t *room)
{
    size_t bytes = twice(room);
    void *text = malloc(bytes);
    int fd = open(path, O_RDONLY);
    if (text && fd >= 0 && read(fd, text, bytes) < 0)
        abort();
    close(fd);
}

/* Rows: the number of bytes comes from elsewhere, the caller says of what. */
__attribute__((noinline)) static struct row *rows_get(volatile size_t *bytes)
{
    struct row *rows = plain_get(twice(bytes));
    return rows;
}

static char *pool;
static size_t pool_left;

/* Cells are cut out of blocks of a fixed number of bytes: smaller ones need fewer. */
__attribute__((noinline)) static void *pool_get(size_t bytes)
{
    if (bytes > pool_left) {
        pool = malloc(1024);
        pool_left = 1024;
    }
    pool_left -= bytes;
    pool += bytes;
    return pool - bytes;
}

int main(int argc, char **argv)
{
    static const struct memory memory = {plain_get};
    struct buffer buffer = {&memory, NULL, 300};
    struct cell *cells = NULL;
    volatile size_t room = 1200, bytes = 16 * 2 * sizeof(void *);
    for (int i = 0; i < 4; i++)
        buffer_grow(&buffer);
    file_read(argv[argc - 1], &room);
    struct row *rows = rows_get(&bytes);
    rows->tag = 1;
    for (int i = 0; i < 1280; i++) {
        struct cell *cell = pool_get(sizeof(struct cell));
        cell->next = cells;
        cells = cell;
    }
    return cells->next == NULL;
}
