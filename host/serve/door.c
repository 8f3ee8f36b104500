/* door: names are compared without case; ports must be ours. */
#include "door.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

bool door_is_loopback(const char *address)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, address, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, address, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return !strcasecmp(address, "localhost");
}

static bool name_is(const char *name, size_t count, const char *wanted)
{
    return wanted && strlen(wanted) == count && !strncasecmp(name, wanted, count);
}

static bool name_known(const struct door *door, const char *name, size_t count)
{
    bool is_known = name_is(name, count, "localhost") || name_is(name, count, "127.0.0.1") || name_is(name, count, "::1") || name_is(name, count, door->address);
    for (const char *const *at = door->names; at && *at; at++)
        is_known |= name_is(name, count, *at);
    return is_known;
}

/* Without a port it is the one of the protocol, which this is not: but a name in front (a proxy, a tunnel) may leave it out or have its own. */
static bool port_known(const struct door *door, const char *port, bool is_named)
{
    char *end;
    if (is_named)
        return !*port || (*port == ':' && port[1]);
    return *port == ':' && port[1] >= '1' && port[1] <= '9' && strtoul(port + 1, &end, 10) == door->port && !*end;
}

bool door_knows_host(const struct door *door, const char *host)
{
    bool is_named = false;
    if (!host)
        return false;
    const char *name = *host == '[' ? host + 1 : host;
    size_t count = *host == '[' ? strcspn(name, "]") : strcspn(name, ":");
    if (*host == '[' && name[count] != ']')
        return false;
    for (const char *const *at = door->names; at && *at; at++)
        is_named |= name_is(name, count, *at);
    return name_known(door, name, count) && port_known(door, name + count + (*host == '['), is_named);
}

bool door_knows_origin(const struct door *door, const char *origin)
{
    if (!origin)
        return true;
    if (!strncmp(origin, "http://", 7))
        return door_knows_host(door, origin + 7);
    return !strncmp(origin, "https://", 8) && door_knows_host(door, origin + 8);
}

bool door_knows_token(const struct door *door, const char *token)
{
    char wanted[DOOR_TOKEN_MOST] = "", given[DOOR_TOKEN_MOST] = "";
    unsigned char differs = 0;
    if (!door->token)
        return true;
    if (!token || strlen(token) >= sizeof given)
        return false;
    strncpy(wanted, door->token, sizeof wanted - 1);
    strncpy(given, token, sizeof given - 1);
    for (size_t i = 0; i < sizeof wanted; i++)
        differs |= (unsigned char)(wanted[i] ^ given[i]);
    return !*(volatile unsigned char *)&differs;
}

bool door_knows_bearer(const struct door *door, const char *header)
{
    if (!door->token)
        return true;
    return header && !strncasecmp(header, "Bearer ", 7) && door_knows_token(door, header + 7);
}

bool door_make_token(char token[DOOR_TOKEN_MOST])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char bytes[32];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        token[i] = letters[bytes[i] & 31];
    token[sizeof bytes] = 0;
    return true;
}
