/* buffers.h: the engine's port for buffers, for tests without a shell. */
#ifndef BANYAN_TESTS_BUFFERS_H
#define BANYAN_TESTS_BUFFERS_H

#include <stddef.h>
#include <stdlib.h>

static inline void *port_buffer(void *arg, size_t room, char **text) {
    (void)arg;
    return *text = malloc(room);
}

static inline void port_unbuffer(void *arg, void *buffer) {
    (void)arg;
    free(buffer);
}

#endif
