/*
 * driver.c: stands in for libFuzzer where the compiler has none: runs a target on every file of a
 * corpus, on each of its beginnings, and on random mutations of it.
 *
 *     fuzz_NAME [-runs=N] [-seed=N] DIRECTORY...
 */
#include <dirent.h>
#include <errno.h>

#include "../unit/random.h"
#include "fuzz.h"

enum { FILES_MOST = 1000, INPUT_MOST = 1 << 20, MUTATED_MOST = 8192 };

struct file {
    uint8_t *bytes;
    size_t size;
};

static struct file files[FILES_MOST];
static size_t file_count;
static unsigned long executions;

/* A copy of the exact size, so that a sanitizer sees every read beyond it. */
static void run(const uint8_t *bytes, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    executions++;
}

static void load(const char *path) {
    static uint8_t buffer[INPUT_MOST];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t size = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL || file_count == FILES_MOST)
        abort();
    memcpy(bytes, buffer, size);
    files[file_count++] = (struct file){.bytes = bytes, .size = size};
}

static int compare_files(const void *a, const void *b) {
    const struct file *left = a, *right = b;
    size_t size = left->size < right->size ? left->size : right->size;
    int order = size > 0 ? memcmp(left->bytes, right->bytes, size) : 0;
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

static void load_all(const char *path) {
    char name[4096];
    DIR *directory = opendir(path);
    if (directory == NULL) {
        perror(path);
        exit(1);
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        load(name);
    }
    closedir(directory);
}

/* A few random changes to a random file, sometimes spliced with another. */
static size_t mutate(uint8_t *bytes) {
    const struct file *file = &files[random_below(file_count)];
    const struct file *other = &files[random_below(file_count)];
    size_t size = file->size < MUTATED_MOST ? file->size : MUTATED_MOST;
    memcpy(bytes, file->bytes, size);
    if (random_below(4) == 0 && other->size > 0) {
        size_t from = random_below(other->size), len = other->size - from;
        size = random_below(size + 1);
        len = len < MUTATED_MOST - size ? len : MUTATED_MOST - size;
        memcpy(bytes + size, other->bytes + from, len);
        size += len;
    }
    for (size_t i = random_below(8); i > 0 && size > 0; i--) {
        size_t at = random_below(size);
        switch (random_below(4)) {
        case 0:
            bytes[at] = (uint8_t)random_next();
            break;
        case 1:
            bytes[at] ^= (uint8_t)(1u << random_below(8));
            break;
        case 2:
            bytes[at] = bytes[random_below(size)];
            break;
        default:
            memmove(bytes + at, bytes + at + 1, --size - at);
        }
    }
    return size;
}

int main(int argc, char **argv) {
    static uint8_t bytes[MUTATED_MOST];
    unsigned long runs = 20000;
    random_state = 1;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-runs=", 6) == 0)
            runs = strtoul(argv[i] + 6, NULL, 10);
        else if (strncmp(argv[i], "-seed=", 6) == 0)
            random_state = strtoul(argv[i] + 6, NULL, 10);
        else if (argv[i][0] != '-')
            load_all(argv[i]);
    }
    if (file_count == 0) {
        fprintf(stderr, "no corpus\n");
        return 1;
    }
    printf("seed %lu\n", (unsigned long)random_state);
    qsort(files, file_count, sizeof *files, compare_files); /* the same on every file system */
    for (size_t i = 0; i < file_count; i++) {
        run(files[i].bytes, files[i].size);
        for (size_t size = 0; size < files[i].size && size < 256; size++)
            run(files[i].bytes, size);
    }
    while (executions < runs)
        run(bytes, mutate(bytes));
    printf("%lu executions from %zu files\n", executions, file_count);
    for (size_t i = 0; i < file_count; i++)
        free(files[i].bytes);
    return 0;
}
