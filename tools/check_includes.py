#!/usr/bin/env python3
"""check_includes: in the include lines of ARCHITECTURE.md and the sources, out every #include between folders that those lines do not allow.

A line reads "a, b -> c -> d": c may include a and b, d may include c and all that c may. Lines add up. Exit code 1 when a rule is broken.
"""
import os
import re
import sys

HEADING = "## Who may include whom"
SOURCES = (".c", ".h", ".cc", ".def")
ROOTS = ("wire", "target", "host", "include")


def read_arrows(path):
    """The first code block behind HEADING, as {folder: folders it names directly}."""
    text = open(path, encoding="utf-8").read()
    block = text[text.index(HEADING):].split("```")[1]
    allowed = {}
    for line in block.strip().splitlines():
        stages = [[name.strip() for name in stage.split(",")] for stage in line.split("->")]
        if len(stages) < 2:
            continue
        for earlier, later in zip(stages, stages[1:]):
            for folder in later:
                allowed.setdefault(folder, set()).update(earlier)
        for folder in stages[0]:
            allowed.setdefault(folder, set())
    return allowed


def close(allowed):
    """Adds what is reached through others; a circle in the lines is an error."""
    def reach(folder, way):
        if folder in way:
            sys.exit("ARCHITECTURE.md: a circle of includes: " + " -> ".join(way + [folder]))
        found = set()
        for earlier in allowed.get(folder, ()):
            found |= {earlier} | reach(earlier, way + [folder])
        return found
    return {folder: reach(folder, []) for folder in allowed}


def folder_of(path):
    """Folder name as ARCHITECTURE.md calls it: the path without its file; a file that stands in host/ itself is its own stage."""
    folder, name = os.path.split(path)
    return os.path.join(folder, os.path.splitext(name)[0]) if folder == "host" else folder


def find_include(root, source, name, quoted):
    """Path of the project's file that an #include means, or None for a foreign header."""
    beside = os.path.normpath(os.path.join(os.path.dirname(source), name))
    for path in ([beside] if quoted else []) + [name, os.path.join("include", name)]:
        if os.path.isfile(os.path.join(root, path)):
            return path
    return None


def sources(root):
    for top in ROOTS:
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in sorted(files):
                if name.endswith(SOURCES):
                    yield os.path.relpath(os.path.join(folder, name), root)


def check_file(root, source, allowed, broken):
    home = folder_of(source)
    if home not in allowed:
        broken.append(f"{source}: folder {home} is not named under \"{HEADING[3:]}\" of ARCHITECTURE.md")
        return
    for number, line in enumerate(open(os.path.join(root, source), encoding="utf-8"), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        path = found and find_include(root, source, found[2], found[1] == '"')
        if not path:
            if found and found[1] == '"':
                broken.append(f"{source}:{number}: \"{found[2]}\" is not in the tree (write <...> for a foreign header)")
            continue
        other = folder_of(path)
        if other != home and other not in allowed[home]:
            broken.append(f"{source}:{number}: {home} may not include {other} ({path})")
        if other != home and ".." in found[2]:
            broken.append(f"{source}:{number}: write the path from the root: \"{path}\"")


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    allowed = close(read_arrows(os.path.join(root, "ARCHITECTURE.md")))
    broken = []
    for source in sources(root):
        check_file(root, source, allowed, broken)
    print("\n".join(broken) or "includes: as ARCHITECTURE.md says")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
