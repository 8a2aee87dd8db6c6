/*
 * bare: what nng does by itself, measured: the yardsticks of tools/bench. The program is linked
 * with the same nng as banyan, patches and number of threads (net_init) included, and has nothing
 * else of banyan in it.
 *
 *   bare.c       the table of measurements, and what all of them share
 *   flow.c       requests with so many in flight, and who answers them: transfer, rate, relays
 *   processes.c  processes that listen, and surveys of one
 *
 * A measurement starts the processes it needs ("peers": this same program), prints its figures, and
 * ends them. A peer's standard input is a pipe that only the measuring process can write to: when
 * that process ends, in whatever way, its peers end, too. Sockets stand in the working directory.
 *
 * Whatever fails ends the program with a message and status 1: a measurement cannot recover.
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/net.h"

enum {
    MESSAGE_BYTES = 512 << 10, /* of a bulk transfer: as large as banyan's slices */
    URL_MAX = 64,
    CONTEXTS = 16, /* with which a peer receives */
};

struct peer {
    pid_t pid;
    char url[URL_MAX];
};

/* ---- bare.c ---- */

uint64_t now_ns(void);
_Noreturn void die(const char *what, const char *why);
/* Dies if this is an error of nng. */
void check(int error, const char *what);
/* Dies unless the text is a number from 1 to most. */
unsigned parse_count(const char *text, unsigned most);

/* Starts a process in a role, which may be given the url of another peer (else NULL). It listens
 * once peers_wait has counted it. */
void peer_start(struct peer *peer, const char *role, const char *next);
/* Waits until so many more peers listen. */
void peers_wait(unsigned count);
/* Ends them, waits for that, and removes their sockets. */
void peers_end(struct peer *peers, unsigned count);

/* ---- flow.c ---- */

void measure_transfer(char **arguments); /* FILE: prints how many bytes arrived */
void measure_rate(char **arguments);     /* COUNT IN-FLIGHT: prints seconds */
void measure_ping(char **arguments);     /* COUNT: prints us, COUNT times */
void measure_relays(char **arguments);   /* DEPTH COUNT: prints DEPTH numbers, COUNT times, in us */
void role_count(const char *url, const char *next);
void role_relay(const char *url, const char *next);

/* ---- processes.c ---- */

void measure_start(char **arguments);  /* COUNT: prints us, COUNT times */
void measure_crowd(char **arguments);  /* COUNT one|all: prints seconds */
void measure_hold(char **arguments);   /* COUNT: prints pids; ends with standard input */
void measure_survey(char **arguments); /* COUNT: prints us, COUNT times */
void role_listen(const char *url, const char *next);
void role_respond(const char *url, const char *next);

#endif
