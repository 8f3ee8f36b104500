/* sink_uart: byte by byte, never waiting longer than `put` does. */
#include "sink_uart.h"

static long uart_write(void *context, const uint8_t *bytes, size_t count)
{
    struct ht_uart *uart = context;
    size_t done = 0;
    if (uart->burst && count > uart->burst)
        count = uart->burst;
    while (done < count && (!uart->ready || uart->ready(uart->context)))
        uart->put(uart->context, bytes[done++]);
    return (long)done;
}

static int uart_read(void *context)
{
    struct ht_uart *uart = context;
    return uart->get ? uart->get(uart->context) : -1;
}

const struct ht_sink *ht_uart_begin(struct ht_uart *uart)
{
    uart->sink = (struct ht_sink){uart_write, uart_read, uart};
    return &uart->sink;
}

static uint16_t after(const struct ht_uart_ring *ring, uint16_t place)
{
    return ++place == ring->room ? 0 : place;
}

static long ring_write(void *context, const uint8_t *bytes, size_t count)
{
    struct ht_uart_ring *ring = context;
    size_t done = 0;
    for (uint16_t next; done < count && (next = after(ring, ring->head)) != ring->tail; ring->head = next)
        ring->memory[ring->head] = bytes[done++];
    /* The interrupt clears it when it finds the ring empty: it saw the new head, or we see that it stopped. */
    if (ring->head != ring->tail && !ring->is_busy) {
        ring->is_busy = true;
        ring->start(ring->context);
    }
    return (long)done;
}

static int ring_read(void *context)
{
    struct ht_uart_ring *ring = context;
    return ring->get ? ring->get(ring->context) : -1;
}

const struct ht_sink *ht_uart_ring_begin(struct ht_uart_ring *ring)
{
    ring->head = ring->tail = 0;
    ring->is_busy = false;
    ring->sink = (struct ht_sink){ring_write, ring_read, ring};
    return &ring->sink;
}

uint16_t ht_uart_ring_piece(struct ht_uart_ring *ring, const uint8_t **bytes)
{
    uint16_t head = ring->head, tail = ring->tail;
    *bytes = ring->memory + tail;
    if (head == tail)
        ring->is_busy = false;
    return (uint16_t)(head >= tail ? head - tail : ring->room - tail);
}

void ht_uart_ring_taken(struct ht_uart_ring *ring, uint16_t count)
{
    uint16_t tail = (uint16_t)(ring->tail + count);
    ring->tail = tail == ring->room ? 0 : tail;
}

int ht_uart_ring_take(struct ht_uart_ring *ring)
{
    const uint8_t *bytes;
    if (!ht_uart_ring_piece(ring, &bytes))
        return -1;
    int byte = *bytes;
    ht_uart_ring_taken(ring, 1);
    return byte;
}
