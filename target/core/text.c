/* text: in words and numbers, out letters. */
#include "text.h"

#if HT_WITH_REPORT || HT_WITH_ALERTS

static const char text_words[] =
#define T_WORD(name, text) text "\0"
#include "text.def"
#undef T_WORD
    ;

const char *ht__nth(const char *texts, unsigned number)
{
    while (number)
        number -= !*texts++;
    return texts;
}

const char *ht__word(unsigned number)
{
    return ht__nth(text_words, number);
}

static void put_number(ht_print print, ht_number number, unsigned base, int8_t least)
{
    char digits[20];
    uint8_t count = 0;
    for (; number || least > 0; least--, number /= base) {
        uint8_t digit = (uint8_t)(number % base);
        digits[count++] = (char)(digit < 10 ? '0' + digit : 'a' - 10 + digit);
    }
    while (count)
        print(digits[--count]);
}

const ht_number *ht__put(ht_print print, const char *text, const ht_number *numbers)
{
    for (char letter; (letter = *text++);) {
        if (letter >= ' ' || letter == '\n')
            print(letter);
        else if (letter >= T_WORDS)
            numbers = ht__put(print, ht__word((unsigned)letter - T_WORDS), numbers);
        else if (letter == T_W[0]) {
            unsigned word = (unsigned)*numbers++;
            numbers = ht__put(print, ht__word(word), numbers);
        } else if (letter == T_S[0])
            for (const char *from = (const char *)(uintptr_t)*numbers++; *from; from++)
                print(*from);
        else if (letter == T_X[0]) {
            print('0');
            print('x');
            put_number(print, *numbers++, 16, 8);
        } else
            put_number(print, *numbers++, 10, (int8_t)letter);
    }
    return numbers;
}

#endif
