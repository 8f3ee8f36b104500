/* text: in words and numbers, out letters. */
#include "text.h"

#include <stdarg.h>

#if HT_WITH_REPORT || HT_WITH_ALERTS

static void put_text(ht_print print, const char *text)
{
    while (*text)
        print(*text++);
}

static void put_number(ht_print print, ht_number number, uint8_t base, uint8_t least)
{
    char digits[20];
    uint8_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number || count < least);
    while (count)
        print(digits[--count]);
}

void ht__text(ht_print print, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    for (; *format; format++) {
        if (*format != '%') {
            print(*format);
            continue;
        }
        switch (*++format) {
        case 's':
            put_text(print, va_arg(words, const char *));
            break;
        case 'u':
            put_number(print, va_arg(words, uint32_t), 10, 1);
            break;
        case 'x':
            put_text(print, "0x");
            put_number(print, va_arg(words, ht_pc), 16, 8);
            break;
        default: {
            uint32_t bytes = va_arg(words, uint32_t);
            put_number(print, bytes / 1024, 10, 1);
            print('.');
            put_number(print, bytes % 1024 * 100 / 1024, 10, 2);
        }
        }
    }
    va_end(words);
}

#endif
