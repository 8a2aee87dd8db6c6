#include "ports.h"

#include "answers.h"
#include "buffers.h"
#include "peers.h"
#include "probes.h"
#include "sets.h"
#include "sums.h"
#include "surveys.h"

static const struct engine_ports all = {
    .answer = answers_report,
    .start = peers_start,
    .end = peers_end,
    .runs = peers_runs,
    .buffer = buffers_take,
    .unbuffer = buffers_return,
    .sums = sums_send,
    .adopt = sets_adopt,
    .arrange = sets_send,
    .survey = surveys_start,
    .probe = probes_ask,
    .unprobe = probes_drop,
    .notice = answers_notice,
    .forget = peers_forget,
};

struct engine_ports ports_of(struct banyan *tree) {
    struct engine_ports ports = all;
    ports.arg = tree;
    return ports;
}
