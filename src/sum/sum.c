/* sum.c: chooses between the versions of the sum. */
#include "sum.h"

/* From this many bytes on, the vector version is worth its fixed cost. */
enum { VECTOR_FROM = 64 };

void sum_text(const char *text, size_t len, enum sum_blank blank, struct sum_result *result) {
    if (len >= VECTOR_FROM && sum_have_avx2()) {
        sum_text_avx2(text, len, blank, result);
    } else {
        sum_text_loop(text, len, blank, result);
    }
}
