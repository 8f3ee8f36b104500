/* HeapTracer: a Stream as the tracer's sink. */
#include "HeapTracer.h"

extern "C" void ht_arduino_stacks(void);

HeapTracerClass HeapTracer;

long HeapTracerClass::write(void *context, const uint8_t *bytes, size_t count)
{
    Stream *stream = static_cast<Stream *>(context);
    int room = stream->availableForWrite();
    if (room <= 0)
        return 0;
    return static_cast<long>(stream->write(bytes, count < static_cast<size_t>(room) ? count : static_cast<size_t>(room)));
}

int HeapTracerClass::read(void *context)
{
    return static_cast<Stream *>(context)->read();
}

bool HeapTracerClass::begin(Stream &stream, void *memory, size_t bytes)
{
    ht_config config = ht_config();
    sink.write = write;
    sink.read = read;
    sink.context = &stream;
    config.memory = memory;
    config.memory_bytes = bytes;
    config.sink = &sink;
    ht_arduino_stacks();
    return ht_start(&config) == 0;
}

void HeapTracerClass::end()
{
    ht_stop();
    while (ht_pump() > 0) {
    }
}
