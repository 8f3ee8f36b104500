/* sink_lwip: a pbuf that refers to the frame itself; the send is over, or has copied it, when udp_send returns. */
#if HT_WITH_LWIP
#include <lwip/pbuf.h>
#include <lwip/udp.h>

#include "sink_lwip.h"

static long lwip_write(void *context, const uint8_t *bytes, size_t count)
{
    struct ht_lwip *lwip = context;
    if (lwip->lock)
        lwip->lock();
    struct pbuf *packet = pbuf_alloc(PBUF_TRANSPORT, (u16_t)count, PBUF_REF);
    err_t result = ERR_MEM;
    if (packet) {
        packet->payload = (void *)(uintptr_t)bytes;
        result = udp_send(lwip->pcb, packet);
        pbuf_free(packet);
    }
    if (lwip->unlock)
        lwip->unlock();
    return result == ERR_MEM || result == ERR_BUF ? 0 : (long)count;
}

static int lwip_read(void *context)
{
    struct ht_lwip *lwip = context;
    int byte = lwip->control;
    lwip->control = -1;
    return byte;
}

/* The newest datagram's first byte counts. */
static void lwip_received(void *context, struct udp_pcb *pcb, struct pbuf *packet, const ip_addr_t *address, u16_t port)
{
    struct ht_lwip *lwip = context;
    (void)pcb, (void)address, (void)port;
    if (!packet)
        return;
    if (packet->len)
        lwip->control = *(const uint8_t *)packet->payload;
    pbuf_free(packet);
}

const struct ht_sink *ht_lwip_begin(struct ht_lwip *lwip)
{
    lwip->control = -1;
    lwip->sink = (struct ht_sink){lwip_write, lwip_read, lwip};
    udp_recv(lwip->pcb, lwip_received, lwip);
    return &lwip->sink;
}

#endif
