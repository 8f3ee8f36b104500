/* samples: blocks of measured numbers in a ring, each with a description; what a logger of a sensor keeps. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct channel {
    char *unit;
    struct page *pages, *newest;
    int16_t least, most;
};

struct page {
    struct page *next;
    uint32_t start;
    int16_t values[60];
};

static void put(struct channel *channel, uint32_t at, int16_t value)
{
    if (!channel->newest || at % 60 == 0) {
        struct page *page = malloc(sizeof *page);
        page->next = NULL;
        page->start = at;
        if (channel->newest)
            channel->newest->next = page;
        else
            channel->pages = page;
        channel->newest = page;
    }
    channel->newest->values[at % 60] = value;
    if (at > 600 && at % 60 == 59) {
        struct page *old = channel->pages;
        channel->pages = old->next;
        free(old);
    }
}

int main(void)
{
    static const char *const units[] = {"mV", "deg C", "lux", "percent"};
    struct channel *channels = calloc(4, sizeof *channels);
    for (int i = 0; i < 4; i++) {
        channels[i].unit = malloc(strlen(units[i]) + 1);
        strcpy(channels[i].unit, units[i]);
    }
    for (uint32_t at = 0; at < 3000; at++)
        for (int i = 0; i < 4; i++)
            put(channels + i, at, (int16_t)(at * (uint32_t)(i + 3)));
    return channels[0].pages == NULL;
}
