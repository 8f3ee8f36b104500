#!/usr/bin/env python3
"""size: in the pair of files of `make dist`, out the flash and RAM that the tracer takes of a firmware, as a table. Exit code 1 when one takes more than it may.

usage: size.py FOLDER [switches] (for dist and what is built); with the word, what each switch of the tracer takes of "everything". Only what the linker keeps of the tracer counts: code, constants and texts; not the port, and not libgcc.
"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LEAST = "-DHT_WITH_GUARD=0 -DHT_WITH_STACKS=0 -DHT_WITH_POOLS=0 -DHT_WITH_ALERTS=0 -DHT_WITH_BANDWIDTH=0"
TABLE = f"-DHT_WITH_STREAM=0 {LEAST}"
STREAM = f"-DHT_WITH_TABLE=0 {LEAST}"
CORTEX = "arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb"
RV32 = "riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32"
AVR = "avr-gcc -mmcu=atmega2560 -Wl,--section-start=.text=0"
LX106 = "xtensa-lx106-elf-gcc -mlongcalls -mtext-section-literals"
# compiler; what; words; most bytes of flash; most bytes of RAM, with the tables of HT_TASKS tasks and HT_HEAPS heaps. The limits grow only with a reason.
ROWS = [
    (CORTEX, "table, no text report", f"{TABLE} -DHT_WITH_REPORT=0", 2624, 400),
    (CORTEX, "table", TABLE, 4800, 400),
    (CORTEX, "stream", STREAM, 5440, 448),
    (CORTEX, "everything", "-DEVERYTHING", 14720, 512),
    (CORTEX, "everything, dump, older tools' calls", "-DEVERYTHING -DOLDER -DHT_WITH_DUMP=1", 16896, 1000),
    (RV32, "table, no text report", f"{TABLE} -DHT_WITH_REPORT=0", 2944, 400),
    (RV32, "table", TABLE, 5376, 400),
    (RV32, "stream", STREAM, 6304, 448),
    (RV32, "everything", "-DEVERYTHING", 16896, 512),
    (AVR, "table, 1 frame, no text report", f"{TABLE} -DHT_WITH_REPORT=0 -DHT_FRAMES=1 -DHT_TASKS=2 -DHT_HEAPS=2 -DHT_CAPS=1", 4480, 176),
    (AVR, "the same, -mcall-prologues", f"{TABLE} -DHT_WITH_REPORT=0 -DHT_FRAMES=1 -DHT_TASKS=2 -DHT_HEAPS=2 -DHT_CAPS=1 -mcall-prologues", 4096, 176),
    (AVR, "stream, 1 frame", f"{STREAM} -DHT_FRAMES=1 -DHT_TASKS=2 -DHT_HEAPS=2 -DHT_CAPS=1", 10624, 224),
    (LX106, "stream", STREAM, 6304, 448),
]
SWITCHES = ["-DHT_WITH_STREAM=0", "-DHT_WITH_TABLE=0", "-DHT_WITH_REPORT=0", "-DHT_WITH_GUARD=0", "-DHT_WITH_STACKS=0", "-DHT_WITH_POOLS=0", "-DHT_WITH_ALERTS=0",
            "-DHT_WITH_BANDWIDTH=0", "-DHT_WITH_DUMP=1", "-DHT_FRAMES=1", "-DHT_FRAMES=0", "-DHT_TASKS=4", "-DHT_HEAPS=2"]
SECTION = re.compile(r"^ \.(text|rodata|data|bss|literal|progmem)[\w.$]*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+\S*tracer\.o\b", re.MULTILINE)


def run(words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}:\n{done.stdout}{done.stderr}")


def build(folder, compiler, words):
    objects = {}
    for name, source in (("tracer", os.path.join(folder, "heaptracer.c")), ("app", os.path.join(HERE, "size_app.c"))):
        objects[name] = os.path.join(folder, f"{name}.o")
        run(compiler.split()[:1] + [word for word in compiler.split()[1:] if not word.startswith("-Wl")] + words.split() +
            ["-std=gnu11", "-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra", "-Werror", f"-I{folder}", "-c", source, "-o", objects[name]])
    target = os.path.join(folder, "app.elf")
    run(compiler.split() + ["-Os", "-nostdlib", "-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,entry", f"-Wl,-Map,{target}.map", objects["app"], objects["tracer"], "-lgcc", "-o", target])
    with open(target + ".map", encoding="utf-8") as file:
        listed = file.read()
    kept = listed[listed.index("Linker script and memory map"):]
    flash = ram = 0
    for kind, _, size in SECTION.findall(re.sub(r"\n\s{10,}", " ", kept)):
        flash += int(size, 16) if kind != "bss" else 0
        ram += int(size, 16) if kind in ("bss", "data") else 0
    return flash, ram


def switches(folder):
    """What each switch takes: everything, less everything without it."""
    print("| without | " + " | ".join(f"{name} flash | {name} RAM" for name in ("Cortex-M3", "RV32")) + " |\n|---|" + "---:|" * 4)
    everything = {compiler: build(folder, compiler, "-DEVERYTHING") for compiler in (CORTEX, RV32)}
    for words in SWITCHES:
        row = []
        for compiler, (flash, ram) in everything.items():
            without = build(folder, compiler, "-DEVERYTHING " + words)
            row += [f"{flash - without[0]:,}", str(ram - without[1])]
        print(f"| `{words.replace('-D', '')}` | " + " | ".join(row) + " |")


def main():
    folder = os.path.abspath(sys.argv[1])
    run([sys.executable, os.path.join(HERE, "..", "..", "tools", "dist.py"), folder])
    if sys.argv[2:] == ["switches"]:
        return switches(folder)
    print(f"{'machine':24}{'what':34}{'flash':>8}{'most':>8}{'RAM':>8}{'most':>8}")
    over = False
    for compiler, what, words, most_flash, most_ram in ROWS:
        machine = compiler.split()[1].split("=")[1] if "=" in compiler.split()[1] else "lx106"
        if not shutil.which(compiler.split()[0]):
            print(f"{machine:24}{what:34}  no {compiler.split()[0]}")
            continue
        flash, ram = build(folder, compiler, words)
        is_over = flash > most_flash or ram > most_ram
        over = over or is_over
        print(f"{machine:24}{what:34}{flash:8}{most_flash:8}{ram:8}{most_ram:8}{'  OVER' if is_over else ''}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
