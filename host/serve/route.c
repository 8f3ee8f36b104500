/* route: the whole path must fit; a query is looked at for streams, messages and blocks only. */
#include "route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "1" to "999": what is behind it goes to *rest. */
static unsigned number_read(const char *text, const char **rest)
{
    unsigned number = 0, digits = 0;
    for (; *text >= '0' && *text <= '9' && digits < 3; text++, digits++)
        number = number * 10 + (unsigned)(*text - '0');
    *rest = text;
    return number;
}

static enum route_kind table_find(const char *text, char table[ROUTE_NAME_MOST])
{
    size_t count = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (!count || count >= ROUTE_NAME_MOST)
        return ROUTE_NONE;
    memcpy(table, text, count);
    table[count] = 0;
    if (!strcmp(text + count, ".json"))
        return ROUTE_TABLE_JSON;
    return !strcmp(text + count, ".csv") ? ROUTE_TABLE_CSV : ROUTE_NONE;
}

static bool query_has(const char *query, const char *key, const char **value)
{
    size_t count = strlen(key);
    for (const char *at = query; at; at = strchr(at, '&'), at = at ? at + 1 : NULL)
        if (!strncmp(at, key, count) && at[count] == '=') {
            *value = at + count + 1;
            return true;
        }
    return false;
}

/* A number as C has it; what is none counts as 0. */
static uint64_t query_number(const char *query, const char *key)
{
    const char *value;
    return query_has(query, key, &value) && *value != '-' ? strtoull(value, NULL, 0) : 0;
}

static void blocks_find(struct route *route, enum route_kind kind, const char *query)
{
    uint64_t most = query_number(query, "most");
    route->kind = kind;
    snprintf(route->table, sizeof route->table, "blocks");
    route->window = (struct route_window){.from = query_number(query, "from"),
                                          .to = query_number(query, "to"),
                                          .process = (uint32_t)query_number(query, "process"),
                                          .most = most && most < ROUTE_BLOCKS_MOST ? most : ROUTE_BLOCKS_MOST};
}

static void source_find(struct route *route, const char *text, const char *query)
{
    const char *rest;
    route->source = number_read(text, &rest);
    if (!route->source)
        return;
    if (!strcmp(rest, "/report.json"))
        route->kind = ROUTE_REPORT_JSON;
    else if (!strcmp(rest, "/report.html"))
        route->kind = ROUTE_REPORT_HTML;
    else if (!strcmp(rest, "/blocks.json"))
        blocks_find(route, ROUTE_BLOCKS_JSON, query);
    else if (!strcmp(rest, "/blocks.csv"))
        blocks_find(route, ROUTE_BLOCKS_CSV, query);
    else if (!strncmp(rest, "/table/", 7))
        route->kind = table_find(rest + 7, route->table);
}

static void stream_find(struct route *route, const char *query)
{
    const char *value, *rest;
    route->kind = ROUTE_STREAM;
    if (query_has(query, "source", &value))
        route->source = number_read(value, &rest);
    route->wants_document = query_has(query, "document", &value) && *value == '1';
    route->wants_history = query_has(query, "history", &value) && *value == '1';
    route->is_spoken_for = query_has(query, "say", &value) && *value == '1';
}

static void say_find(struct route *route, const char *query)
{
    const char *value;
    route->kind = ROUTE_SAY;
    if (query_has(query, "key", &value))
        snprintf(route->key, sizeof route->key, "%.*s", (int)strcspn(value, "&"), value);
}

struct route route_find(const char *path, const char *query)
{
    struct route route = {0};
    if (!strcmp(path, "/") || !strcmp(path, "/index.html"))
        route.kind = ROUTE_PAGE;
    else if (!strcmp(path, "/api/sources"))
        route.kind = ROUTE_SOURCES;
    else if (!strcmp(path, "/api/stream"))
        stream_find(&route, query);
    else if (!strcmp(path, "/api/say"))
        say_find(&route, query);
    else if (!strncmp(path, "/api/source/", 12))
        source_find(&route, path + 12, query);
    return route;
}
