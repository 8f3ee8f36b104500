/* peak_avr: in a program whose main is called program_main, out the most bytes that it has asked avr-libc for at once, and the refusals, on the UART.
 * Linked with -Wl,--wrap for each function; a block has its size in two bytes before it, which the peak leaves out. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int program_main(void);
void *__real_malloc(size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void __real_free(void *block);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void __wrap_free(void *block);

static uint32_t live, peak, refused;
static uint8_t in_realloc; /* avr-libc's own calls malloc and free, which are wrapped there, too */

static void *begin(size_t *head, size_t was, size_t bytes)
{
    if (!head) {
        refused++;
        return NULL;
    }
    live += bytes - (uint32_t)was;
    peak = live > peak ? live : peak;
    *head = bytes;
    return head + 1;
}

void *__wrap_malloc(size_t bytes)
{
    return in_realloc ? __real_malloc(bytes) : begin(__real_malloc(bytes + sizeof(size_t)), 0, bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    void *block = __wrap_malloc(count * bytes);
    return block ? memset(block, 0, count * bytes) : NULL;
}

void *__wrap_realloc(void *block, size_t bytes)
{
    size_t *head = block ? (size_t *)block - 1 : NULL, was = head ? *head : 0;
    in_realloc = 1;
    head = __real_realloc(head, bytes + sizeof(size_t));
    in_realloc = 0;
    return begin(head, was, bytes);
}

void __wrap_free(void *block)
{
    if (in_realloc) {
        __real_free(block);
    } else if (block) {
        live -= ((size_t *)block)[-1];
        __real_free((size_t *)block - 1);
    }
}

static int letter_put(char letter, FILE *file)
{
    (void)file;
    while (!(UCSR0A & (1 << UDRE0)))
        ;
    UDR0 = (uint8_t)letter;
    return 0;
}

int main(void)
{
    static FILE line = FDEV_SETUP_STREAM(letter_put, NULL, _FDEV_SETUP_WRITE);
    UCSR0B = 1 << TXEN0;
    program_main();
    fprintf(&line, "peak=%lu refused=%lu end\n", (unsigned long)peak, (unsigned long)refused);
    cli();
    sleep_mode();
    return 0;
}
