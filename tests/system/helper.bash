# What the system tests share. BANYAN_BIN is where the programs are.

BANYAN="${BANYAN_BIN:?}/banyan"

setup() {
    # Sockets go to a directory of the test's own, so that what stays behind can be seen.
    export TMPDIR="$BATS_TEST_TMPDIR/sockets"
    mkdir "$TMPDIR"
    cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
    [ -z "${TALK_PID:-}" ] || talk_abandon
}

# Waits until a command succeeds, or fails after 20 s. States are waited for, never times.
wait_until() {
    local tries=2000
    until "$@"; do
        ((--tries > 0)) || {
            echo "waited in vain for: $*"
            return 1
        }
        read -rt 0.01 <> <(:) || true
    done
}

# Runs banyan over the commands on standard input; what it answers goes to the file `answers`, with
# PID in place of the process ids that creates are answered with.
answers_of() {
    cat >commands
    timeout 60 "$BANYAN" "$@" commands >raw
    grep -Ev '^[[:blank:]]*(#|$)' commands | tr '\t' ' ' | sed 's/^ *//; s/ .*//' >names
    awk '
        NR == FNR { name[FNR] = $0; next }
        name[FNR] == "create" { sub(/^Ok: [0-9]+$/, "Ok: PID") }
        { print }' names raw >answers
}

# Compares the answers with those on standard input.
expect_answers() {
    diff -u - answers
}

nothing_left() {
    [ -z "$(ls -A "$TMPDIR")" ]
}

# Gone, or a zombie that another process has yet to reap.
is_gone() {
    local state
    state=$(sed -n 's/^State:[[:blank:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) || return 0
    [ -z "$state" ] || [ "$state" = Z ]
}

are_gone() {
    local pid
    for pid in "$@"; do
        is_gone "$pid" || return 1
    done
}

is_stopped() {
    grep -q '^State:[[:blank:]]*T' "/proc/$1/status"
}

# Holds a process as a debugger does: it neither answers nor is it stopped for its parent.
hold() {
    coproc HOLD { exec "${BANYAN_BIN:?}/hold" "$1"; }
    local in=${HOLD[1]} out=${HOLD[0]}
    exec {hold_in}>&"$in"
    eval "exec $in>&-"
    read -rt 30 -u "$out" answer && [ "$answer" = held ]
}

# Lets it go on.
release() {
    exec {hold_in}>&-
}

# ---- a dialogue with a running banyan ----

talk_start() {
    coproc TALK { exec "$BANYAN" "$@" 2>errors; }
    local in=${TALK[1]} out=${TALK[0]}
    talk_pid=$TALK_PID
    # Copies, since bash closes its own when the process ends, whatever is still to be read.
    exec {talk_in}>&"$in" {talk_out}<&"$out"
    eval "exec $in>&- $out<&-"
}

# Gives a command and leaves its answer in $answer.
ask() {
    echo "$*" >&"$talk_in"
    read -rt 30 -u "$talk_out" answer || {
        echo "no answer to: $*"
        return 1
    }
}

# ask COMMAND, and the answer must be the last argument.
expect() {
    ask "${*:1:$#-1}"
    [ "$answer" = "${!#}" ] || {
        echo "${*:1:$#-1} -> $answer, expected ${!#}"
        return 1
    }
}

# Creates nodes and leaves their process ids in the array pid.
declare -A pid
create() {
    local id
    for id in "$@"; do
        ask create "$id"
        [[ $answer =~ ^Ok:\ ([0-9]+)$ ]] || {
            echo "create $id -> $answer"
            return 1
        }
        pid[$id]=${BASH_REMATCH[1]}
    done
}

talk_end() {
    exec {talk_in}>&-
    wait "$talk_pid"
    TALK_PID=""
}

talk_abandon() {
    kill -9 "$talk_pid" 2>/dev/null || true
    wait "$talk_pid" 2>/dev/null || true
}
