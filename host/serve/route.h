/* route: in the path and query of a request, out what it asks for. */
#ifndef HOST_SERVE_ROUTE_H
#define HOST_SERVE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum route_kind {
    ROUTE_NONE, /* there is no such place */
    ROUTE_PAGE,
    ROUTE_SOURCES,
    ROUTE_STREAM,
    ROUTE_SAY, /* a message for a stream */
    ROUTE_REPORT_JSON,
    ROUTE_REPORT_HTML,
    ROUTE_TABLE_JSON,
    ROUTE_TABLE_CSV,
    ROUTE_BLOCKS_JSON, /* that live now */
    ROUTE_BLOCKS_CSV,
};
enum { ROUTE_NAME_MOST = 64 };

enum { ROUTE_BLOCKS_MOST = 250000 };

/* Which blocks: those that touch [from, to). */
struct route_window {
    uint64_t from, to; /* to 0: the end of memory */
    uint32_t process;  /* 0: of all */
    size_t most;       /* 0: all */
};

struct route {
    enum route_kind kind;
    unsigned source;             /* 0: none is named */
    char table[ROUTE_NAME_MOST]; /* a table's name: small letters, digits, '_' */
    bool wants_document, wants_history; /* of a stream of events */
    bool is_spoken_for;                 /* of a stream: what it tells is asked for by messages that name its key */
    char key[ROUTE_NAME_MOST];
    struct route_window window; /* of blocks */
};

/* `query` may be NULL. */
struct route route_find(const char *path, const char *query);

#endif
