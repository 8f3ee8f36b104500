/* HeapTracer: for a sketch: the tracer on a Stream. HeapTracer.begin(Serial, memory, sizeof memory) in setup(), HeapTracer.pump() in loop().
 *
 * The Arduino IDE gives a library no word to the linker: there HT_MALLOC, HT_CALLOC, HT_REALLOC and HT_FREE are traced, and what the sketch tells by ht_on_*.
 * PlatformIO wraps malloc and its like for the whole sketch (wrap.py). The stream must carry nothing else. */
#ifndef HEAPTRACER_ARDUINO_H
#define HEAPTRACER_ARDUINO_H

#include <Arduino.h>
#include <heaptracer/heaptracer.h>

class HeapTracerClass {
  public:
    bool begin(Stream &stream, void *memory, size_t bytes);
    /* Frames that still wait. */
    int pump() { return ht_pump(); }
    void mark(const char *label) { ht_mark(label); }
    void end();

  private:
    static long write(void *context, const uint8_t *bytes, size_t count);
    static int read(void *context);
    ht_sink sink;
};
extern HeapTracerClass HeapTracer;

#endif
