/* avr_host: in an ATmega2560's ELF, and on standard input what its serial line is to get, out what the line sends, byte for byte, on standard output.
 *
 * The exit status is what the firmware left in GPIOR0 before it slept for ever; 124 after --cycles; 2 for a usage error, 99 for a crash.
 * simavr 1.6 skips a word too many where a skip stands before adiw or sbiw with a constant that ends with 12 to 15, which is how a signed division by 16 or more
 * is compiled: what runs here divides without a sign. The line has its real pace, and the clock is simavr's exact cycle count: --say prints both at the end on standard error. */
#include <poll.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GPIOR0 0x3e
#define UCSR0B 0xc1
#define RXEN0 0x10

static unsigned long bytes_out;
static bool input_wanted = true, input_ended;
static FILE *line;

static void byte_out(struct avr_irq_t *irq, uint32_t value, void *context)
{
    (void)irq, (void)context;
    bytes_out++;
    fputc((int)value, line);
}

static void input_start(struct avr_irq_t *irq, uint32_t value, void *context)
{
    (void)irq, (void)value, (void)context;
    input_wanted = true;
}

static void input_stop(struct avr_irq_t *irq, uint32_t value, void *context)
{
    (void)irq, (void)value, (void)context;
    input_wanted = false;
}

static avr_t *machine_new(const char *path)
{
    elf_firmware_t firmware;
    memset(&firmware, 0, sizeof firmware);
    if (elf_read_firmware(path, &firmware))
        return NULL;
    strcpy(firmware.mmcu, "atmega2560");
    firmware.frequency = 16000000;
    avr_t *avr = avr_make_mcu_by_name(firmware.mmcu);
    if (!avr)
        return NULL;
    avr_init(avr);
    avr_load_firmware(avr, &firmware);
    uint32_t flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), byte_out, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), input_start, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), input_stop, NULL);
    return avr;
}

/* A byte of standard input, or -1: none is there now. */
static int byte_in(void)
{
    struct pollfd input = {0, POLLIN, 0};
    uint8_t byte;
    if (poll(&input, 1, 0) <= 0)
        return -1;
    if (read(0, &byte, 1) == 1)
        return byte;
    input_ended = true;
    return -1;
}

/* What arrives before the receiver is on would be lost. */
static void line_feed(avr_t *avr)
{
    if (!input_wanted || input_ended || !(avr->data[UCSR0B] & RXEN0))
        return;
    fflush(line);
    int byte = byte_in();
    if (byte >= 0)
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), (uint32_t)byte);
}

static int machine_run(avr_t *avr, unsigned long long most_cycles)
{
    int state = cpu_Running;
    while (state != cpu_Done && state != cpu_Crashed && avr->cycle < most_cycles) {
        line_feed(avr);
        for (int steps = 0; steps < 1000 && state != cpu_Done && state != cpu_Crashed; steps++)
            state = avr_run(avr);
    }
    return state == cpu_Done ? avr->data[GPIOR0] : state == cpu_Crashed ? 99 : 124;
}

int main(int count, char **words)
{
    unsigned long long most_cycles = 16000000ull * 60;
    bool says = false;
    const char *path = NULL;
    for (int at = 1; at < count; at++) {
        if (strcmp(words[at], "--say") == 0)
            says = true;
        else if (strcmp(words[at], "--cycles") == 0 && at + 1 < count)
            most_cycles = strtoull(words[++at], NULL, 0);
        else
            path = words[at];
    }
    line = fdopen(dup(1), "wb");
    if (!path || !line || !freopen("/dev/null", "w", stdout)) /* where simavr prints what it loads */
        return 2;
    avr_t *avr = machine_new(path);
    if (!avr)
        return 2;
    int status = machine_run(avr, most_cycles);
    if (says || status == 99)
        fprintf(stderr, "cycles=%llu bytes=%lu pc=0x%x sp=0x%x\n", (unsigned long long)avr->cycle, bytes_out, avr->pc, avr->data[0x5d] | avr->data[0x5e] << 8);
    return fclose(line) ? 2 : status;
}
