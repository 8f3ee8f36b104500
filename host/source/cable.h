/* cable: in a word that names a line (serial:/dev/ttyUSB0,115200), out the bytes that come over it, and a way back where it has one. A serial device or a
 * connection that goes away is waited for and opened again; a file and standard input end. */
#ifndef HOST_SOURCE_CABLE_H
#define HOST_SOURCE_CABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/error.h"

enum cable_kind { CABLE_FILE, CABLE_SERIAL, CABLE_TCP, CABLE_TCP_LISTEN, CABLE_UDP, CABLE_UNIX, CABLE_UNIX_LISTEN };

enum cable_news {
    CABLE_NOTHING, /* the time is over, or a signal came */
    CABLE_BYTES,
    CABLE_OPENED,  /* the first time too */
    CABLE_GONE,    /* it will be opened again */
    CABLE_END,
};

struct cable;

/* Whether the word begins like one that names a line; a plain "-" does not. */
bool cable_is_named(const char *word);
/* NULL and `error` if the word names no line, or one that cannot be. A device or peer that is not there yet is waited for. */
struct cable *cable_open(const char *word, struct error *error);
const char *cable_name(const struct cable *cable);
/* Whether bytes can be sent, once it is open. */
bool cable_goes_back(const struct cable *cable);
/* Waits up to `wait_ms`. */
enum cable_news cable_read(struct cable *cable, uint8_t *bytes, size_t room, size_t *count, int wait_ms);
/* False: it is not open, has no way back, or took less; nobody waits for it. */
bool cable_write(struct cable *cable, const uint8_t *bytes, size_t count);
void cable_close(struct cable *cable);

#endif
