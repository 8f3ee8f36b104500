/* sink_rtt: the probe moves `read` of the ring up and `write` of the ring down, we the other two. */
#include "sink_rtt.h"

static void memory_barrier(void)
{
#ifdef __AVR__
    __asm__ volatile("" ::: "memory");
#else
    __sync_synchronize();
#endif
}

static long rtt_write(void *context, const uint8_t *bytes, size_t count)
{
    struct ht_rtt_ring *up = ((struct ht_rtt *)context)->up;
    uint32_t write = up->write, read = up->read;
    size_t done = 0;
    if (read >= up->size) /* a probe gone mad must not lead us out of the ring */
        return 0;
    for (uint32_t next; done < count && (next = write + 1 == up->size ? 0 : write + 1) != read; write = next)
        up->bytes[write] = bytes[done++];
    memory_barrier();
    up->write = write;
    return (long)done;
}

static int rtt_read(void *context)
{
    struct ht_rtt_ring *down = ((struct ht_rtt *)context)->down;
    if (!down || down->write == down->read || down->read >= down->size)
        return -1;
    memory_barrier();
    uint32_t read = down->read;
    int byte = down->bytes[read];
    down->read = read + 1 == down->size ? 0 : read + 1;
    return byte;
}

const struct ht_sink *ht_rtt_join(struct ht_rtt *rtt, struct ht_rtt_ring *up, struct ht_rtt_ring *down)
{
    *rtt = (struct ht_rtt){up, down, {rtt_write, rtt_read, rtt}};
    return &rtt->sink;
}

const struct ht_sink *ht_rtt_begin(struct ht_rtt *rtt, struct ht_rtt_block *block, uint8_t *up_bytes, uint32_t up_size, uint8_t *down_bytes, uint32_t down_size)
{
    static const char backwards[] = "TTR REGGES"; /* so that a probe finds the block, and not this text in flash */
    block->up[0] = (struct ht_rtt_ring){"HeapTracer", up_bytes, up_size, 0, 0, 0};
    block->down[0] = (struct ht_rtt_ring){"HeapTracer", down_bytes, down_size, 0, 0, 0};
    block->ups = block->downs = 1;
    memory_barrier();
    for (unsigned at = 0; at < sizeof block->id; at++)
        ((volatile char *)block->id)[at] = at < sizeof backwards - 1 ? backwards[sizeof backwards - 2 - at] : 0;
    return ht_rtt_join(rtt, block->up, down_size ? block->down : NULL);
}
