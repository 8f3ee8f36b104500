/* door: names are compared without case; ports must be ours unless somebody gave the name. */
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

bool door_is_any(const char *address)
{
    struct in_addr four;
    struct in6_addr six;
    return (inet_pton(AF_INET, address, &four) == 1 && !four.s_addr) || (inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_UNSPECIFIED(&six));
}

/* What stands in Host, and behind "http://" in Origin. */
struct authority {
    char name[256];
    const char *port; /* "" or ":7777" */
};

static bool authority_read(struct authority *authority, const char *text)
{
    const char *name = *text == '[' ? text + 1 : text;
    size_t count = strcspn(name, *text == '[' ? "]" : ":");
    if (count >= sizeof authority->name || (*text == '[' && name[count] != ']'))
        return false;
    memcpy(authority->name, name, count);
    authority->name[count] = 0;
    authority->port = name + count + (*text == '[');
    return true;
}

/* Who gave a name knows by which port it is reached: there may be a proxy in front. */
static bool is_named(const struct door *door, const struct authority *authority)
{
    for (const char *const *at = door->names; at && *at; at++)
        if (!strcasecmp(authority->name, *at))
            return !*authority->port || authority->port[0] == ':';
    return false;
}

static bool port_is_ours(const struct door *door, const char *port)
{
    char *end;
    return *port == ':' && port[1] >= '1' && port[1] <= '9' && strtoul(port + 1, &end, 10) == door->port && !*end;
}

static bool is_address(const char *name)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

bool door_knows_host(const struct door *door, const char *host)
{
    struct authority authority;
    if (!host || !authority_read(&authority, host))
        return false;
    if (is_named(door, &authority))
        return true;
    const char *name = authority.name;
    bool is_ours = !strcasecmp(name, "localhost") || !strcmp(name, "127.0.0.1") || !strcmp(name, "::1") || !strcasecmp(name, door->address);
    return (is_ours || (door_is_any(door->address) && is_address(name))) && port_is_ours(door, authority.port);
}

bool door_knows_origin(const struct door *door, const char *origin, const char *host)
{
    struct authority authority;
    if (!origin)
        return true;
    const char *from = !strncmp(origin, "http://", 7) ? origin + 7 : !strncmp(origin, "https://", 8) ? origin + 8 : NULL;
    if (!from)
        return false;
    return (host && !strcasecmp(from, host)) || (authority_read(&authority, from) && is_named(door, &authority));
}

bool door_suits_token(const char *token)
{
    size_t count = strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~");
    return count >= 8 && count < DOOR_TOKEN_MOST && !token[count];
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
