/*
 * wire_by_hand: what nng says on a unix socket, written by hand, so that it can also be said
 * wrongly: a handshake of 8 bytes ("\0SP\0", the protocol, two zeros), then messages: a byte 1, the
 * length in 8 bytes, big-endian, and so many bytes. For the tests in this directory.
 */
#ifndef BANYAN_TESTS_WIRE_BY_HAND_H
#define BANYAN_TESTS_WIRE_BY_HAND_H

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum sp_protocol { SP_REQ = 0x30, SP_REP = 0x31, SP_SURVEYOR = 0x62, SP_RESPONDENT = 0x63 };

enum { SP_HANDSHAKE = 8, SP_LEAD = 9 };

static inline void sp_handshake(uint8_t bytes[SP_HANDSHAKE], enum sp_protocol protocol) {
    const uint8_t start[SP_HANDSHAKE] = {0, 'S', 'P', 0, 0, (uint8_t)protocol, 0, 0};
    memcpy(bytes, start, sizeof start);
}

static inline void sp_lead(uint8_t bytes[SP_LEAD], uint64_t len) {
    bytes[0] = 1;
    for (int i = 0; i < 8; i++)
        bytes[1 + i] = (uint8_t)(len >> (56 - 8 * i));
}

static inline bool sp_address(struct sockaddr_un *address, const char *path) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    return snprintf(address->sun_path, sizeof address->sun_path, "%s", path) <
           (int)sizeof address->sun_path;
}

#endif
