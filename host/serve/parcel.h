/* parcel: in what is written on a stream, out one message that many clients hold at once, each for as long as it sends it. */
#ifndef HOST_SERVE_PARCEL_H
#define HOST_SERVE_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct parcel {
    char *bytes;
    size_t count;
    unsigned holders; /* private */
};

struct parcel_maker {
    FILE *out;
    char *bytes;
    size_t count;
};

/* What is written to the stream goes into the parcel. */
FILE *parcel_begin(struct parcel_maker *maker);
/* Held by the caller, who lets it go by parcel_drop. `is_line`: a JSON document becomes one line. */
struct parcel *parcel_end(struct parcel_maker *maker, bool is_line);
struct parcel *parcel_hold(struct parcel *parcel); /* NULL in, NULL out */
void parcel_drop(struct parcel *parcel);
/* Lets go what was there. */
void parcel_replace(struct parcel **place, struct parcel *parcel);

#endif
