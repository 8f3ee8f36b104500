/* api: in api.def, out enum ht_api; freestanding. */
#ifndef WIRE_API_H
#define WIRE_API_H

enum ht_api {
    HT_API_NONE,
#define HT_API(name, text, role) HT_API_##name,
#include "api.def"
#undef HT_API
    HT_API_COUNT
};

#endif
