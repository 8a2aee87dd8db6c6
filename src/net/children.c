#include "children.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "closer.h"

struct entry {
    struct child child;
    struct link *link;
};

struct children {
    pthread_mutex_t lock;   /* of the row */
    pthread_mutex_t change; /* held through a change of the row */
    struct entry **row;     /* in ascending order of their intervals */
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

void children_free(struct children *children) {
    children_set(children, NULL, 0);
    closer_wait();
    surveyor_free(children->surveyor);
    free(children->row);
    pthread_mutex_destroy(&children->lock);
    pthread_mutex_destroy(&children->change);
    free(children);
}

struct surveyor *children_surveyor(struct children *children) {
    return children->surveyor;
}

static struct entry *entry_open(struct children *children, const struct child *child, int *error) {
    char url[NET_URL_MAX];
    struct entry *entry = malloc(sizeof *entry);
    *error = entry == NULL ? NNG_ENOMEM : 0;
    if (*error == 0 && !net_url(child->address, NET_REQUESTS, url))
        *error = NNG_EADDRINVAL;
    if (*error == 0)
        *error = link_open(&entry->link, url);
    if (*error != 0) {
        free(entry);
        return NULL;
    }
    entry->child = *child;
    net_url(child->address, NET_SURVEYS, url);
    *error = surveyor_add(children->surveyor, child->node.serial, url);
    if (*error == 0)
        return entry;
    link_close(entry->link);
    free(entry);
    return NULL;
}

static void entry_close(struct children *children, struct entry *entry) {
    surveyor_remove(children->surveyor, entry->child.node.serial);
    link_close(entry->link);
    free(entry);
}

static int compare_entries(const void *a, const void *b) {
    const struct entry *left = *(struct entry *const *)a, *right = *(struct entry *const *)b;
    return (left->child.node.low > right->child.node.low) -
           (left->child.node.low < right->child.node.low);
}

/* Puts a new row into force and returns the old one. */
static struct entry **exchange(struct children *children, struct entry **row, size_t count) {
    if (count > 1)
        qsort(row, count, sizeof *row, compare_entries);
    pthread_mutex_lock(&children->lock);
    struct entry **old = children->row;
    children->row = row;
    children->count = count;
    pthread_mutex_unlock(&children->lock);
    return old;
}

/* Takes an entry out of a row by its serial. */
static struct entry *pick(struct entry **row, size_t count, uint64_t serial) {
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = row[i];
        if (entry != NULL && entry->child.node.serial == serial) {
            row[i] = NULL;
            return entry;
        }
    }
    return NULL;
}

int children_set(struct children *children, const struct child *nodes, size_t count) {
    pthread_mutex_lock(&children->change);
    size_t old_count = children->count, kept = 0;
    int error, first_error = 0;
    struct entry **row = malloc((count + 1) * sizeof *row);
    struct entry **rest = malloc((old_count + 1) * sizeof *rest);
    if (row == NULL || rest == NULL) {
        free(row);
        free(rest);
        pthread_mutex_unlock(&children->change);
        return NNG_ENOMEM;
    }
    if (old_count > 0)
        memcpy(rest, children->row, old_count * sizeof *rest);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = pick(rest, old_count, nodes[i].node.serial);
        if (entry == NULL && (entry = entry_open(children, &nodes[i], &error)) == NULL)
            first_error = first_error != 0 ? first_error : error;
        if (entry != NULL)
            row[kept++] = entry;
    }
    free(exchange(children, row, kept));
    for (size_t i = 0; i < old_count; i++) {
        if (rest[i] != NULL)
            entry_close(children, rest[i]);
    }
    free(rest);
    pthread_mutex_unlock(&children->change);
    return first_error;
}

int children_add(struct children *children, const struct child *node) {
    pthread_mutex_lock(&children->change);
    size_t count = children->count;
    int error = 0;
    bool known = false;
    for (size_t i = 0; i < count; i++)
        known = known || children->row[i]->child.node.serial == node->node.serial;
    struct entry **row = known ? NULL : malloc((count + 1) * sizeof *row);
    if (!known && row == NULL)
        error = NNG_ENOMEM;
    if (row != NULL && (row[count] = entry_open(children, node, &error)) != NULL) {
        if (count > 0)
            memcpy(row, children->row, count * sizeof *row);
        row = exchange(children, row, count + 1);
    }
    free(row);
    pthread_mutex_unlock(&children->change);
    return error;
}

void children_remove(struct children *children, uint64_t serial) {
    pthread_mutex_lock(&children->change);
    struct entry *gone = NULL;
    pthread_mutex_lock(&children->lock);
    for (size_t i = 0; i < children->count && gone == NULL; i++) {
        if (children->row[i]->child.node.serial == serial) {
            gone = children->row[i];
            children->count--;
            memmove(children->row + i, children->row + i + 1,
                    (children->count - i) * sizeof *children->row);
        }
    }
    pthread_mutex_unlock(&children->lock);
    if (gone != NULL)
        entry_close(children, gone);
    pthread_mutex_unlock(&children->change);
}

/* Under the lock: the child whose interval holds the id. */
static struct entry *route(const struct children *children, int64_t id) {
    size_t low = 0, high = children->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct wire_node *node = &children->row[middle]->child.node;
        if (id < node->low)
            high = middle;
        else if (id > node->high)
            low = middle + 1;
        else
            return children->row[middle];
    }
    return NULL;
}

/* The request goes out under the lock, so that the link is not closed meanwhile. An error that
 * shows at once is told with the lock held, which is why done must not call back into this module.
 */
void children_request(struct children *children, int64_t id, nng_msg *request, link_done *done,
                      void *arg) {
    pthread_mutex_lock(&children->lock);
    struct entry *entry = route(children, id);
    if (entry != NULL)
        link_request(entry->link, request, done, arg);
    pthread_mutex_unlock(&children->lock);
    if (entry == NULL) {
        nng_msg_free(request);
        done(arg, NNG_ENOENT, NULL);
    }
}
