#include "inbox.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int inbox_open(struct inbox *inbox) {
    pthread_mutex_init(&inbox->lock, NULL);
    inbox->first = NULL;
    inbox->end = &inbox->first;
    inbox->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return inbox->wake >= 0 ? 0 : errno;
}

void inbox_close(struct inbox *inbox) {
    if (inbox->wake >= 0)
        close(inbox->wake);
    pthread_mutex_destroy(&inbox->lock);
}

/* Only the first event wakes the loop, because the loop takes all events. */
void event_post(struct event *event) {
    struct inbox *inbox = event->inbox;
    uint64_t one = 1;
    event->next = NULL;
    pthread_mutex_lock(&inbox->lock);
    bool first = inbox->first == NULL;
    *inbox->end = event;
    inbox->end = &event->next;
    pthread_mutex_unlock(&inbox->lock);
    if (first && write(inbox->wake, &one, sizeof one) < 0)
        return; /* the counter is full, so the loop is awake */
}

static struct event *take_all(struct inbox *inbox) {
    uint64_t count;
    bool woken = read(inbox->wake, &count, sizeof count) > 0;
    (void)woken; /* an event can be in the list before the eventfd is written */
    pthread_mutex_lock(&inbox->lock);
    struct event *events = inbox->first;
    inbox->first = NULL;
    inbox->end = &inbox->first;
    pthread_mutex_unlock(&inbox->lock);
    return events;
}

void inbox_handle(struct inbox *inbox, struct banyan *tree) {
    struct event *event = take_all(inbox), *next;
    for (; event != NULL; event = next) {
        next = event->next;
        event->handle(tree, event);
    }
}
