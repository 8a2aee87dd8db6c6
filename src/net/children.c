#include "children.h"

#include <pthread.h>
#include <stdlib.h>

#include "closer.h"
#include "place.h"

struct entry {
    struct wire_node node;
    struct link *link;
};

struct children {
    pthread_mutex_t lock;   /* of row and count */
    pthread_mutex_t change; /* held by the thread that changes the row */
    struct entry *row;      /* in ascending order of their intervals */
    size_t count;
    struct surveyor *surveyor;
};

struct children *children_new(void) {
    struct children *children = calloc(1, sizeof *children);
    if (children == NULL)
        return NULL;
    children->surveyor = surveyor_new();
    if (children->surveyor == NULL) {
        free(children);
        return NULL;
    }
    pthread_mutex_init(&children->lock, NULL);
    pthread_mutex_init(&children->change, NULL);
    return children;
}

struct surveyor *children_surveyor(struct children *children) {
    return children->surveyor;
}

/* ---- routing ---- */

/* The child whose interval contains an id; NULL: none. Under either lock. */
static struct entry *route(const struct children *children, int64_t id) {
    size_t low = 0, high = children->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct entry *entry = &children->row[middle];
        if (id < entry->node.low)
            high = middle;
        else if (id > entry->node.high)
            low = middle + 1;
        else
            return entry;
    }
    return NULL;
}

bool children_find(struct children *children, int64_t id, struct wire_node *node) {
    pthread_mutex_lock(&children->lock);
    const struct entry *entry = route(children, id);
    if (entry != NULL)
        *node = entry->node;
    pthread_mutex_unlock(&children->lock);
    return entry != NULL;
}

/* The request is sent under the lock, so that no thread closes the link meanwhile. */
void children_request(struct children *children, int64_t id, nng_msg *request, link_done *done,
                      void *arg) {
    net_defer();
    pthread_mutex_lock(&children->lock);
    const struct entry *entry = route(children, id);
    if (entry != NULL)
        link_request(entry->link, request, done, arg);
    pthread_mutex_unlock(&children->lock);
    net_run_deferred();
    if (entry == NULL) {
        nng_msg_free(request);
        done(arg, NNG_ENOENT, NULL);
    }
}

/* ---- changes ---- */

/* 0, or an error of nng. */
static int entry_open(struct children *children, const struct wire_child *from,
                      struct entry *entry) {
    char url[NET_URL_MAX];
    entry->node = from->node;
    if (!place_url(from->address, NET_REQUESTS, url))
        return NNG_EADDRINVAL;
    int error = link_open(&entry->link, url);
    if (error != 0)
        return error;
    place_url(from->address, NET_SURVEYS, url);
    error = surveyor_add(children->surveyor, from->node.serial, url);
    if (error != 0)
        link_close(entry->link);
    return error;
}

static void entry_close(struct children *children, const struct entry *entry) {
    surveyor_remove(children->surveyor, entry->node.serial);
    link_close(entry->link);
}

static int compare(const void *a, const void *b) {
    const struct entry *left = a, *right = b;
    return (left->node.low > right->node.low) - (left->node.low < right->node.low);
}

/* Replaces the row, and disconnects the children of the old row that are not kept. kept NULL: none
 * is kept. */
static void install(struct children *children, struct entry *row, size_t count, const bool *kept) {
    struct entry *old = children->row;
    size_t old_count = children->count;
    if (count > 1)
        qsort(row, count, sizeof *row, compare);
    pthread_mutex_lock(&children->lock);
    children->row = row;
    children->count = count;
    pthread_mutex_unlock(&children->lock);
    for (size_t i = 0; i < old_count; i++) {
        if (kept == NULL || !kept[i])
            entry_close(children, &old[i]);
    }
    free(old);
}

/* Takes over the connection of a node that is a child already. Its interval may have changed. */
static bool keep(const struct children *children, const struct wire_child *from, bool *kept,
                 struct entry *entry) {
    const struct entry *old = route(children, from->node.id);
    if (old == NULL || old->node.serial != from->node.serial || kept[old - children->row])
        return false;
    kept[old - children->row] = true;
    *entry = (struct entry){.node = from->node, .link = old->link};
    return true;
}

int children_set(struct children *children, const struct wire_child *nodes, size_t count) {
    pthread_mutex_lock(&children->change);
    size_t taken = 0;
    int first_error = 0;
    struct entry *row = malloc((count + 1) * sizeof *row);
    bool *kept = calloc(children->count + 1, sizeof *kept);
    if (row == NULL || kept == NULL) {
        free(row);
        first_error = NNG_ENOMEM;
    } else {
        for (size_t i = 0; i < count; i++) {
            bool known = keep(children, &nodes[i], kept, &row[taken]);
            int error = known ? 0 : entry_open(children, &nodes[i], &row[taken]);
            taken += error == 0;
            first_error = first_error != 0 ? first_error : error;
        }
        install(children, row, taken, kept);
    }
    free(kept);
    pthread_mutex_unlock(&children->change);
    return first_error;
}

void children_free(struct children *children) {
    install(children, NULL, 0, NULL);
    closer_wait();
    surveyor_free(children->surveyor);
    free(children->row);
    pthread_mutex_destroy(&children->lock);
    pthread_mutex_destroy(&children->change);
    free(children);
}
