/* maps: in /proc/self/maps, out mappings, one by one; no allocation, no stdio. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t parse_hex(const char **at)
{
    uint64_t value = 0;
    for (;; (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return value;
    }
}

/* "start-end rwxp offset dev inode   path" */
static void parse_line(const char *line, struct ht_mapping *mapping)
{
    mapping->start = parse_hex(&line);
    line++;
    mapping->end = parse_hex(&line);
    mapping->readable = line[0] && line[1] == 'r';
    mapping->writable = mapping->readable ? line[2] == 'w' : false;
    mapping->executable = line[0] && line[1] && line[2] && line[3] == 'x';
    if (strlen(line) < 6) {
        mapping->path[0] = 0;
        return;
    }
    line += 6;
    mapping->offset = parse_hex(&line);
    for (int field = 0; field < 2; field++) {
        while (*line == ' ')
            line++;
        while (*line && *line != ' ')
            line++;
    }
    while (*line == ' ')
        line++;
    size_t bytes = strnlen(line, sizeof mapping->path - 1);
    memcpy(mapping->path, line, bytes);
    mapping->path[bytes] = 0;
}

struct line_reader {
    int fd;
    size_t count, at;
    char bytes[4096];
};

/* One line without its newline; longer ones are cut. False at the end. */
static bool next_line(struct line_reader *in, char *line, size_t room)
{
    size_t used = 0;
    for (;;) {
        if (in->at == in->count) {
            long got = syscall(SYS_read, in->fd, in->bytes, sizeof in->bytes);
            if (got <= 0)
                return false;
            in->count = (size_t)got;
            in->at = 0;
        }
        char c = in->bytes[in->at++];
        if (c == '\n')
            break;
        if (used + 1 < room)
            line[used++] = c;
    }
    line[used] = 0;
    return true;
}

bool ht__maps_each(bool (*see)(const struct ht_mapping *mapping, void *context), void *context)
{
    static struct line_reader in;
    static struct ht_mapping mapping;
    static char line[700];
    int saved = errno;
    in.fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    in.at = in.count = 0;
    if (in.fd >= 0) {
        while (next_line(&in, line, sizeof line)) {
            parse_line(line, &mapping);
            if (!see(&mapping, context))
                break;
        }
        syscall(SYS_close, in.fd);
    }
    errno = saved;
    return in.fd >= 0;
}
