#include "words.h"

#include "number.h"

struct word words_rest(const struct words *words) {
    const char *at = words->at, *end = words->end;
    while (at < end && is_blank(*at))
        at++;
    while (at < end && is_blank(end[-1]))
        end--;
    return (struct word){.at = at, .len = (size_t)(end - at)};
}

bool word_is(struct word word, const char *text) {
    size_t i = 0;
    while (i < word.len && text[i] != '\0' && text[i] == word.at[i])
        i++;
    return i == word.len && text[i] == '\0';
}

bool word_id(struct word word, int64_t *id) {
    return number_parse(word.at, word.len, id) && *id != -1;
}
