/* sink_uart: in frames, out bytes on a serial line: polled, or from a ring that an interrupt or a DMA channel empties. */
#ifndef TARGET_SINK_UART_H
#define TARGET_SINK_UART_H

#include <heaptracer/heaptracer.h>

/* Polled: `put` is called by ht_pump for as many bytes as `ready` allows, but for at most `burst` in one call. */
struct ht_uart {
    bool (*ready)(void *context);               /* the line takes a byte now; NULL: put waits */
    void (*put)(void *context, uint8_t byte);
    int (*get)(void *context);                  /* a received byte or -1; NULL: there is no way back */
    void *context;
    uint8_t burst;                              /* 0: no bound */
    struct ht_sink sink;                        /* ht_uart_begin's */
};
const struct ht_sink *ht_uart_begin(struct ht_uart *uart);

/* `start` is called when bytes are there and none are on their way: it enables the interrupt, or calls ht_uart_ring_piece and starts a transfer.
 * One core: the writer is ht_pump, the reader an interrupt of the same core. */
struct ht_uart_ring {
    uint8_t *memory;
    uint16_t room;                              /* of memory; one byte of it stays empty */
    void (*start)(void *context);
    int (*get)(void *context);
    void *context;
    volatile uint16_t head, tail;               /* ht_uart_ring_begin's from here on */
    volatile bool is_busy;
    struct ht_sink sink;
};
const struct ht_sink *ht_uart_ring_begin(struct ht_uart_ring *ring);
/* In the interrupt "transmitter empty": the next byte, or -1: disable it until `start`. */
int ht_uart_ring_take(struct ht_uart_ring *ring);
/* For DMA: bytes in one piece, not yet taken; 0: none, the channel is idle until `start`. */
uint16_t ht_uart_ring_piece(struct ht_uart_ring *ring, const uint8_t **bytes);
/* In the interrupt "transfer complete", before the next piece. */
void ht_uart_ring_taken(struct ht_uart_ring *ring, uint16_t count);

#endif
