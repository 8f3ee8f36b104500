/* dictionary: a hash table of words with chains, that grows; what a parser of commands keeps. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    char *word;
    uint32_t hash;
    uint16_t uses;
};

static struct entry **table;
static unsigned room, count;

static void grow(void)
{
    unsigned old = room;
    struct entry **from = table;
    room = old ? old * 2 : 16;
    table = calloc(room, sizeof *table);
    for (unsigned i = 0; i < old; i++)
        for (struct entry *at = from[i], *next; at; at = next) {
            next = at->next;
            at->next = table[at->hash & (room - 1)];
            table[at->hash & (room - 1)] = at;
        }
    free(from);
}

static void add(const char *word)
{
    uint32_t hash = 2166136261u;
    for (const char *at = word; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    if (count >= room)
        grow();
    struct entry *entry = malloc(sizeof *entry);
    entry->word = malloc(strlen(word) + 1);
    strcpy(entry->word, word);
    entry->hash = hash;
    entry->next = table[hash & (room - 1)];
    table[hash & (room - 1)] = entry;
    count++;
}

int main(void)
{
    char word[16];
    for (unsigned i = 0; i < 300; i++) {
        unsigned at = 0;
        for (unsigned left = i * 2654435761u >> 12; left; left /= 26)
            word[at++] = (char)('a' + left % 26);
        word[at] = 0;
        add(word);
    }
    return count != 300;
}
