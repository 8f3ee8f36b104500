/* words: in addresses of a simulated memory, out the words that an allocator keeps there. */
#include "words.h"
#include "host/base/memory.h"

void words_begin(struct words *words, uint64_t base, uint64_t bytes, unsigned word_bytes)
{
    *words = (struct words){.base = base & ~(uint64_t)(word_bytes - 1), .shift = word_bytes == 8 ? 3 : word_bytes == 4 ? 2 : 1};
    words->count = (size_t)((bytes + word_bytes) >> words->shift) / WORDS_PAGE / WORDS_BOOK + 1;
    words->books = memory_new(words->count, sizeof *words->books);
}

uint64_t *words_page_new(struct words *words, uint64_t word)
{
    uint64_t ***book = &words->books[word / WORDS_PAGE / WORDS_BOOK];
    if (!*book)
        *book = memory_new(WORDS_BOOK, sizeof **book);
    return (*book)[word / WORDS_PAGE % WORDS_BOOK] = memory_new(WORDS_PAGE, sizeof ***book);
}

void words_done(struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        for (size_t page = 0; words->books[i] && page < WORDS_BOOK; page++)
            memory_free(words->books[i][page]);
        memory_free(words->books[i]);
    }
    memory_free(words->books);
    *words = (struct words){0};
}
