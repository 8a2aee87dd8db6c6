#include "memory.h"

#include <malloc.h>

enum {
    LARGEST_FROM_HEAP = 32 << 20, /* the largest value that glibc accepts */
    KEPT = 256 << 20,
};

void memory_keep(void) {
    mallopt(M_MMAP_THRESHOLD, LARGEST_FROM_HEAP);
    mallopt(M_TRIM_THRESHOLD, KEPT);
}
