/* atmega2560: in an ATmega2560 at 16 MHz, out a board. Its end is sleep with interrupts off, and its exit code stands in GPIOR0, where an emulator finds it. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdlib.h>

#include "board.h"

#define STACK_BYTES 800
#define BAUD_DIVISOR 16 /* 117647 baud with U2X: the nearest to 115200 that 16 MHz has */

extern char __heap_start;

static volatile uint16_t overflows;
static void (*volatile interrupt_call)(void);

ISR(TIMER1_OVF_vect)
{
    overflows++;
}

ISR(TIMER0_COMPA_vect)
{
    TIMSK0 = 0;
    interrupt_call();
    interrupt_call = 0;
}

void board_start(void)
{
    UCSR0A = 1 << U2X0;
    UBRR0 = BAUD_DIVISOR;
    UCSR0C = 3 << UCSZ00;
    UCSR0B = (1 << TXEN0) | (1 << RXEN0);
    TCCR1B = (1 << CS11) | (1 << CS10);
    TIMSK1 = 1 << TOIE1;
    TCCR0B = 1 << CS00;
    __malloc_heap_end = (char *)RAMEND + 1 - STACK_BYTES;
    sei();
}

void board_put(uint8_t byte)
{
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UCSR0A |= 1 << TXC0;
    UDR0 = byte;
}

int board_get(void)
{
    return UCSR0A & (1 << RXC0) ? UDR0 : -1;
}

uint32_t board_now(void)
{
    uint8_t state = SREG;
    cli();
    uint16_t low = TCNT1, high = overflows;
    if ((TIFR1 & (1 << TOV1)) && low < 0x8000)
        high++;
    SREG = state;
    return (uint32_t)high << 16 | low;
}

int board_interrupt(void (*call)(void))
{
    interrupt_call = call;
    OCR0A = TCNT0 + 64;
    TIFR0 = 1 << OCF0A;
    TIMSK0 = 1 << OCIE0A;
    while (interrupt_call) {
    }
    return 1;
}

struct board_memory board_memory(void)
{
    return (struct board_memory){(char *)RAMEND + 1 - STACK_BYTES, (char *)RAMEND + 1, &__heap_start, __malloc_heap_end, 0, 0};
}

void board_exit(int code)
{
    while (!(UCSR0A & (1 << TXC0))) {
    }
    GPIOR0 = (uint8_t)code;
    cli();
    sleep_enable();
    for (;;)
        sleep_cpu();
}
