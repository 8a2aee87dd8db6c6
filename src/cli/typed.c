#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "editor.h"

bool typed_read(struct typed *typed, int fd) {
    memmove(typed->bytes, typed->bytes + typed->start, typed->end - typed->start);
    typed->end -= typed->start;
    typed->start = 0;
    ssize_t len = read(fd, typed->bytes + typed->end, TYPED_ROOM - typed->end);
    typed->arrivals++;
    typed->arrived = len > 0 ? (size_t)len : 0;
    typed->end += typed->arrived;
    return len > 0 || (len < 0 && (errno == EINTR || errno == EAGAIN));
}

void typed_drop(struct typed *typed) {
    typed->start = typed->end = 0;
    typed->arrivals++;
}

bool typed_await(struct typed *typed, const struct editor_host *host) {
    unsigned arrivals = typed->arrivals;
    while (typed->arrivals == arrivals)
        if (!host->wait(host->arg))
            return false;
    return true;
}

bool typed_take(struct typed *typed, wchar_t *character) {
    size_t left = typed->end - typed->start;
    mbstate_t state = {0};
    size_t len = mbrtowc(character, typed->bytes + typed->start, left, &state);
    if (len == (size_t)-2 && left < MB_CUR_MAX)
        return false;
    if (len == (size_t)-1 || len == (size_t)-2)
        *character = NO_TEXT + (unsigned char)typed->bytes[typed->start];
    typed->start += len == 0 || len > left ? 1 : len;
    return true;
}

char *typed_bytes(const wchar_t *from, const wchar_t *to, size_t *len) {
    char *bytes = malloc((size_t)(to - from) * MB_LEN_MAX + 1), *at = bytes;
    mbstate_t state = {0};
    if (bytes == NULL)
        return NULL;
    for (; from < to; from++) {
        size_t size = wcrtomb(at, *from, &state);
        if (size == (size_t)-1) {
            *at = (char)(*from - NO_TEXT);
            size = 1;
        }
        at += size;
    }
    *at = '\0';
    *len = (size_t)(at - bytes);
    return bytes;
}
