/* builtin_profiles: the profiles, taken into the program as they are. */
#include "builtin_profiles.h"

__asm__(".section .rodata\n"
        ".global builtin_profiles, builtin_profiles_end\n"
        "builtin_profiles: .incbin \"" HT_PROFILES "\"\n"
        "builtin_profiles_end: .byte 0\n"
        ".previous\n");
