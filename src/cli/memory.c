#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "view.h"

/* In a PID namespace that sees the /proc of another one, /proc/PID is another process. */
static bool is_own_proc(void) {
    static enum { UNKNOWN, OWN, FOREIGN } proc = UNKNOWN;
    char text[24];
    if (proc == UNKNOWN) {
        ssize_t len = readlink("/proc/self", text, sizeof text - 1);
        text[len > 0 ? len : 0] = '\0';
        proc = strtoll(text, NULL, 10) == getpid() ? OWN : FOREIGN;
    }
    return proc == OWN;
}

static FILE *open_about(int64_t pid, const char *what) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRId64 "/%s", pid, what);
    return fopen(path, "re");
}

/* The proportional set size, because the nodes share most of their pages. */
static int64_t read_pss(FILE *file) {
    char line[128];
    int64_t kb = -1;
    while (kb < 0 && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Pss: %" SCNd64 " kB", &kb) != 1)
            kb = -1;
    return kb;
}

static int64_t read_resident(FILE *file) {
    int64_t pages;
    return fscanf(file, "%*d %" SCNd64, &pages) == 1 ? pages * (sysconf(_SC_PAGESIZE) / 1024) : -1;
}

int64_t memory_of(const struct banyan_node *node) {
    int64_t kb = -1;
    if (node->state == BANYAN_ENDED || !is_own_proc())
        return -1;
    FILE *file = open_about(node->pid, "smaps_rollup");
    if (file != NULL) {
        kb = read_pss(file);
        fclose(file);
    }
    if (kb < 0 && (file = open_about(node->pid, "statm")) != NULL) {
        kb = read_resident(file);
        fclose(file);
    }
    return kb;
}
