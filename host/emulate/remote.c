/* remote: packets are $TEXT#SUM; each acknowledges the answer before it by a '+'. Nothing is sent twice: the line is a pair of sockets, which loses nothing. */
#include "remote.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void bytes_send(struct remote *remote, const char *bytes, size_t count)
{
    while (count && !remote->is_lost) {
        ssize_t wrote = write(remote->fd, bytes, count);
        if (wrote < 0 && errno == EINTR)
            continue;
        remote->is_lost = wrote <= 0;
        bytes += wrote > 0 ? wrote : 0;
        count -= wrote > 0 ? (size_t)wrote : 0;
    }
}

static void packet_send(struct remote *remote, const char *text)
{
    char packet[128];
    uint8_t sum = 0;
    for (const char *at = text; *at; at++)
        sum = (uint8_t)(sum + (uint8_t)*at);
    int count = snprintf(packet, sizeof packet, "+$%s#%02x", text, sum);
    bytes_send(remote, packet, (size_t)count);
}

/* More into `incoming`. False: nothing came in time, or it is lost. */
static bool bytes_receive(struct remote *remote, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = remote->fd, .events = POLLIN};
    if (remote->have == sizeof remote->incoming)
        remote->is_lost = true; /* no packet is so long */
    if (remote->is_lost || poll(&poll_fd, 1, timeout_ms) <= 0)
        return false;
    ssize_t got = read(remote->fd, remote->incoming + remote->have, sizeof remote->incoming - remote->have);
    if (got < 0 && errno == EINTR)
        return true;
    remote->is_lost = got <= 0;
    remote->have += got > 0 ? (size_t)got : 0;
    return !remote->is_lost;
}

/* The next whole packet of `incoming` becomes the answer. */
static bool packet_take(struct remote *remote)
{
    char *begin = memchr(remote->incoming, '$', remote->have);
    char *end = begin ? memchr(begin, '#', remote->have - (size_t)(begin - remote->incoming)) : NULL;
    if (!end || (size_t)(end + 3 - remote->incoming) > remote->have)
        return false;
    size_t count = (size_t)(end - begin) - 1, used = (size_t)(end + 3 - remote->incoming);
    count = count < REMOTE_PACKET ? count : REMOTE_PACKET;
    memcpy(remote->answer, begin + 1, count);
    remote->answer[count] = 0;
    memmove(remote->incoming, remote->incoming + used, remote->have - used);
    remote->have -= used;
    return true;
}

static bool packet_receive(struct remote *remote, int timeout_ms)
{
    while (!packet_take(remote))
        if (!bytes_receive(remote, timeout_ms))
            return false;
    return true;
}

/* The longest that a machine which stands still may take to answer; a busy computer is slow. */
enum { PATIENCE_MS = 60000 };

static bool ask(struct remote *remote, const char *text)
{
    packet_send(remote, text);
    while (!packet_take(remote))
        if (!bytes_receive(remote, PATIENCE_MS) && (remote->is_lost || errno != EINTR)) {
            remote->is_lost = true;
            return false;
        }
    return true;
}

bool remote_begin(struct remote *remote)
{
    return ask(remote, "?");
}

static unsigned digit_of(char c)
{
    return c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static size_t bytes_of(const char *hex, uint8_t *bytes, size_t most)
{
    size_t count = 0;
    for (; count < most && digit_of(hex[2 * count]) < 16 && digit_of(hex[2 * count + 1]) < 16; count++)
        bytes[count] = (uint8_t)(digit_of(hex[2 * count]) << 4 | digit_of(hex[2 * count + 1]));
    return count;
}

size_t remote_registers(struct remote *remote, uint8_t bytes[REMOTE_REGISTER_BYTES])
{
    return ask(remote, "g") ? bytes_of(remote->answer, bytes, REMOTE_REGISTER_BYTES) : 0;
}

size_t remote_memory(struct remote *remote, uint64_t address, uint8_t *bytes, size_t count)
{
    char text[64];
    snprintf(text, sizeof text, "m%llx,%zx", (unsigned long long)address, count);
    return ask(remote, text) && remote->answer[0] != 'E' ? bytes_of(remote->answer, bytes, count) : 0;
}

bool remote_break(struct remote *remote, uint64_t address, unsigned code_bytes)
{
    char text[64];
    snprintf(text, sizeof text, "Z0,%llx,%x", (unsigned long long)address, code_bytes);
    return ask(remote, text) && !strcmp(remote->answer, "OK");
}

static enum remote_stop stop_wait(struct remote *remote, int timeout_ms)
{
    while (packet_receive(remote, timeout_ms)) {
        if (remote->answer[0] == 'T' || remote->answer[0] == 'S')
            return REMOTE_STOPPED;
        if (remote->answer[0] == 'W' || remote->answer[0] == 'X')
            return REMOTE_ENDED;
    }
    return remote->is_lost ? REMOTE_ENDED : REMOTE_TIME_OUT;
}

enum remote_stop remote_go(struct remote *remote, bool one_step, int timeout_ms)
{
    packet_send(remote, one_step ? "s" : "c");
    return stop_wait(remote, timeout_ms);
}

enum remote_stop remote_interrupt(struct remote *remote)
{
    bytes_send(remote, "\3", 1);
    return stop_wait(remote, PATIENCE_MS);
}
