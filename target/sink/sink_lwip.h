/* sink_lwip: in frames, out UDP datagrams through lwIP's raw API, by a reference to the frame: at most a pbuf of the static pool is taken. Compiled in where HT_WITH_LWIP is 1. */
#ifndef TARGET_SINK_LWIP_H
#define TARGET_SINK_LWIP_H

#include <heaptracer/heaptracer.h>

struct ht_lwip {
    void *pcb;                          /* a struct udp_pcb that udp_connect was told the host's address */
    void (*lock)(void);                 /* NULL where ht_pump is called in lwIP's own task (NO_SYS); else LOCK_TCPIP_CORE and its like */
    void (*unlock)(void);
    volatile int control;               /* ht_lwip_begin's from here on */
    struct ht_sink sink;
};
const struct ht_sink *ht_lwip_begin(struct ht_lwip *lwip);

#endif
