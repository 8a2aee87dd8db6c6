/*
 * sum_avx2.c: the sum for processors with AVX2. It adds columns of digits and converts no number.
 *
 * The sum of all numbers is the sum over k of 100^k times the sum of the pairs of digits that stand
 * 2k places left of the end of a number. The text is taken in blocks of a few KiB:
 *
 *   read   checks the grammar, and stores for each byte the pair of digits that ends there, and a
 *          weight that is 1 or -1 at the end of a number and 0 elsewhere. It counts the ends and
 *          adds up column 0.
 *   step   steps left from the ends in twos, a few columns at a time. A weight stays while its
 *          number goes on, so that weight times pair is what a column gets. Numbers are of about
 *          the same size in most texts, so there are as many steps as the longest in a block needs.
 *
 * The columns become a number once, at the end of the text. Only the last column, of the digits 19
 * and 20, needs a check of the range.
 *
 * A block that may be wrong goes to the byte loop, which finds the wrong word, if there is one. So
 * the steps here need not know more about an error than that there may be one.
 */
#include "sum.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>
#include <string.h>
#include <sys/platform/x86.h>

/* The rest of the program is compiled for any processor; callers ask sum_have_avx2 first. */
#define AVX2        __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

enum {
    VECTOR = 32,    /* bytes */
    VECTORS = 192,  /* in a block */
    LAST_COLUMN = 9 /* 2 * 9 + 2 digits: one more than 64 bits need */
};
enum { RANGE_DIGITS = 2 * LAST_COLUMN + 1 }; /* no number with fewer can be out of range */

/* The weights of a block lie one block after the pairs. At a multiple of 4 KiB a load of pairs
 * would look, by the low 12 bits of its address, as if it had to wait for the weights just
 * stored. */
enum { BLOCK = VECTORS * VECTOR };
_Static_assert(BLOCK % 4096 == 2048, "pairs and weights must not meet in the low 12 bits");

/* No two neighbours are both an end, so a column of 16 bits gets one pair per vector at most. */
_Static_assert(VECTORS * 99 <= INT16_MAX, "a column must not overflow within a block");
_Static_assert(VECTORS <= UINT8_MAX, "the number of a vector, or of ends in a lane, is one byte");

struct block {
    size_t vectors;
    /* The high bit is set where no number goes on: if there is no digit, or none right of it. A
     * vector without digits comes first, because stepping left leads out of the block. */
    _Alignas(64) unsigned char pair[VECTOR + BLOCK];
    _Alignas(64) signed char weight[BLOCK];
};

AVX2_INLINE __m256i load(const void *at) {
    return _mm256_loadu_si256((const __m256i *)at);
}

AVX2_INLINE void store(void *at, __m256i bytes) {
    _mm256_storeu_si256((__m256i *)at, bytes);
}

/* A table for _mm256_shuffle_epi8, which looks up in each half by itself. */
AVX2_INLINE __m256i table_of(const char entry[16]) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)entry));
}

/* The sum of 16 signed numbers of 16 bits. */
AVX2_INLINE int64_t add_column(__m256i column) {
    const __m256i wide = _mm256_madd_epi16(column, _mm256_set1_epi16(1));
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));

    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half);
}

/* The sum of 32 unsigned bytes. */
AVX2_INLINE uint64_t add_bytes(__m256i bytes) {
    const __m256i sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(sums),
                                       _mm256_extracti128_si256(sums, 1));

    return (uint64_t)_mm_extract_epi64(half, 0) + (uint64_t)_mm_extract_epi64(half, 1);
}

/* ---- read ---- */

/* By the low half of a byte, the only blank with that half. A 0 matches nothing: the low half of
 * NUL leads to the space, and for a byte above 127 the shuffle gives 0. */
static const char blanks_line[16] = {[0] = ' ', [9] = '\t'};
static const char blanks_file[16] = {
    [0] = ' ', [9] = '\t', [10] = '\n', [11] = '\v', [12] = '\f', [13] = '\r',
};
static const char times_ten[16] = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90};

struct reader {
    __m256i blanks;
    __m256i tens;
    __m256i wrong;   /* the high bit: there was something that is no number */
    __m256i largest; /* of all bytes less '0', signed: 9 or less when all is well */
    __m256i ends;    /* by lane, how many numbers ended there */
    __m256i column;  /* column 0 */
    uint64_t carry;  /* 1 if the last byte was a minus or a digit of a negative number */
};

/* The digits of negative numbers, as bits. One addition spreads all minuses: put on the first digit
 * of a number, a 1 runs through its digits, clears them, and may go on in the next vector. */
AVX2_INLINE uint32_t spread_minus(struct reader *reader, __m256i no_digit, __m256i minus) {
    const uint32_t digits = ~(uint32_t)_mm256_movemask_epi8(no_digit);
    const uint64_t starts = (uint64_t)(uint32_t)_mm256_movemask_epi8(minus) << 1;
    const uint64_t sum = digits + starts + reader->carry;

    reader->carry = sum >> 32;
    return digits & ~(uint32_t)sum;
}

/* -1 where a bit is set, 1 elsewhere. */
AVX2_INLINE __m256i signs_of(uint32_t negative) {
    const __m256i byte_of_lane = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202,
                                                    0x0303030303030303);
    const __m256i bit_of_lane = _mm256_set1_epi64x((long long)0x8040201008040201u);
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int)negative), byte_of_lane);
    const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit_of_lane), bit_of_lane);

    return _mm256_or_si256(is_set, _mm256_set1_epi8(1));
}

/* Checks that each sign has a digit right of it and none left of it. With the digit on its right,
 * no sign has a sign on its left either. Returns where the signs are, and in *weight their
 * effect. */
AVX2_INLINE __m256i read_signs(struct reader *reader, __m256i bytes, __m256i left, __m256i no_digit,
                               __m256i none_right, __m256i *weight) {
    const __m256i minus = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('-'));
    const __m256i plus = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('+'));
    const __m256i sign = _mm256_or_si256(minus, plus);

    reader->wrong = _mm256_or_si256(reader->wrong, _mm256_and_si256(sign, none_right));
    reader->wrong = _mm256_or_si256(reader->wrong, _mm256_andnot_si256(left, sign));
    *weight = signs_of(spread_minus(reader, no_digit, minus));
    return sign;
}

/* Reads text[0..VECTOR) and one byte on each side of it. */
AVX2_INLINE void read_vector(struct reader *reader, struct block *block, size_t i, const char *text,
                             const int with_signs) {
    const __m256i zero = _mm256_set1_epi8('0'), less_zero = _mm256_set1_epi8(-'0');
    const __m256i bytes = load(text);
    const __m256i digit = _mm256_add_epi8(bytes, less_zero); /* with the high bit: no digit */
    const __m256i left = _mm256_add_epi8(load(text - 1), less_zero);
    const __m256i no_digit = _mm256_cmpgt_epi8(zero, bytes);
    const __m256i none_right = _mm256_cmpgt_epi8(zero, load(text + 1));
    const __m256i end = _mm256_andnot_si256(no_digit, none_right);
    /* The shuffle makes 0 of a byte with the high bit, and saturation keeps that bit. */
    const __m256i pair = _mm256_adds_epu8(digit, _mm256_shuffle_epi8(reader->tens, left));
    __m256i known = _mm256_cmpeq_epi8(bytes, _mm256_shuffle_epi8(reader->blanks, bytes));
    __m256i weight = _mm256_set1_epi8(1);

    if (with_signs) {
        known = _mm256_or_si256(known,
                                read_signs(reader, bytes, left, no_digit, none_right, &weight));
    }
    weight = _mm256_and_si256(weight, end);
    reader->wrong = _mm256_or_si256(reader->wrong, _mm256_andnot_si256(known, no_digit));
    reader->largest = _mm256_max_epi8(reader->largest, digit);
    reader->ends = _mm256_sub_epi8(reader->ends, end);
    reader->column = _mm256_add_epi16(reader->column, _mm256_maddubs_epi16(pair, weight));
    store(block->weight + i * VECTOR, weight);
    store(block->pair + VECTOR + i * VECTOR, _mm256_or_si256(pair, none_right));
}

/* Copies a vector of the text with a byte on each side, and blanks for what is beyond the text. */
static const char *copy_vector(char copy[1 + VECTOR + 1], const char *text, size_t at, size_t len) {
    const size_t before = at > 0;
    const size_t after = len - at > VECTOR + 1 ? VECTOR + 1 : len - at;

    memset(copy, ' ', 1 + VECTOR + 1);
    memcpy(copy + 1 - before, text + at - before, before + after);
    return copy + 1;
}

/* Returns 0 if there is something that is no number or blank, or a sign that was not asked for. */
AVX2_INLINE int read_block(struct block *block, const char *text, size_t len, enum sum_blank blank,
                           uint64_t *count, int64_t *sum, const int with_signs) {
    struct reader reader = {
        .blanks = table_of(blank == SUM_BLANK_LINE ? blanks_line : blanks_file),
        .tens = table_of(times_ten),
    };
    const size_t last = (len - 1) / VECTOR;
    char copy[1 + VECTOR + 1];

    for (size_t i = 0; i <= last; i++) {
        const int at_edge = i == 0 || i == last;
        const char *at = at_edge ? copy_vector(copy, text, i * VECTOR, len) : text + i * VECTOR;

        read_vector(&reader, block, i, at, with_signs);
    }
    block->vectors = last + 1;
    *count = add_bytes(reader.ends);
    *sum = add_column(reader.column);

    const __m256i no_digit = _mm256_cmpgt_epi8(reader.largest, _mm256_set1_epi8(9));
    return _mm256_movemask_epi8(_mm256_or_si256(reader.wrong, no_digit)) == 0;
}

/* Signs cost half as much again, and many texts have none. */
AVX2 static int read_unsigned(struct block *block, const char *text, size_t len,
                              enum sum_blank blank, uint64_t *count, int64_t *sum) {
    return read_block(block, text, len, blank, count, sum, 0);
}

AVX2 static int read_signed(struct block *block, const char *text, size_t len, enum sum_blank blank,
                            uint64_t *count, int64_t *sum) {
    return read_block(block, text, len, blank, count, sum, 1);
}

/* ---- step ---- */

/* Clears the weight of the numbers that do not go on with a pair. */
AVX2_INLINE __m256i still_going(__m256i weight, __m256i pair) {
    __m256i none = _mm256_setzero_si256();

    /* Hides that it is zero, or gcc makes two instructions and a second load of the blend. */
    __asm__("" : "+x"(none));
    return _mm256_blendv_epi8(weight, none, pair);
}

AVX2_INLINE __m256i step(__m256i column, __m256i *weight, const unsigned char *at) {
    const __m256i pair = load(at);

    *weight = still_going(*weight, pair);
    return _mm256_add_epi16(column, _mm256_maddubs_epi16(pair, *weight));
}

/* Adds up two or four columns from first on. Returns whether a number goes on after them. */
AVX2_INLINE int step_left(struct block *block, int first, const int columns, int64_t *sums) {
    const unsigned char *at = block->pair + VECTOR - 2 * first;
    const size_t vectors = block->vectors;
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a, going = a;

    for (size_t i = 0; i < vectors; i++, at += VECTOR) {
        __m256i weight = load(block->weight + i * VECTOR);

        a = step(a, &weight, at);
        b = step(b, &weight, at - 2);
        if (columns > 2) {
            c = step(c, &weight, at - 4);
            d = step(d, &weight, at - 6);
        }
        weight = still_going(weight, load(at - 2 * columns));
        store(block->weight + i * VECTOR, weight);
        going = _mm256_or_si256(going, weight);
    }
    sums[first] = add_column(a);
    sums[first + 1] = add_column(b);
    if (columns > 2) {
        sums[first + 2] = add_column(c);
        sums[first + 3] = add_column(d);
    }
    return !_mm256_testz_si256(going, going);
}

AVX2 static int step_two(struct block *block, int first, int64_t *sums) {
    return step_left(block, first, 2, sums);
}

AVX2 static int step_four(struct block *block, int first, int64_t *sums) {
    return step_left(block, first, 4, sums);
}

/* Whether the numbers of 19 and 20 digits that end in a vector are in range. There must be none
 * with more, for their weight may have gone on into the vector before the text. */
static int in_range(const struct block *block, const char *text, size_t vector) {
    static const char limits[2][RANGE_DIGITS + 1] = {"9223372036854775807", "9223372036854775808"};
    const unsigned char *first_pair = block->pair + VECTOR + vector * VECTOR - (RANGE_DIGITS - 1);
    const signed char *weight = block->weight + vector * VECTOR;

    for (size_t lane = 0; lane < VECTOR; lane++) {
        if (weight[lane] == 0) {
            continue;
        }
        const char *digits = text + vector * VECTOR + lane - (RANGE_DIGITS - 1);
        if (first_pair[lane] > 9 || memcmp(digits, limits[weight[lane] < 0], RANGE_DIGITS) > 0) {
            return 0;
        }
    }
    return 1;
}

/* Adds up the last column. Returns 0 if a number is out of range, or has so many leading zeros that
 * it goes on. */
AVX2 static int step_last(const struct block *block, const char *text, int64_t *sums) {
    const unsigned char *at = block->pair + VECTOR - 2 * LAST_COLUMN;
    const size_t vectors = block->vectors;
    __m256i column = _mm256_setzero_si256(), going = column;
    unsigned char doubtful[VECTORS]; /* those with a 9 or more; a call here would cost all */
    size_t doubts = 0;

    for (size_t i = 0; i < vectors; i++, at += VECTOR) {
        const __m256i weight = load(block->weight + i * VECTOR), pair = load(at);
        const __m256i large = _mm256_cmpgt_epi8(pair, _mm256_set1_epi8(8));

        column = _mm256_add_epi16(column, _mm256_maddubs_epi16(pair, weight));
        doubtful[doubts] = (unsigned char)i;
        doubts += !_mm256_testz_si256(large, weight);
        going = _mm256_or_si256(going, still_going(weight, load(at - 2)));
    }
    sums[LAST_COLUMN] = add_column(column);
    if (!_mm256_testz_si256(going, going)) {
        return 0;
    }
    for (size_t i = 0; i < doubts; i++) {
        if (!in_range(block, text, doubtful[i])) {
            return 0;
        }
    }
    return 1;
}

/* Returns 0 if a number is out of range or may be. Most texts need the first step, or two. */
static int step_block(struct block *block, const char *text, int64_t *sums) {
    _Static_assert(LAST_COLUMN == 1 + 2 + 2 + 4, "each column has its step");
    return !step_two(block, 1, sums) || !step_two(block, 3, sums) || !step_four(block, 5, sums) ||
           step_last(block, text, sums);
}

/* ---- the text ---- */

/* What is known so far, all blocks together. */
struct total {
    sum_int128 looped; /* the sum of what the byte loop added */
    uint64_t count;
    int64_t column[LAST_COLUMN + 1];
    int with_signs; /* there was a sign, so that the next block may well have one */
};

/* Adds a block that is right and not too odd; otherwise returns 0 and adds nothing. */
static int add_block(struct total *total, struct block *block, const char *text, size_t len,
                     enum sum_blank blank) {
    int64_t sums[LAST_COLUMN + 1] = {0};
    uint64_t count;

    if (total->with_signs || !read_unsigned(block, text, len, blank, &count, sums)) {
        if (!read_signed(block, text, len, blank, &count, sums)) {
            return 0;
        }
        total->with_signs = 1;
    }
    if (!step_block(block, text, sums)) {
        return 0;
    }
    for (int k = 0; k <= LAST_COLUMN; k++) {
        total->column[k] += sums[k];
    }
    total->count += count;
    return 1;
}

/* Adds text[at..end) with the byte loop. Returns 0 at an error, which is then in result. */
static int add_with_loop(struct total *total, const char *text, size_t at, size_t end,
                         enum sum_blank blank, struct sum_result *result) {
    struct sum_result part;

    sum_text_loop(text + at, end - at, blank, &part);
    total->looped += part.sum;
    total->count += part.count;
    if (part.error == SUM_OK) {
        return 1;
    }
    result->error = part.error;
    result->word_at = at + part.word_at;
    result->word_len = part.word_len;
    return 0;
}

static int is_blank(char byte, enum sum_blank blank) {
    return byte == ' ' || byte == '\t' || (blank == SUM_BLANK_FILE && byte >= '\n' && byte <= '\r');
}

/* Where the block that starts at from ends: with the text or next to a blank, at most BLOCK bytes
 * on unless a word is longer than that. */
static size_t block_end(const char *text, size_t from, size_t len, enum sum_blank blank) {
    if (len - from <= BLOCK) {
        return len;
    }
    for (size_t end = from + BLOCK; end > from; end--) {
        if (is_blank(text[end - 1], blank)) {
            return end;
        }
    }
    for (size_t end = from + BLOCK; end < len; end++) {
        if (is_blank(text[end], blank)) {
            return end;
        }
    }
    return len;
}

static sum_int128 sum_of(const struct total *total) {
    sum_int128 sum = 0;

    for (int k = LAST_COLUMN; k >= 0; k--) {
        sum = sum * 100 + total->column[k];
    }
    return sum + total->looped;
}

void sum_text_avx2(const char *text, size_t len, enum sum_blank blank, struct sum_result *result) {
    struct block block;
    struct total total = {0};

    *result = (struct sum_result){.error = SUM_OK};
    memset(block.pair, 0xff, VECTOR);
    for (size_t at = 0, end; at < len; at = end) {
        end = block_end(text, at, len, blank);
        if ((end - at > BLOCK || !add_block(&total, &block, text + at, end - at, blank)) &&
            !add_with_loop(&total, text, at, end, blank, result)) {
            break;
        }
    }
    result->sum = sum_of(&total);
    result->count = total.count;
}

/* From what glibc found out when the program started: to ask the processor again takes a virtual
 * machine some microseconds for each question. */
int sum_have_avx2(void) {
    return CPU_FEATURE_ACTIVE(AVX2) != 0;
}

#else

int sum_have_avx2(void) {
    return 0;
}

void sum_text_avx2(const char *text, size_t len, enum sum_blank blank, struct sum_result *result) {
    sum_text_loop(text, len, blank, result);
}

#endif
