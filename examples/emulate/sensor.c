/* sensor: a firmware that knows nothing of HeapTracer: it takes readings, sends them in packets, and loses one packet in eight. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct reading *next;
    unsigned value;
};

static struct reading *readings;
static unsigned sent;

static void reading_take(unsigned value)
{
    struct reading *reading = malloc(sizeof *reading);
    reading->value = value;
    reading->next = readings;
    readings = reading;
}

static char *packet_make(unsigned number)
{
    char *packet = calloc(1, 16);
    for (size_t bytes = 16; readings;) {
        struct reading *reading = readings;
        readings = reading->next;
        packet = realloc(packet, bytes += 8);
        packet[bytes - 8] = (char)reading->value;
        free(reading);
    }
    packet[0] = (char)number;
    return packet;
}

static void packet_send(char *packet)
{
    sent++;
    if (packet[0] % 8 != 7) /* it was not acknowledged: sent again later, but never is */
        free(packet);
}

int main(void)
{
    for (unsigned number = 0; number < 40; number++) {
        for (unsigned i = 0; i < 6; i++)
            reading_take(number * i);
        packet_send(packet_make(number));
    }
    printf("%u packets sent\n", sent);
    exit(0);
}
