/* sha256: its constants are the fractions of the roots of the first primes, and are computed as such. */
#include "sha256.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 64, LENGTH_AT = 56 };

static bool is_prime(unsigned number)
{
    for (unsigned by = 2; by * by <= number; by++)
        if (number % by == 0)
            return false;
    return true;
}

static uint32_t fraction(long double root)
{
    return (uint32_t)((root - floorl(root)) * 4294967296.0L);
}

static unsigned prime_after(unsigned number)
{
    while (!is_prime(++number))
        ;
    return number;
}

static const uint32_t *factors(void)
{
    static uint32_t made[ROUNDS];
    for (unsigned i = 0, prime = 1; i < ROUNDS && !made[ROUNDS - 1]; i++)
        made[i] = fraction(cbrtl(prime = prime_after(prime)));
    return made;
}

static uint32_t turn(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32 - bits);
}

static void words_fill(uint32_t words[ROUNDS], const uint8_t *block)
{
    for (unsigned i = 0; i < 16; i++)
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (unsigned i = 16; i < ROUNDS; i++) {
        uint32_t near = words[i - 2], far = words[i - 15];
        words[i] = words[i - 16] + words[i - 7] + (turn(far, 7) ^ turn(far, 18) ^ far >> 3) + (turn(near, 17) ^ turn(near, 19) ^ near >> 10);
    }
}

static void block_take(struct sha256 *sum, const uint8_t *block)
{
    uint32_t words[ROUNDS], s[8];
    const uint32_t *factor = factors();
    words_fill(words, block);
    memcpy(s, sum->state, sizeof s);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t one = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + factor[i] + words[i];
        uint32_t two = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + two;
    }
    for (unsigned i = 0; i < 8; i++)
        sum->state[i] += s[i];
}

void sha256_init(struct sha256 *sum)
{
    *sum = (struct sha256){.bytes = 0};
    for (unsigned i = 0, prime = 1; i < 8; i++)
        sum->state[i] = fraction(sqrtl(prime = prime_after(prime)));
}

void sha256_add(struct sha256 *sum, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sum->block[sum->bytes++ % SHA256_BLOCK] = bytes[i];
        if (sum->bytes % SHA256_BLOCK == 0)
            block_take(sum, sum->block);
    }
}

void sha256_text(struct sha256 *sum, char text[SHA256_TEXT_ROOM])
{
    uint64_t bits = sum->bytes * 8;
    uint8_t length[8];
    for (unsigned i = 0; i < sizeof length; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_add(sum, (const uint8_t[]){0x80}, 1);
    while (sum->bytes % SHA256_BLOCK != LENGTH_AT)
        sha256_add(sum, (const uint8_t[]){0}, 1);
    sha256_add(sum, length, sizeof length);
    for (unsigned i = 0; i < 8; i++)
        snprintf(text + 8 * i, 9, "%08x", sum->state[i]);
}

bool sha256_file(const char *path, char text[SHA256_TEXT_ROOM])
{
    struct sha256 sum;
    uint8_t bytes[65536];
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    sha256_init(&sum);
    for (size_t count; (count = fread(bytes, 1, sizeof bytes, file)) > 0;)
        sha256_add(&sum, bytes, count);
    bool good = !ferror(file);
    fclose(file);
    sha256_text(&sum, text);
    return good;
}
