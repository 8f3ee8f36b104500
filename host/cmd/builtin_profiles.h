/* builtin_profiles: out the text of the profiles that the command carries: those of profiles/, one behind another. */
#ifndef HOST_CMD_BUILTIN_PROFILES_H
#define HOST_CMD_BUILTIN_PROFILES_H

extern const char builtin_profiles[], builtin_profiles_end[];

#endif
