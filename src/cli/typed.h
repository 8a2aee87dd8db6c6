/*
 * typed: what was typed and the editor has not taken yet, as bytes and as characters.
 *
 * One thread.
 */
#ifndef BANYAN_TYPED_H
#define BANYAN_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "terminal.h"

enum { TYPED_ROOM = 64 << 10 }; /* bytes that are read at once */

/* Stands for a byte that is no text: this and the byte. No character is in this range. */
#define NO_TEXT L'\xdc00'

struct typed {
    char bytes[TYPED_ROOM];
    size_t start, end; /* of what is not taken */
    unsigned arrivals; /* how often something arrived */
    size_t arrived;    /* how many bytes at the last time */
};

/* Reads once. False: nothing will come any more. */
bool typed_read(struct typed *typed, int fd);

/* Drops everything that is not taken. */
void typed_drop(struct typed *typed);

/* Waits until more arrives. False: no further line is wanted. */
bool typed_await(struct typed *typed, const struct editor_host *host);

/* Takes one character. False: the rest of it has not arrived. */
bool typed_take(struct typed *typed, wchar_t *character);

/* The other direction: the bytes of characters, with an end mark, to be freed. NULL: out of memory. */
char *typed_bytes(const wchar_t *from, const wchar_t *to, size_t *len);

#endif
