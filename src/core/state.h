/*
 * state: the engine and its members, put together from the pieces of their parts. Each piece is
 * declared in the header of its part. Only files of that part write it; all may read it.
 *
 *   members.c    members: finding, adding, removing
 *   turns.c      which command waits for which
 *   facts.c      a node is lost, or available again; the overlay is to be computed
 *   timers.c     when something is due
 *   creates.c    create                     kills.c      kill
 *   execs.c      exec, from the command to the sum
 *   streams.c    execs whose numbers come piece by piece
 *   bundles.c    the messages of execs      lanes.c      what is in flight to one node
 *   rounds.c     surveys, pingall           questions.c  direct questions
 *   stops.c      nodes that were stopped and continued
 *   patience.c   requests that take too long
 *   repair.c     which node is sent which set of children
 *   incidents.c  lines for people           reports.c    status, explain
 *   engine.c     the entry for commands and events; engine_settle, which runs the parts in order
 *
 * Only engine.c defines functions engine_*. Only files of the engine include this header. All
 * functions of the parts are called by the engine's thread.
 */
#ifndef BANYAN_STATE_H
#define BANYAN_STATE_H

#include "creates.h"
#include "engine.h"
#include "execs.h"
#include "incidents.h"
#include "lanes.h"
#include "members.h"
#include "patience.h"
#include "questions.h"
#include "repair.h"
#include "reports.h"
#include "rounds.h"
#include "stops.h"
#include "tree.h"
#include "turns.h"

struct member {
    struct tree_node node; /* first: a tree node is its member */
    uint64_t serial;
    UT_hash_handle by_serial;
    enum phase phase;
    enum banyan_state state;
    uint64_t created_seq;    /* of its create */
    uint64_t unsettled_by;   /* unless PHASE_PRESENT: seq of the create or kill that causes it */
    int64_t pid;             /* 0: there is no process yet */
    bool adrift;             /* not in the tree: it waits for a new place, or for its end */
    struct command *command; /* the create or kill that is in progress for it; NULL: none */
    struct turn *waiters;    /* commands that wait here, in the order of their arrival */
    uint64_t hides_from;     /* seq of the oldest of them that changes what is below; 0: none */
    struct member *ending_prev, *ending_next; /* in engine.endings */
    struct creation creation;
    struct stop stop;
    struct arrangement arrangement;
    struct hearing hearing;
    struct waiting waiting;
    struct lane lane;
    struct report report;
    struct incidents incidents;
    bool lost; /* a fact: it has become unavailable; lost_settle clears it */
};

struct engine {
    struct engine_options options;
    struct engine_ports ports;
    uint64_t now_us;
    uint64_t last_seq, last_serial, last_version;
    struct tree tree;
    struct member *by_serial; /* all members */
    unsigned
        unsettled_count; /* members not in PHASE_PRESENT, and continued ones that are awaited */
    struct command *structural; /* unanswered creates and kills, the oldest first */
    unsigned named_count;       /* how many of them are creates that name a PARENT */
    struct turn *pings;         /* pingalls that wait for the commands before them */
    struct turn *statuses;      /* likewise */
    struct member *endings; /* of a kill: the top of its subtree; of a failed create: its node */
    /* facts */
    bool dirty;            /* something has happened: engine_settle runs all parts once more */
    bool lost;             /* there are lost members */
    bool changed;          /* the set of nodes to be connected has changed */
    bool round_ended;      /* a survey has ended */
    uint64_t fault_us;     /* when a node was last lost, or available again */
    struct turn *released; /* commands that may go on; turn_take takes the oldest */
    bool unsorted;         /* released is not in the order of entry */
    struct turn *answers;  /* commands whose answers are known, in that order */
    bool settling;         /* engine_settle is running */
    struct creates creates;
    struct execs execs;
    struct repairs repairs;
    struct surveys surveys;
    struct stops stops;
    bool unreported;   /* there are incidents to report */
    uint64_t retry_us; /* the earliest time at which something is due; 0: none */
    uint64_t watch_us; /* when to look for requests that take too long; 0: none is in flight */
};

#endif
