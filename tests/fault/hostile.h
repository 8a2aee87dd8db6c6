/*
 * hostile: what hostile.c (the nodes, what they must still do, what they may hold) and
 * hostile_peer.c (the peer that does everything wrong) share.
 */
#ifndef BANYAN_TESTS_HOSTILE_H
#define BANYAN_TESTS_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NODES = 7,
    WAIT_MS = 60000, /* for a state that must come */
};

extern const int node_ids[NODES]; /* the node that is created first has the serial 1 */

extern struct peer_counts { unsigned long frames, handshakes, answers, asked_well; } counts;

_Noreturn void fail(const char *what); /* leaves nothing behind */
uint64_t now_ms(void);

/* hostile_peer.c */
void peer_sockets(const char *directory); /* where the nodes' sockets are */
int peer_dial(int node, bool survey);     /* without a handshake */
int peer_dial_well(int node, bool survey);
/* So many bad messages, to both sockets of a node, and among them good ones that must be answered.
 */
void peer_messages(int node, int count);
void peer_handshakes(int node, int count);          /* bad ones */
void peer_vanish(int node, int count);              /* connections that go at once */
void peer_deaf(int node);                           /* asks much and reads nothing */
uint32_t peer_survey(int node, uint64_t budget_us); /* a good survey: how many answered */

#endif
