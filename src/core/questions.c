#include "questions.h"

#include "state.h"

bool question_ask(struct engine *engine, struct member *member) {
    if (!member->hearing.asked) {
        member->hearing.asked = engine->ports.probe(engine->ports.arg, member->serial);
        member->hearing.asked_round = engine->surveys.last;
    }
    return member->hearing.asked;
}

void question_drop(struct engine *engine, struct member *member) {
    if (member->hearing.asked)
        engine->ports.unprobe(engine->ports.arg, member->serial);
    member->hearing.asked = false;
}
