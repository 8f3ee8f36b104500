/* main: two threads that now and then forget to free, one k_malloc's blocks, one malloc's; the stream has the chosen serial line for itself. */
#include <stdlib.h>

#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>

#include "target/os/zephyr/heaptracer_zephyr.h"
#include "target/sink/sink_uart.h"

static const struct device *const line = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));

static void line_put(void *context, uint8_t byte)
{
    ARG_UNUSED(context);
    uart_poll_out(line, byte);
}

static int line_get(void *context)
{
    unsigned char byte;
    ARG_UNUSED(context);
    return uart_poll_in(line, &byte) == 0 ? byte : -1;
}

static struct ht_uart uart = {.put = line_put, .get = line_get};

/* Every twentieth message is never freed. */
static void network_run(void *a, void *b, void *c)
{
    ARG_UNUSED(a), ARG_UNUSED(b), ARG_UNUSED(c);
    for (unsigned int round = 0;; round++) {
        char *message = malloc(100);
        k_msleep(5);
        if (round % 20)
            free(message);
    }
}
K_THREAD_DEFINE(network, 1024, network_run, NULL, NULL, NULL, 5, 0, 10);

int main(void)
{
    ht_zephyr_start(&(struct ht_config){.sink = ht_uart_begin(&uart)});
    for (unsigned int round = 0;; round++) {
        void *reading = k_malloc(64);
        k_msleep(10);
        if (round % 10)
            k_free(reading);
    }
}
