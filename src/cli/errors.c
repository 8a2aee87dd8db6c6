#include "errors.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    LINE = 2048,
    PENDING_MOST = 8 << 20, /* bytes that may wait for the reader */
    PATIENCE_MS = 1000,     /* with the reader, at the end */
};

void errors_tell(struct errors *errors, uint64_t line, const char *text) {
    char message[LINE];
    if (!errors->wanted)
        return;
    int len = snprintf(message, sizeof message, "banyan: %s:%" PRIu64 ": %s", errors->name, line,
                       text);
    if (output_pending(&errors->output) + LINE > PENDING_MOST)
        output_flush(&errors->output);
    if (len < 0 || output_pending(&errors->output) + LINE > PENDING_MOST) {
        errors->lost++;
        return;
    }
    output_put_line(&errors->output, message, (size_t)len < LINE ? (size_t)len : LINE - 1);
}

void errors_close(struct errors *errors) {
    struct pollfd watch = {.fd = errors->output.fd, .events = POLLOUT};
    char line[64];
    int len = snprintf(line, sizeof line, "banyan: and %" PRIu64 " more errors\n", errors->lost);
    if (errors->lost > 0)
        output_put(&errors->output, line, (size_t)len);
    do
        output_flush(&errors->output);
    while (output_pending(&errors->output) > 0 && poll(&watch, 1, PATIENCE_MS) == 1);
    output_free(&errors->output);
}
