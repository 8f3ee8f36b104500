/* postmortem: the ring of frames in RAM that survives a reset and is found in a dump of the memory: its head, by which a host knows it. Little-endian numbers.
 *
 * The ring holds the last `bytes` bytes of the line. Two counts are written in turns, so that a reset between two stores leaves one of them right. */
#ifndef WIRE_POSTMORTEM_H
#define WIRE_POSTMORTEM_H

#include <stdint.h>

#define HT_POSTMORTEM_MAGIC "HTring1\n"
enum { HT_POSTMORTEM_MAGIC_BYTES = 8 };

struct ht_postmortem_count {
    uint32_t written; /* bytes in all, modulo 2^32 */
    uint32_t check;   /* ht_postmortem_check */
};
struct ht_postmortem_head {
    char magic[HT_POSTMORTEM_MAGIC_BYTES];
    uint32_t bytes; /* of the ring, which follows; a power of 2 */
    uint32_t runs;  /* times that a firmware began it */
    struct ht_postmortem_count count[2];
};

static inline uint32_t ht_postmortem_check(uint32_t bytes, uint32_t written)
{
    return (bytes ^ written ^ 0x48545247u) * 0x9E3779B1u;
}

#endif
