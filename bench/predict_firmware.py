#!/usr/bin/env python3
"""predict_firmware: in small programs as firmware has them, out how far `heaptracer predict` of their run on this machine is from the peak that they have as firmware in QEMU.

  bench/predict_firmware.py [--build build]
The same source is compiled for this machine (gcc -O2 -g, recorded by `run`) and for a Cortex-M3 and an RV32 (picolibc, recorded by `emulate`). The table is printed, for docs/predict.md."""
import argparse
import glob
import json
import os
import statistics
import subprocess
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINK = "-Wl,--defsym=__flash={flash},--defsym=__flash_size=0x80000,--defsym=__ram={ram},--defsym=__ram_size=0x{size}"
BOARDS = {
    "Cortex-M3": (["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", LINK.format(flash="0", ram="0x20000000", size="40000")],
                  ["-M", "mps2-an385", "-semihosting-config", "enable=on,target=native"], "stm32-picolibc"),
    "RV32": (["riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32", LINK.format(flash="0x80000000", ram="0x80200000", size="40000")],
             ["-M", "virt", "-bios", "none", "-semihosting-config", "enable=on,target=native"], "riscv32-picolibc"),
}


def run(line, **more):
    return subprocess.run(line, check=True, capture_output=True, text=True, **more).stdout


def rows(command, table, trace, *more):
    return json.loads(run([command, *table, trace, "--json", *more]))["tables"][0]["rows"]


def peak(command, trace):
    return rows(command, ["analyze", "--table", "summary"], trace)[0]["peak_bytes"]


def compare(command, source, folder):
    name = os.path.splitext(os.path.basename(source))[0]
    native, trace = os.path.join(folder, name), os.path.join(folder, name + ".htrc")
    run(["cc", "-O2", "-g", source, "-o", native])
    run([command, "run", "-q", "-f", "-o", trace, "--", native])
    found = []
    for board, (compiler, words, target) in BOARDS.items():
        elf, told = os.path.join(folder, name + ".elf"), os.path.join(folder, name + ".fw.htrc")
        run([*compiler, "-Os", "-g", "--specs=picolibc.specs", "--oslib=semihost", "--crt0=hosted", source, "-o", elf])
        run([command, "emulate", elf, "-q", "-f", "-o", told, "--", *words])
        predicted = rows(command, ["predict", "--targets", target, "-t", "predict"], trace)[0]
        found.append((name, board, peak(command, trace), peak(command, told), predicted))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    command = os.path.abspath(os.path.join(options.build, "heaptracer"))
    errors = []
    print("| program | board | peak here | as firmware | predicted | error | in the interval |\n|---|---|--:|--:|--:|--:|---|")
    with tempfile.TemporaryDirectory() as folder:
        more = [os.path.join(SOURCE, path) for path in ("examples/emulate/sensor.c", "examples/advice/telemetry.c")]
        for source in sorted(glob.glob(os.path.join(SOURCE, "bench/firmware/predict/*.c"))) + more:
            for name, board, here, truth, row in compare(command, source, folder):
                likely, low, high = (row[key] for key in ("peak_bytes", "peak_low_bytes", "peak_high_bytes"))
                errors.append(abs(likely / truth - 1))
                print(f"| {name} | {board} | {here:,} | {truth:,} | {likely:,} | {likely / truth - 1:+.2%} | {'yes' if low <= truth <= high else 'no'} |")
    print(f"\nMedian {statistics.median(errors):.2%}, worst {max(errors):.2%}.")


if __name__ == "__main__":
    main()
