/* fault: in fault.def, out its enums and bits; freestanding. */
#ifndef WIRE_FAULT_H
#define WIRE_FAULT_H

enum ht_fault {
    HT_FAULT_NONE,
#define HT_FAULT(name, text) HT_FAULT_##name,
#include "fault.def"
#undef HT_FAULT
    HT_FAULT_COUNT
};

enum ht_guess {
    HT_GUESS_NONE,
#define HT_GUESS(name, text) HT_GUESS_##name,
#include "fault.def"
#undef HT_GUESS
    HT_GUESS_COUNT
};

enum ht_found {
    HT_FOUND_NONE,
#define HT_FOUND(name, text) HT_FOUND_##name,
#include "fault.def"
#undef HT_FOUND
    HT_FOUND_COUNT
};

enum ht_level {
    HT_LEVEL_NONE,
#define HT_LEVEL(name, text) HT_LEVEL_##name,
#include "fault.def"
#undef HT_LEVEL
    HT_LEVEL_COUNT
};

enum ht_rule {
    HT_RULE_NONE,
#define HT_RULE(name, text) HT_RULE_##name,
#include "fault.def"
#undef HT_RULE
    HT_RULE_COUNT
};

enum ht_cap_bit {
#define HT_CAP(name, text) HT_CAP_BIT_##name,
#include "fault.def"
#undef HT_CAP
    HT_CAP_BITS
};

enum ht_cap {
    HT_CAP_NONE,
#define HT_CAP(name, text) HT_CAP_##name = 1 << HT_CAP_BIT_##name,
#include "fault.def"
#undef HT_CAP
};

#endif
