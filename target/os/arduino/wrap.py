"""wrap: in PlatformIO's environment of a project that uses this library, out the linker's wraps: malloc and its like of the whole sketch are traced."""
Import("env")  # noqa: F821  PlatformIO gives it

CALLS = ("malloc", "calloc", "realloc", "free")
for each in (env, DefaultEnvironment()):  # noqa: F821
    each.Append(CPPDEFINES=[("HT_BARE_WRAP", 1)], LINKFLAGS=["-Wl,--wrap=" + call for call in CALLS])
