// Leak: a sketch that forgets every tenth reading; the stream has Serial for itself: heaptracer listen serial:/dev/ttyACM0,115200 --elf Leak.ino.elf
#include <HeapTracer.h>

static uint8_t memory[1024];
static unsigned rounds;

void setup() {
  Serial.begin(115200);
  HeapTracer.begin(Serial, memory, sizeof memory);
}

void loop() {
  void *reading = HT_MALLOC(reading, 20);
  if (rounds++ % 10)
    HT_FREE(reading);
  HeapTracer.pump();
  if (rounds == 50) {
    HeapTracer.end();
    for (;;) {
    }
  }
}
