/* telemetry: readings that come and go, a report that grows line by line, and packets of many sizes: three habits that tear a small heap apart. */
#include <stdlib.h>
#include <string.h>

enum { READINGS = 64, PACKETS = 8, TURNS = 3000, LINE = 16 };

static void *readings[READINGS], *packets[PACKETS];
static char *report;
static size_t report_bytes;

static void *reading_make(void)
{
    return calloc(1, 40);
}

static void *packet_make(unsigned turn)
{
    return malloc(200 + turn % 7 * 90);
}

static void report_add(const char *line)
{
    report = realloc(report, report_bytes + LINE);
    memcpy(report + report_bytes, line, LINE);
    report_bytes += LINE;
}

int main(void)
{
    for (unsigned turn = 0; turn < TURNS; turn++) {
        unsigned which = turn * 7 % READINGS;
        free(readings[which]);
        readings[which] = reading_make();
        if (turn % 3 == 0) {
            free(packets[turn % PACKETS]);
            packets[turn % PACKETS] = packet_make(turn);
        }
        if (turn % 6 == 0)
            report_add("a line of it   ");
    }
    return 0;
}
