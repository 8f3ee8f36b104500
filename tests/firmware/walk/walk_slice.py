#!/usr/bin/env python3
"""walk_slice: in walk_path's firmware with walk_slice.c, out whether the host made each of its stacks true. usage: walk_slice.py BOARD ELF LEAST-WHOLE

Every frame that the host told must be the one that the firmware noted, and a stack that is not marked as cut must have them all, up to main. At least so many
stacks of a hundred must be whole."""
import os
import re
import subprocess
import sys


def dump(board, elf):
    line, trace = elf[:-4] + ".bin", elf[:-4] + ".htrc"
    with open(line, "wb") as out:
        status = subprocess.run([os.environ["RUN"], board, elf], stdin=subprocess.DEVNULL, stdout=out, check=False).returncode
    if status:
        sys.exit(f"walk_slice: {elf} ended with {status}")
    subprocess.run([os.environ["HT"], "listen", "file:" + line, "--elf", elf, "--output", trace, "--force", "--quiet"], check=True)
    return subprocess.run([os.environ["HT"], "dump", trace], capture_output=True, text=True, check=True).stdout.splitlines()


def stacks(lines):
    """The frames told, those noted, and whether it is cut, of each allocation."""
    frames, noted = {0: (0, 0)}, []
    for line in lines:
        words = dict(word.split("=", 1) for word in line.split() if "=" in word)
        kind = line.split()[3]
        if kind == "frame":
            frames[int(words["id"])] = (int(words["parent"]), int(words.get("offset", "0"), 16))
        elif kind == "mark":
            noted += [int(digits, 16) for digits in re.findall("......", words["label"])]
        elif kind == "alloc":
            told, at = [], int(words.get("stack", 0))
            while at:
                told.append(frames[at][1] & 0xffffff)
                at = frames[at][0]
            yield told, noted, words.get("truncated") == "yes"
            noted = []


def main():
    board, elf, least = sys.argv[1], sys.argv[2], float(sys.argv[3])
    count = whole = wrong = told_frames = 0
    for told, noted, is_cut in stacks(dump(board, elf)):
        both = min(len(told), len(noted))
        good = told and told[:both] == noted[:both] and len(told) <= len(noted) + 2 and (is_cut or len(told) >= len(noted))
        count += 1
        whole += len(told) >= len(noted)
        told_frames += len(told)
        wrong += not good
        if not good and wrong < 6:
            print("told", " ".join(f"{pc:x}" for pc in told), "noted", " ".join(f"{pc:x}" for pc in noted), "cut" if is_cut else "whole")
    print(f"{count} stacks, {told_frames} frames, {whole} to the root, {wrong} wrong")
    sys.exit(wrong > 0 or count < 100 or whole * 100 < least * count)


if __name__ == "__main__":
    main()
