#include "number.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128;

bool number_parse(const char *word, size_t len, int64_t *value) {
    bool negative = len > 0 && word[0] == '-';
    size_t at = len > 0 && (word[0] == '-' || word[0] == '+') ? 1 : 0;
    uint64_t magnitude = 0;
    if (at == len)
        return false;
    for (; at < len; at++) {
        unsigned digit = (unsigned char)word[at] - '0';
        if (digit > 9 || __builtin_mul_overflow(magnitude, 10, &magnitude) ||
            __builtin_add_overflow(magnitude, digit, &magnitude))
            return false;
    }
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

static size_t print_u64(char *end, uint64_t value) {
    char *at = end;
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return (size_t)(end - at);
}

/* Division of 128 bits is slow. It is done once for each 19 digits, so for most sums never. */
size_t number_print(char *text, int128 value) {
    const uint64_t ten19 = UINT64_C(10000000000000000000);
    uint128 magnitude = value < 0 ? 0 - (uint128)value : (uint128)value;
    char digits[NUMBER_TEXT_MAX];
    char *end = digits + sizeof digits, *at = end;
    while (magnitude > UINT64_MAX) {
        char *group = at - 19;
        at -= print_u64(at, (uint64_t)(magnitude % ten19));
        while (at > group)
            *--at = '0';
        magnitude /= ten19;
    }
    at -= print_u64(at, (uint64_t)magnitude);
    if (value < 0)
        *--at = '-';
    memcpy(text, at, (size_t)(end - at));
    return (size_t)(end - at);
}
