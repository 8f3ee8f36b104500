#!/usr/bin/env bash
# arduino: in Debian's core for AVR boards and our library as tools/pack.py makes it, out whether the sketch of examples/arduino runs on an ATmega2560 and the
# host finds its five forgotten blocks. usage: arduino.sh CORE (the folder "avr" of the core)
set -eu
core=$1 out=$BUILD/firmware/arduino
rm -rf "$out"
mkdir -p "$out/core" "$out/library"
"$SOURCE/tools/pack.py" arduino "$out/HeapTracer"
words=(-mmcu=atmega2560 -DF_CPU=16000000L -DARDUINO=10819 -DARDUINO_AVR_MEGA2560 -DARDUINO_ARCH_AVR -Os -g -ffunction-sections -fdata-sections -w -DDECIMAL_DIG=9
    "-I$core/cores/arduino" "-I$core/variants/mega" "-I$out/HeapTracer/src")

# As the Arduino IDE does: the core, then all sources below the library's src, then the sketch behind an #include of Arduino.h.
(cd "$out/core" && avr-gcc "${words[@]}" -c "$core"/cores/arduino/*.c && avr-g++ "${words[@]}" -std=gnu++11 -fno-exceptions -c "$core"/cores/arduino/*.cpp) &
(cd "$out/library" && find "$out/HeapTracer/src" -name '*.c' -exec avr-gcc "${words[@]}" -std=gnu11 -c {} + && avr-g++ "${words[@]}" -std=gnu++11 -c "$out"/HeapTracer/src/*.cpp) &
{ echo '#include <Arduino.h>'; cat "$SOURCE/examples/arduino/Leak/Leak.ino"; } >"$out/Leak.cpp"
avr-g++ "${words[@]}" -std=gnu++11 -fno-exceptions -c "$out/Leak.cpp" -o "$out/Leak.o"
wait %1
wait %2
avr-gcc "${words[@]}" -Wl,--gc-sections "$out/Leak.o" "$out"/library/*.o "$out"/core/*.o -lm -o "$out/Leak.elf"

status=0
"$AVR_HOST" --cycles 16000000 "$out/Leak.elf" </dev/null >"$out/Leak.bin" || status=$?
[ $status -eq 124 ] || { echo "arduino: the sketch ended with $status, but a sketch has no end"; exit 1; }
"$HT" listen "file:$out/Leak.bin" --elf "$out/Leak.elf" --output "$out/Leak.htrc" --force --quiet
got=$("$HT" analyze "$out/Leak.htrc" --csv --table leaks --columns count,bytes | tr -d '\r')
[ "$got" = $'count,bytes\n5,100' ] || { echo "arduino: the host found: $got"; exit 1; }
