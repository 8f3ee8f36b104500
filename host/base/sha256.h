/* sha256: in a file, out the SHA-256 of its bytes (FIPS 180-4), as text. */
#ifndef HOST_BASE_SHA256_H
#define HOST_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK = 64, SHA256_TEXT_ROOM = 65 };

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[SHA256_BLOCK]; /* what does not fill one yet */
};

void sha256_init(struct sha256 *sum);
void sha256_add(struct sha256 *sum, const uint8_t *bytes, size_t count);
/* Nothing can be added afterwards. */
void sha256_text(struct sha256 *sum, char text[SHA256_TEXT_ROOM]);
/* False if the file cannot be read. */
bool sha256_file(const char *path, char text[SHA256_TEXT_ROOM]);

#endif
