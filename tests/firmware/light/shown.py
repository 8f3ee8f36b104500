#!/usr/bin/env python3
"""shown: in docs/firmware.md, out whether each line of the texts there is one that the light controller gives, but for numbers. usage: shown.py BOARD ELF REPORT-ELF"""
import os
import re
import subprocess
import sys

# Told or not as the run is a little faster or slower: it is near the threshold.
UNSURE = ("Memory does not grow steadily", "Memory grows all the time")
NAMES = ("text report", "dashboard", "health")


def shape(line):
    """Numbers, bars and maps are of the run; how many spaces stand before a number too."""
    line = re.sub(r"[█▓▒░]+", "=", re.sub(r"(?:0x[0-9a-f]+|[\d,.]+)(?::0x[0-9a-f]+)*", "1", line))
    return re.sub(r"(?:1 (?:[KM]iB|B|KB|bytes|m?s)\b|1)", "1", re.sub(r"\s+", " ", line)).strip()


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"shown: {' '.join(command)} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def texts(board, elf, report_elf):
    heaptracer, base = os.environ["HT"], elf[:-4] + ".shown"
    with open(base + ".bin", "wb") as out:
        out.write(run(os.environ["RUN"], board, elf))
    run(heaptracer, "listen", "--quiet", "--force", "file:" + base + ".bin", "--elf", elf, "--output", base + ".htrc")
    yield run(os.environ["RUN"], board, report_elf)
    yield run(heaptracer, "report", base + ".htrc", "--format", "dashboard", "--output", "-")
    yield run(heaptracer, "report", base + ".htrc", "--format", "text", "--output", "-", "--width", "120")


def main():
    page = open(os.path.join(os.environ["SOURCE"], "docs/firmware.md"), encoding="utf-8").read()
    wrong = []
    for name, text in zip(NAMES, texts(*sys.argv[1:])):
        shown = page.split(f"<!-- {name} -->\n```\n")[1].split("\n```\n<!-- end -->")[0].splitlines()
        wrong += [f"{name}: it is not there"] * (len(shown) < 20)
        given = {shape(line) for line in text.decode().splitlines()}
        wrong += [f"{name}: {line}" for line in shown if shape(line) not in given and line != "..." and ".elf" not in line and ".htrc" not in line
                  and not line.endswith(UNSURE)]
    print("\n".join(wrong))
    sys.exit(len(wrong) > 0)


if __name__ == "__main__":
    main()
