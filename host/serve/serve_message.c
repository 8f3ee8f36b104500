/* serve_message: reads JSON strictly (RFC 8259), but only what a message can be: an object of texts, whole numbers, true, false and null. Nothing is allocated. */
#include "serve_message.h"

#include <string.h>

#include "host/base/utf8.h"

struct cursor {
    const char *at, *end;
    const char *problem;
};

/* A value as it was read; `text` has room for what a message may hold. */
struct value {
    enum { VALUE_TEXT, VALUE_NUMBER, VALUE_BOOL, VALUE_NULL } kind;
    uint64_t number;
    bool is_true;
    char text[SERVE_TEXT_MOST];
};

static bool fail(struct cursor *cursor, const char *problem)
{
    cursor->problem = cursor->problem ? cursor->problem : problem;
    return false;
}

static void blanks_skip(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\n' || *cursor->at == '\r'))
        cursor->at++;
}

static bool char_take(struct cursor *cursor, char wanted)
{
    blanks_skip(cursor);
    if (cursor->at == cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    return true;
}

static bool word_take(struct cursor *cursor, const char *word)
{
    size_t count = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < count || memcmp(cursor->at, word, count))
        return false;
    cursor->at += count;
    return true;
}

static int digit_of(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static bool unit_read(struct cursor *cursor, uint32_t *unit)
{
    *unit = 0;
    if (cursor->end - cursor->at < 4)
        return fail(cursor, "a text ends in the middle");
    for (int i = 0; i < 4; i++) {
        int digit = digit_of(*cursor->at++);
        if (digit < 0)
            return fail(cursor, "\\u wants four hexadecimal digits");
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

static bool point_read(struct cursor *cursor, uint32_t *point)
{
    uint32_t low;
    if (!unit_read(cursor, point))
        return false;
    if (*point < 0xD800 || *point > 0xDFFF)
        return *point || fail(cursor, "a text holds a NUL");
    if (*point > 0xDBFF || !word_take(cursor, "\\u") || !unit_read(cursor, &low) || low < 0xDC00 || low > 0xDFFF)
        return fail(cursor, "a text holds half a surrogate pair");
    *point = 0x10000 + ((*point - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static size_t point_write(char *out, uint32_t point)
{
    size_t count = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char heads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = count; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)(heads[count] | point);
    return count;
}

static bool escape_read(struct cursor *cursor, uint32_t *point)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (cursor->at == cursor->end)
        return fail(cursor, "a text ends in the middle");
    char letter = *cursor->at++;
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (letter == 'u')
        return point_read(cursor, point);
    *point = found ? (uint32_t)meanings[found - letters] : 0;
    return found || fail(cursor, "a text holds an unknown escape");
}

/* What is there is valid UTF-8 as a whole: the caller looked. */
static bool text_read(struct cursor *cursor, char text[SERVE_TEXT_MOST])
{
    size_t count = 0;
    while (cursor->at < cursor->end && *cursor->at != '"') {
        uint32_t point;
        char bytes[4] = {*cursor->at++};
        size_t more = 1;
        if ((unsigned char)bytes[0] < 0x20)
            return fail(cursor, "a text holds a control character");
        if (bytes[0] == '\\') {
            if (!escape_read(cursor, &point))
                return false;
            more = point_write(bytes, point);
        }
        if (count + more >= SERVE_TEXT_MOST)
            return fail(cursor, "a text is too long: 255 bytes are the most");
        memcpy(text + count, bytes, more);
        count += more;
    }
    text[count] = 0;
    return cursor->at++ < cursor->end || fail(cursor, "a text ends in the middle");
}

/* Fractions, exponents and negative numbers are JSON, but nothing here is such a number. */
static bool number_read(struct cursor *cursor, struct value *value)
{
    const char *start = cursor->at;
    value->kind = VALUE_NUMBER;
    value->number = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++)
        if (__builtin_mul_overflow(value->number, 10u, &value->number) || __builtin_add_overflow(value->number, (unsigned)(*cursor->at - '0'), &value->number))
            return fail(cursor, "a number is too large");
    bool is_good = cursor->at > start && (*start != '0' || cursor->at == start + 1);
    return is_good || fail(cursor, "a value is neither a text nor a whole number nor true, false or null");
}

static bool value_read(struct cursor *cursor, struct value *value)
{
    blanks_skip(cursor);
    *value = (struct value){.kind = VALUE_BOOL};
    if (char_take(cursor, '"')) {
        value->kind = VALUE_TEXT;
        return text_read(cursor, value->text);
    }
    if ((value->is_true = word_take(cursor, "true")) || word_take(cursor, "false"))
        return true;
    if (word_take(cursor, "null")) {
        value->kind = VALUE_NULL;
        return true;
    }
    return number_read(cursor, value);
}

/* "0x7f00" or a number: addresses are texts, since a page's numbers are too small for them. */
static bool address_of(const struct value *value, uint64_t *address)
{
    const char *at = value->text + 2;
    *address = value->number;
    if (value->kind == VALUE_NUMBER)
        return true;
    if (value->kind != VALUE_TEXT || strncmp(value->text, "0x", 2) || !*at || strlen(at) > 16)
        return false;
    for (; *at; at++) {
        if (digit_of(*at) < 0)
            return false;
        *address = *address << 4 | (uint64_t)digit_of(*at);
    }
    return true;
}

static enum serve_want want_of(const char *type)
{
    static const char *const words[] = {[SERVE_TOKEN] = "token",   [SERVE_SUBSCRIBE] = "subscribe", [SERVE_UNSUBSCRIBE] = "unsubscribe", [SERVE_MARK] = "mark",
                                        [SERVE_RECORD] = "record", [SERVE_DETAIL] = "detail",       [SERVE_DUMP] = "dump"};
    for (size_t i = SERVE_TOKEN; i < sizeof words / sizeof *words; i++)
        if (!strcmp(type, words[i]))
            return (enum serve_want)i;
    return SERVE_UNKNOWN;
}

static bool number_keep(const struct value *value, uint64_t *number, bool *has_it)
{
    *number = value->number;
    return *has_it = value->kind == VALUE_NUMBER;
}

static bool text_keep(const struct value *value, char text[SERVE_TEXT_MOST])
{
    memcpy(text, value->text, SERVE_TEXT_MOST);
    return value->kind == VALUE_TEXT;
}

/* Members that nobody knows are left out: a newer page may say more. */
static bool member_keep(struct serve_message *message, const char *key, const struct value *value)
{
    if (!strcmp(key, "type"))
        return text_keep(value, message->type);
    if (!strcmp(key, "label"))
        return text_keep(value, message->label);
    if (!strcmp(key, "token"))
        return text_keep(value, message->token);
    if (!strcmp(key, "source"))
        return number_keep(value, &message->source, &message->has_source);
    if (!strcmp(key, "id"))
        return number_keep(value, &message->id, &message->has_id);
    if (!strcmp(key, "bytes"))
        return number_keep(value, &message->bytes, &message->has_bytes);
    if (!strcmp(key, "address"))
        return message->has_address = address_of(value, &message->address);
    if (!strcmp(key, "documents")) {
        message->has_no_documents = !value->is_true;
        return value->kind == VALUE_BOOL;
    }
    if (!strcmp(key, "on")) {
        message->on = value->is_true;
        return message->has_on = value->kind == VALUE_BOOL;
    }
    return true;
}

static bool object_read(struct cursor *cursor, struct serve_message *message)
{
    char key[SERVE_TEXT_MOST];
    struct value value;
    if (!char_take(cursor, '{'))
        return fail(cursor, "a message is one JSON object");
    for (bool is_first = true; !char_take(cursor, '}'); is_first = false) {
        if (!is_first && !char_take(cursor, ','))
            return fail(cursor, "a comma or the end of the object is missing");
        if (!char_take(cursor, '"'))
            return fail(cursor, "a member has no name");
        if (!text_read(cursor, key))
            return false;
        if (!char_take(cursor, ':'))
            return fail(cursor, "a colon is missing");
        if (!value_read(cursor, &value))
            return false;
        if (!member_keep(message, key, &value))
            return fail(cursor, "a member is not of its kind: see docs/live.md");
    }
    return true;
}

static bool is_utf8(const char *bytes, size_t count)
{
    char text[SERVE_MESSAGE_MOST + 1];
    uint32_t point;
    memcpy(text, bytes, count);
    text[count] = 0;
    for (size_t at = 0, more; at < count; at += more) {
        more = text[at] ? utf8_next(text + at, &point) : 1;
        if (!text[at] || (more == 1 && point > 0x7F))
            return false;
    }
    return true;
}

bool serve_message_read(const char *bytes, size_t count, struct serve_message *message, const char **problem)
{
    struct cursor cursor = {bytes, bytes + count, NULL};
    *message = (struct serve_message){0};
    if (count > SERVE_MESSAGE_MOST)
        fail(&cursor, "a message has at most 4096 bytes");
    else if (!is_utf8(bytes, count))
        fail(&cursor, "a message is UTF-8 without NUL");
    else if (object_read(&cursor, message)) {
        blanks_skip(&cursor);
        if (cursor.at != cursor.end)
            fail(&cursor, "there is more behind the object");
    }
    message->want = want_of(message->type);
    *problem = cursor.problem;
    return !cursor.problem;
}
