#!/usr/bin/env python3
"""predict_firmware: in small programs as firmware has them, out how far `heaptracer predict` is from the peak that they have as firmware in QEMU and simavr.

  bench/predict_firmware.py [--build build]
The same source is compiled for this machine (gcc -O2 -g, recorded by `run`), for a Cortex-M3 and an RV32 (picolibc, recorded by `emulate` in QEMU), and for an AVR (avr-libc, in simavr,
where bench/firmware/peak_avr.c counts). Predicted are the firmwares from this machine's run, and the AVR also from the Cortex-M3's. The tables are printed and kept in docs/benchmarks.md."""
import argparse
import glob
import json
import os
import statistics
import re
import subprocess
import sys
import tempfile

import section

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINK = "-Wl,--defsym=__flash={flash},--defsym=__flash_size=0x80000,--defsym=__ram={ram},--defsym=__ram_size=0x{size}"
BOARDS = {
    "Cortex-M3": (["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", LINK.format(flash="0", ram="0x20000000", size="40000")],
                  ["-M", "mps2-an385", "-semihosting-config", "enable=on,target=native"], "stm32-picolibc"),
    "RV32": (["riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32", LINK.format(flash="0x80000000", ram="0x80200000", size="40000")],
             ["-M", "virt", "-bios", "none", "-semihosting-config", "enable=on,target=native"], "riscv32-picolibc"),
}
AVR_CHIP = "atmega1284p"
AVR = ["avr-gcc", f"-mmcu={AVR_CHIP}", "-DF_CPU=16000000UL", "-Os", "-g", "-w"]


def run(line, **more):
    return subprocess.run(line, check=True, capture_output=True, text=True, **more).stdout


def rows(command, table, trace, *more):
    return json.loads(run([command, *table, trace, "--json", *more]))["tables"][0]["rows"]


def peak(command, trace):
    return rows(command, ["analyze", "--table", "summary"], trace)[0]["peak_bytes"]


def avr_peak(source, folder):
    """None: it does not come to its end there without a refusal."""
    program, elf = os.path.join(folder, "program.o"), os.path.join(folder, "avr.elf")
    run([*AVR, "-Dmain=program_main", "-c", source, "-o", program])
    run([*AVR, os.path.join(SOURCE, "bench/firmware/peak_avr.c"), program, "-o", elf, "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free"])
    said = subprocess.run(["timeout", "40", "simavr", "-m", AVR_CHIP, "-f", "16000000", elf], capture_output=True, text=True, errors="replace", check=False)
    found = re.search(r"peak=(\d+) refused=0 end", said.stdout + said.stderr)
    return int(found.group(1)) if found else None


def compare(command, source, folder):
    name = os.path.splitext(os.path.basename(source))[0]
    native, trace = os.path.join(folder, name), os.path.join(folder, name + ".htrc")
    run(["cc", "-O2", "-g", source, "-o", native])
    run([command, "run", "-q", "-f", "-o", trace, "--", native])
    here, found = peak(command, trace), []
    for board, (compiler, words, target) in BOARDS.items():
        elf, told = os.path.join(folder, name + "." + board + ".elf"), os.path.join(folder, name + "." + board + ".htrc")
        run([*compiler, "-Os", "-g", "--specs=picolibc.specs", "--oslib=semihost", "--crt0=hosted", source, "-o", elf])
        run([command, "emulate", elf, "-q", "-f", "-o", told, "--", *words])
        predicted = rows(command, ["predict", "--targets", target, "-t", "predict"], trace)[0]
        found.append((name, "this machine", board, here, peak(command, told), predicted))
        if board == "Cortex-M3":
            arm = told
    truth = avr_peak(source, folder)
    for origin, path in (("this machine", trace), ("Cortex-M3", arm)) if truth is not None else ():
        predicted = rows(command, ["predict", "--targets", "avr", "--arena", "15K", "-t", "predict"], path)[0]
        found.append((name, origin, "AVR", peak(command, path), truth, predicted))
    if truth is None:
        print(f"{name}: does not end without a refusal on the {AVR_CHIP}: left out there", file=sys.stderr)
    return found


def part(folder):
    found = section.load(folder, "predict_firmware")
    if not found:
        return ""
    out = ["## Prediction: small firmwares\n", "Peaks of bytes asked for: predicted from a run on this machine or on a Cortex-M3, and as the firmware has them in QEMU (Cortex-M3, RV32: picolibc) and "
           f"simavr ({AVR_CHIP}: avr-libc); bench/predict_firmware.py.\n",
           "| program | recorded on | board | peak there | as firmware | predicted | error | in the interval |", "|---|---|---|--:|--:|--:|--:|---|"]
    for name, origin, board, here, truth, row in found:
        likely, low, high = (row[key] for key in ("peak_bytes", "peak_low_bytes", "peak_high_bytes"))
        out.append(f"| {name} | {origin} | {board} | {here:,} | {truth:,} | {likely:,} | {likely / truth - 1:+.2%} | {'yes' if low <= truth <= high else 'no'} |")
    out.append("")
    for board in [*BOARDS, "AVR"]:
        errors = [abs(row["peak_bytes"] / truth - 1) for _, _, where, _, truth, row in found if where == board]
        out.append(f"- {board}: {len(errors)} predictions, median {statistics.median(errors):.2%}, worst {max(errors):.2%}.")
    return section.marked("predict_firmware", "\n".join(out) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    command, store = os.path.abspath(os.path.join(options.build, "heaptracer")), os.path.join(options.build, "bench")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        more = [os.path.join(SOURCE, path) for path in ("examples/emulate/sensor.c", "examples/advice/telemetry.c")]
        for source in sorted(glob.glob(os.path.join(SOURCE, "bench/firmware/predict/*.c"))) + more:
            found += compare(command, source, folder)
    section.keep(store, "predict_firmware", found)
    section.write("predict_firmware", part(store))
    print(part(store))


if __name__ == "__main__":
    main()
