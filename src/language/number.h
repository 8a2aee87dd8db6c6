/*
 * number: decimal integers, from text and to text.
 *
 * Pure; any thread.
 */
#ifndef BANYAN_NUMBER_H
#define BANYAN_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 int128;

/* The most characters that number_print writes: a sign and 39 digits. */
enum { NUMBER_TEXT_MAX = 40 };

/* Reads the whole word as a signed 64-bit integer: an optional sign, then digits, nothing else.
 * False: the word is no integer, or does not fit; then *value is unchanged. */
bool number_parse(const char *word, size_t len, int64_t *value);

/* Writes value in decimal to text, which has room for NUMBER_TEXT_MAX characters, without an end
 * mark. Returns the number of characters. */
size_t number_print(char *text, int128 value);

#endif
