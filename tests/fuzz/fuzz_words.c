/* fuzz_words: in lines as the words of a command, out its options or one sentence; and each word as a number, a size and a time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/number.h"
#include "host/base/opt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MOST = 64 };

struct values {
    bool flag;
    const char *text;
    struct opt_list list;
    uint64_t count, size, time;
    int choice;
};

static const struct opt options[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "Section", NULL, NULL, NULL},
    {OPT_FLAG, 'f', "flag", offsetof(struct values, flag), NULL, "flag", NULL, NULL, NULL},
    {OPT_TEXT, 't', "text", offsetof(struct values, text), "TEXT", "text", NULL, "one|two", NULL},
    {OPT_LIST, 'l', "list", offsetof(struct values, list), "DIR", "list", NULL, NULL, NULL},
    {OPT_COUNT, 'c', "count", offsetof(struct values, count), "N", "count", NULL, NULL, NULL},
    {OPT_SIZE, 's', "size", offsetof(struct values, size), "SIZE", "size", NULL, NULL, NULL},
    {OPT_TIME, 0, "time", offsetof(struct values, time), "TIME", "time", NULL, NULL, NULL},
    {OPT_CHOICE, 0, "choice", offsetof(struct values, choice), "WHICH", "choice", "auto", "auto|always|never", NULL},
    {0},
};
static const struct opt_command commands[] = {
    {.name = "fuzz words", .usage = "[options] FILE", .about = "one", .options = options, .least_words = 1, .most_words = 2},
    {.name = "fuzz words", .usage = "[options] PROGRAM", .about = "two", .options = options, .most_words = OPT_ANY_WORDS, .stops_at_word = true},
};

static void must(bool good)
{
    if (!good)
        abort();
}

static void parse(const struct opt_command *command, int count, char **texts)
{
    struct values values = {0};
    struct opt_words words;
    struct error error = {0};
    enum opt_result result = opt_parse(command, &values, count, texts, &words, &error);
    must((result == OPT_BAD) == (error.kind != ERROR_NONE && error.text[0]));
    must(result != OPT_OK || (words.count >= command->least_words && words.count <= command->most_words && values.choice >= 0 && values.choice < 3));
    for (size_t i = 0; result == OPT_OK && i < values.list.count; i++)
        must(strlen(values.list.at[i]) < 1 << 20);
    opt_words_done(&words);
}

static void parse_numbers(const char *text)
{
    struct error error = {0};
    uint64_t number;
    char room[NUMBER_ROOM];
    if (number_parse_count("x", text, &number, &error))
        must(strlen(number_count(room, number)) < NUMBER_ROOM);
    if (number_parse_size("x", text, &number, &error))
        must(strlen(number_bytes(room, number)) < NUMBER_ROOM);
    if (number_parse_time("x", text, &number, &error))
        must(strlen(number_time(room, number)) < NUMBER_ROOM && strlen(number_duration(room, number)) < NUMBER_ROOM);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), own[] = "words", *texts[WORDS_MOST + 2] = {own}, *rest = text;
    int count = 1;
    must(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    for (char *word; count <= WORDS_MOST && (word = strsep(&rest, "\n"));) {
        parse_numbers(word);
        texts[count++] = word;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        parse(commands + i, count, texts);
    free(text);
    return 0;
}
