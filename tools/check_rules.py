#!/usr/bin/env python3
"""check_rules: in the files that git knows, out every breach of the rules of CONTRIBUTING.md that a machine can see. Exit code 1 when there is one."""
import os
import re
import subprocess
import sys

FILE_LINES = 800
FUNCTION_LINES = 60
LINE_COLUMNS = 160
CODE = (".c", ".h", ".cc")
PRODUCT = ("wire/", "target/", "host/")
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
MACHINE = re.compile(r"(?<![\w.$}])/(work|root|home/(?!user\b|me\b)\w+)/")
TARGET_FORBIDDEN = re.compile(r"#\s*include\s*<stdio\.h>|(?<![\w.>])(printf|fprintf|snprintf|pthread_mutex_lock)\s*\(")


def git_files(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [name for name in listed.stdout.splitlines() if os.path.isfile(os.path.join(root, name))]
    return [os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names if "/build" not in folder]


def long_functions(lines):
    """(line, length) of functions with their braces in column 0."""
    start = 0
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            if number - start + 1 > FUNCTION_LINES:
                yield start, number - start + 1
            start = 0


def check_code(name, lines):
    stem = os.path.splitext(os.path.basename(name))[0]
    noun = stem[5:] if stem.startswith("test_") else stem
    if not re.match(r"/\* [\w.]*" + re.escape(noun) + r"\b[^:]*: ", lines[0] if lines else ""):
        yield 1, f"the head comment \"/* {noun}: in ... out ...\" is missing"
    if len(lines) > FILE_LINES:
        yield 1, f"{len(lines)} lines, more than {FILE_LINES}"
    for number, length in long_functions(lines):
        yield number, f"a function of {length} lines, more than {FUNCTION_LINES}"
    for number, line in enumerate(lines, 1):
        if name.startswith("target/") and TARGET_FORBIDDEN.search(line):
            yield number, "stdio or a lock in the target"
        if len(line) > LINE_COLUMNS + 20:
            yield number, f"{len(line)} columns, more than {LINE_COLUMNS}"


def check_script(name, lines):
    stem = re.escape(os.path.splitext(os.path.basename(name))[0])
    head = "\n".join(lines[:3])
    if not re.search(r'^(# |""")' + stem + ": ", head, re.MULTILINE):
        yield 2, "the head comment \"NAME: in ... out ...\" is missing"


def check_any(name, lines):
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield number, "unfinished by its own words"
        if MACHINE.search(line):
            yield number, "a path of one machine"
        if line.rstrip("\n") != line.rstrip() and not name.endswith(".md"):
            yield number, "blanks at the line's end"


def check_names(names):
    seen = {}
    for name in names:
        if name.endswith(CODE) and name.startswith(PRODUCT):
            base = os.path.basename(name)
            if base in seen:
                yield name, 1, f"the file name is taken by {seen[base]}"
            seen[base] = name


def check_stops(root):
    """Every "`folder/file.c` `function()`" that ARCHITECTURE.md names is there."""
    for number, line in enumerate(read_lines(os.path.join(root, "ARCHITECTURE.md")), 1):
        for name, function in re.findall(r"`([\w/]+\.[ch])` `(\w+)\(\)`", line):
            path = os.path.join(root, name)
            if not os.path.isfile(path) or not re.search(rf"^\w[^;=]*\b{function}\(", "\n".join(read_lines(path)), re.MULTILINE):
                yield f"ARCHITECTURE.md:{number}: there is no {function}() in {name}"


def read_lines(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except UnicodeDecodeError:
        return None


def check_file(root, name):
    lines = read_lines(os.path.join(root, name))
    if lines is None or name == "LICENSE":
        return
    if name.startswith(("tests/golden/", "tests/fuzz/corpus/")):
        return
    yield from check_any(name, lines)
    if name.endswith(CODE):
        yield from check_code(name, lines)
    if name.endswith((".py", ".sh")):
        yield from check_script(name, lines)


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    names = git_files(root)
    broken = [f"{name}:{line}: {what}" for name, line, what in check_names(names)]
    broken += check_stops(root)
    for name in names:
        broken += [f"{name}:{line}: {what}" for line, what in check_file(root, name)]
    print("\n".join(broken) or f"rules: {len(names)} files keep them")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
