/* words: in addresses of a simulated memory, out the words that an allocator keeps there. A word is one of the target's, of 2, 4 or 8 bytes; here it has 64 bits. What
 * was never written reads as 0. Memory is taken only for pages that were written. */
#ifndef HOST_SIM_WORDS_H
#define HOST_SIM_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum { WORDS_PAGE = 512, WORDS_BOOK = 4096 }; /* words a page, pages a book */

struct words {
    uint64_t base;
    unsigned shift;     /* 1 << shift bytes a word */
    uint64_t ***books;
    size_t count;       /* books */
};

/* Of `bytes` from `base` on, at most 1 << 48. */
void words_begin(struct words *words, uint64_t base, uint64_t bytes, unsigned word_bytes);
uint64_t *words_page_new(struct words *words, uint64_t word);
void words_done(struct words *words);

static inline uint64_t words_get(const struct words *words, uint64_t address)
{
    uint64_t word = (address - words->base) >> words->shift;
    uint64_t *const *book = words->books[word / WORDS_PAGE / WORDS_BOOK];
    const uint64_t *page = book ? book[word / WORDS_PAGE % WORDS_BOOK] : NULL;
    return page ? page[word % WORDS_PAGE] : 0;
}

/* To be written. */
static inline uint64_t *words_at(struct words *words, uint64_t address)
{
    uint64_t word = (address - words->base) >> words->shift;
    uint64_t *const *book = words->books[word / WORDS_PAGE / WORDS_BOOK];
    uint64_t *page = book ? book[word / WORDS_PAGE % WORDS_BOOK] : NULL;
    return (page ? page : words_page_new(words, word)) + word % WORDS_PAGE;
}

#endif
