#!/usr/bin/env python3
"""docs: in Markdown pages, out whether every ```console block in them is true: its commands ("$ …") are run, and what follows must be what they print.

Numbers with their units and runs of spaces may differ; a line "…" stands for any lines. A command that ends with "# ends with N" must end with N, any other
with 0. All blocks of a page share one folder, in which `examples` is the project's, and `shop` and `shop-mended` are built from examples/tutorial/shop.c.
A page with "<!-- needs: PROGRAM ... -->" is run only where those programs are. With --update the pages are given what the commands print (where a "…" stood, the first lines stay as many as they were; "?" becomes all of it).
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.realpath(os.environ["SOURCE"])
NUMBER = re.compile(r"[-+]?\d[\d,.]*(\s?(B|KiB|MiB|GiB|ns|µs|us|ms|s|M|k|x|%)\b|\s?%)?")


def plain(line):
    """What must be equal: a stack may be cut elsewhere where numbers are of other widths."""
    line = re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{12,}…?", "#", line)
    line = NUMBER.sub("#", re.sub(r"\s*(<-|…).*", "", line))
    line = re.sub(r"\b(orphaned|growing)\b", "lost", line)  # a leak grows where the machine was slow enough to see it
    return re.sub(r"[─-▟|]+", "|", re.sub(r"\s+", " ", line)).strip()


def matches(wanted, got):
    """Whether the lines fit, "…" standing for any number of lines."""
    if not wanted:
        return not got
    if wanted[0] == "…":
        return any(matches(wanted[1:], got[at:]) for at in range(len(got) + 1))
    return bool(got) and plain(wanted[0]) == plain(got[0]) and matches(wanted[1:], got[1:])


def split(block):
    """The block as a list of [command, lines that follow]."""
    steps = []
    for line in block:
        if line.startswith("$ "):
            steps.append([line[2:], []])
        elif steps and steps[-1][0].endswith("\\"):
            steps[-1][0] += "\n" + line
        elif steps:
            steps[-1][1].append(line)
    return steps


def run(command, folder):
    env = dict(os.environ, NO_COLOR="1", COLUMNS="110", PAGER="cat", LC_ALL="C.UTF-8", PATH=os.path.dirname(os.environ["HT"]) + ":" + os.environ["PATH"])
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    text = done.stdout.decode("utf-8", "replace").rstrip("\n").replace(folder + "/", "").replace(SOURCE + "/", "")
    text = re.sub(r"Linux [\w.+-]+;", "Linux 6.1.0;", text)
    return done.returncode, [line.rstrip() for line in text.split("\n")] if text.strip() else []


def renewed(wanted, got):
    """What the page is to show: all, or as many lines in front of each "…" as there were."""
    if "…" not in wanted or not got:
        return got
    before = wanted.index("…")
    after = len(wanted) - before - 1
    return got[:before] + ["…"] + (got[len(got) - after:] if after else [])


def prepare(folder):
    os.symlink(os.path.join(SOURCE, "examples"), os.path.join(folder, "examples"))
    shop = os.path.join(SOURCE, "examples/tutorial/shop.c")
    for name, words in (("shop", []), ("shop-mended", ["-DMENDED"])):
        subprocess.run(["cc", "-g", "-O1", "-fno-inline", *words, shop, "-o", os.path.join(folder, name)], check=True)
    # of a firmware: what it sent over its line, and what a monitor of its console captured
    voice = shutil.copy(os.path.join(os.environ["VICTIMS"], "voice"), os.path.join(folder, "light.elf"))
    for name, words in (("uart.bin", ["lose=2"]), ("uart.log", ["text", "log"])):
        with open(os.path.join(folder, name), "wb") as out:
            subprocess.run([voice, *words], stdout=out, check=True)
    where = subprocess.run(["nm", voice], capture_output=True, text=True, check=True).stdout
    effect = re.search(r"([0-9a-f]{8}) t effect_switch", where)[1]
    with open(os.path.join(folder, "uart.log"), "a", encoding="utf-8") as out:
        out.write(f"Guru Meditation Error: Core 0 panic'ed (LoadProhibited)\nBacktrace: 0x{effect}:0x3ffb1234 |<-CORRUPTED\n")


def page_check(path, is_update):
    """The number of steps that are not true."""
    lines = open(path, encoding="utf-8").read().split("\n")
    absent = [name for line in lines for name in line.removeprefix("<!-- needs: ").removesuffix(" -->").split() if line.startswith("<!-- needs: ") and not shutil.which(name)]
    if absent:
        print(f"{path}: not run, there is no {' and no '.join(absent)}")
        return 0
    out, bad, steps = [], 0, 0
    folder = os.path.realpath(tempfile.mkdtemp())
    try:
        prepare(folder)
        at = 0
        while at < len(lines):
            out.append(lines[at])
            at += 1
            if out[-1] != "```console":
                continue
            end = lines.index("```", at)
            for command, wanted in split(lines[at:end]):
                steps += 1
                ends = re.search(r"# ends with (\d+)$", command)
                status, got = run(command, folder)
                right = status == (int(ends.group(1)) if ends else 0)
                if is_update and right:
                    wanted = renewed(wanted, got)
                if not right or not matches(wanted, got):
                    bad += 1
                    print(f"{path}: $ {command}\n  ended with {status} and printed:", *got, "  the page says:", *wanted, sep="\n    ")
                out += ["$ " + command, *wanted]
            at = end
    finally:
        shutil.rmtree(folder)
    if is_update:
        open(path, "w", encoding="utf-8").write("\n".join(out))
    if not bad:
        print(f"{path}: {steps} commands do what it says")
    return bad


def main():
    is_update = "--update" in sys.argv
    sys.exit(1 if sum(page_check(path, is_update) for path in sys.argv[1:] if path != "--update") else 0)


if __name__ == "__main__":
    main()
