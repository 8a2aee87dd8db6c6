/*
 * execs: exec, from the command to the sum.
 *
 * An exec is one slice of numbers, or many (streams.h). Slices travel in bundles (bundles.h,
 * lanes.h), which come back in any order. Sums are added in the order of the slices, because an
 * error gives the position of the wrong number, counted from the first.
 *
 * An exec is answered as soon as its answer is known. It is freed when the answer has been
 * reported, its input has ended and its last slice is back.
 */
#ifndef BANYAN_EXECS_H
#define BANYAN_EXECS_H

#include "turns.h"

struct exec {
    struct turn turn;                   /* first: its turn is of kind COMMAND_EXEC */
    struct exec *here_prev, *here_next; /* in lane.execs of its member */
    struct engine *engine;
    uint64_t n;
    bool file;
    bool open_end;  /* more input may come */
    bool answered;  /* the answer is known */
    bool reported;  /* the answer was reported */
    bool streamed;  /* in execs.streams */
    bool failed;    /* before it was located: turn.text is its answer, unless a check fails first */
    uint32_t cut;   /* slices made */
    uint32_t added; /* slices whose results are in the sum, in order */
    uint32_t out;   /* slices in bundles that have not come back */
    size_t word_len; /* of the wrong word, whose start is turn.text */
    uint64_t count;
    int128 sum;
    struct slice_done *done; /* a ring: results of slices that came back early */
    struct bundle *filling;  /* the slice that is being filled */
    struct bundle *held;     /* a stream's slices, made before the exec was located */
    char *text;              /* the numbers at hand, before the exec was located */
    size_t text_len;
    struct exec *stream_prev, *stream_next; /* in execs.streams */
};

/* The engine's piece. */
struct execs {
    struct exec *streams; /* execs whose numbers come piece by piece */
    struct exec *spare;   /* freed records, to be reused */
    unsigned count;       /* execs whose answers were not reported */
    struct bundle *spare_bundles;
    unsigned spare_bundle_count;
    size_t small_bytes;   /* text of small bundles that exist */
    size_t held_bytes;    /* text of execs that wait to be located */
    unsigned large_count; /* large bundles that exist */
    struct member *flush; /* members that have something to send */
};

/* An exec whose numbers are at hand; as engine_exec. */
void exec_give(struct engine *engine, void *tag, int64_t id, uint64_t n, const char *text,
               size_t len);

/* The exec takes effect, waits, or is answered with an error. */
void exec_go(struct engine *engine, struct exec *exec);

/* Fills in the answer, which must be known. Its pointers are valid until exec_reported. */
void exec_answer_of(const struct exec *exec, struct answer *answer);
/* The answer was reported. */
void exec_reported(struct exec *exec);

/* A bundle has come back: results with OUTCOME_OK, text with OUTCOME_REFUSED. */
void execs_back(struct engine *engine, struct bundle *bundle, enum outcome outcome,
                const struct slice_result *results, const char *text);

/* Answers all execs on a node with an error. text: with BANYAN_SYSTEM; copied. */
void execs_fail(struct engine *engine, struct member *member, enum banyan_code code,
                const char *text);

/* Drops the bundles of a member without execs: queued ones now, those in flight when they
 * return. */
void execs_detach(struct engine *engine, struct member *member);

bool execs_are_busy(const struct engine *engine);

/* Frees all execs; pending ones get no answer. */
void execs_free(struct engine *engine);

/* ---- for streams.c ---- */

enum { SLICES_IN_ALL = 28 }; /* slices of long execs at once; bounds the memory */

/* A new exec. NULL: out of memory, which was reported as the answer. */
struct exec *exec_new(struct engine *engine, void *tag, int64_t id, uint64_t n, bool file);

/* A new exec takes effect. True: it is at its node. False: it waits, or is answered. */
bool exec_enter(struct exec *exec);

/* The last len bytes of the bundle are a complete slice: sends it, or keeps it until the exec is
 * located. */
void exec_pass_on(struct exec *exec, struct bundle *bundle, size_t len);

/* All slices have been added: answers with the sum, or with a wrong count. */
void exec_conclude(struct exec *exec);

/* Answers with an error. text: with BANYAN_SYSTEM; copied. NULL: out of memory. */
void exec_refuse(struct exec *exec, enum banyan_code code, const char *text);

/* Answers with BANYAN_SYSTEM and the text. While the exec waits, the earlier checks come first. */
void exec_fail(struct exec *exec, const char *text);

/* Frees the exec if it was reported, its input has ended, and no slice is out. */
void exec_release(struct exec *exec);

/* Room for results of slices that come back early; NULL: out of memory. */
struct slice_done *exec_ring_new(void);

#endif
