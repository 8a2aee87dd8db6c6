/*
 * controller: the shell around the engine. It turns the engine's actions into messages and
 * processes, and answers and news of processes into the engine's events.
 *
 *   banyan.c     the public interface: opening, closing, one turn of the loop
 *   commands.c   the public interface: commands
 *   ports.c      the list of what the engine calls
 *   answers.c    ports: answers and notices; the public interface: what answers say
 *   sums.c       port: numbers to a node, its sums back
 *   sets.c       ports: which process is connected to which
 *   probes.c     ports: direct questions to single nodes
 *   surveys.c    port: questions to all nodes
 *   peers.c      ports: the processes of nodes, and where each node listens
 *   buffers.c    ports: the buffers of long execs
 *   requests.c   a request in flight, and how it ended
 *   inbox.c      events from nng's threads for the thread of the tree
 *   loop.c       the descriptor that the program waits for
 *   directory.c  the directory of the sockets
 *   program.c    finds the program of the nodes
 *
 * Each file knows only files below it. The tree belongs to the thread that calls the public
 * interface, except its inbox.
 */
#ifndef BANYAN_CONTROLLER_H
#define BANYAN_CONTROLLER_H

#include "banyan.h"
#include "buffers.h"
#include "core/engine.h"
#include "directory.h"
#include "inbox.h"
#include "loop.h"
#include "net/children.h"
#include "start/starter.h"
#include "sums.h"

struct banyan {
    struct banyan_options options;
    struct engine *engine;
    struct starter *starter;
    struct children *children; /* the root; while it is unavailable, the nodes below it */
    struct peer *peers;        /* uthash by serial */
    char *program;             /* of the nodes */
    struct directory directory;
    struct loop loop;
    struct inbox inbox;
    struct buffers buffers;
    struct results results;
};

#endif
