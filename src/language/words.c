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

bool word_id(struct word word, int64_t *id) {
    return number_parse(word.at, word.len, id) && *id != -1;
}
