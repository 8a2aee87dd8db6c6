/*
 * The command grammar: words, ids and numbers, held against definitions that are plain enough to be
 * seen right; and numbers printed and read again.
 */
#include "fuzz.h"
#include "language/answer.h"
#include "language/words.h"

/* The words of a line lie in it in order, hold no blank, and leave only blanks out. */
static size_t check_words(const char *line, size_t len) {
    struct words words = {.at = line, .end = line + len};
    const char *at = line;
    size_t count = 0;
    for (;;) {
        struct word rest = words_rest(&words), word = words_next(&words);
        FUZZ_CHECK(word.at >= at && word.at + word.len <= line + len);
        for (; at < word.at; at++)
            FUZZ_CHECK(*at == ' ' || *at == '\t');
        FUZZ_CHECK((rest.len == 0) == (word.len == 0));
        if (word.len == 0)
            break;
        FUZZ_CHECK(rest.at == word.at && rest.len >= word.len);
        for (; at < word.at + word.len; at++)
            FUZZ_CHECK(*at != ' ' && *at != '\t');
        FUZZ_CHECK(at == line + len || *at == ' ' || *at == '\t');
        count++;
    }
    FUZZ_CHECK(at == line + len);
    return count;
}

/* With 40 digits at most, 128 bits and a comparison will do. */
static bool read_plainly(const char *word, size_t len, int64_t *value) {
    size_t at = len > 0 && (word[0] == '+' || word[0] == '-');
    int128 magnitude = 0, limit = (int128)INT64_MAX + (len > 0 && word[0] == '-');
    if (at == len)
        return false;
    for (; at < len; at++) {
        if (word[at] < '0' || word[at] > '9')
            return false;
        if (magnitude <= limit)
            magnitude = magnitude * 10 + (word[at] - '0');
    }
    *value = (int64_t)(word[0] == '-' ? -magnitude : magnitude);
    return magnitude <= limit;
}

static void check_number(struct word word) {
    int64_t value = 42, plain = 42, id = 42;
    bool read = number_parse(word.at, word.len, &value);
    bool expected = read_plainly(word.at, word.len, &plain);
    FUZZ_CHECK(read == expected);
    FUZZ_CHECK(value == (read ? plain : 42));
    FUZZ_CHECK(word_id(word, &id) == (read && value != -1));
    if (read) {
        char text[NUMBER_TEXT_MAX];
        int64_t again = 0;
        FUZZ_CHECK(number_parse(text, number_print(text, value), &again) && again == value);
    }
}

/* Whatever word an answer shows, it is one line that fits, and the same in any room. */
static void check_answer(struct word word, size_t room) {
    char whole[1024], part[1024];
    struct answer answer = {.command = COMMAND_EXEC,
                            .code = room % 2 == 0 ? BANYAN_NOT_INTEGER : BANYAN_BAD_ID,
                            .word = word.at,
                            .word_len = word.len};
    size_t len = answer_print(&answer, whole, sizeof whole);
    FUZZ_CHECK(len < sizeof whole && strlen(whole) == len);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK((unsigned char)whole[i] >= 0x20 && whole[i] != 0x7f);
    FUZZ_CHECK(answer_print(&answer, part, room) == len);
    FUZZ_CHECK(room == 0 || strncmp(part, whole, room - 1) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *line = (const char *)data;
    struct words words = {.at = line, .end = line + size};
    for (size_t count = check_words(line, size); count > 0; count--) {
        struct word word = words_next(&words);
        check_number(word);
        check_answer(word, count % 600);
    }
    return 0;
}
