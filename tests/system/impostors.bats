#!/usr/bin/env bats
# Programs in the place of the node program that do everything wrong (tests/fault/impostor.c): on the line
# to their starter, and in what they answer. Each command has one answer, real nodes go on working, and
# nothing is left.

load helper

IMPOSTOR="$BANYAN_BIN/impostor"

setup_file() {
    # The ids of the kinds, by name.
    "$BANYAN_BIN/impostor" --kinds >"$BATS_FILE_TMPDIR/kinds"
}

id_of() {
    sed -n "s/ $1\$//p" "$BATS_FILE_TMPDIR/kinds"
}

# Whether its fault shows at once, so that no command waits for a deadline, or for ever.
is_quick() {
    case $1 in
    birth_never | birth_twice | birth_closes | deaf) return 1 ;;
    mute_handshake | bad_handshake | other_protocol | sets_unconnected) return 1 ;;
    hangs_up | oversized | lying_length) return 1 ;;
    silent | other_id | no_id) return 1 ;;
    esac
}

# Everything but the impostor itself must be as with real nodes alone.
check_answers() {
    local id=$1
    sed -n '4p;5p' answers | grep -vE "^(Ok: PID|Error: .+|Ok:$id: 3|Error:$id: .+)\$" && return 1
    [ "$(sed -n '6,8p' answers | tr '\n' '|')" = 'Ok:20: 3|Ok:75: 3|Ok: -1|' ]
    [ "$(sed -n '12,13p' answers | tr '\n' '|')" = 'Ok: -1|Ok:75: 3|' ]
    [ "$(wc -l <answers)" -eq 13 ]
    ! grep -P '[\x01-\x09\x0b-\x1f]' answers
}

# Also not as the child of a node that has ended (birth_forks).
no_process_of() {
    ! pgrep -f "^[^ ]*impostor $1 .*$TMPDIR" >/dev/null
}

@test "answers that are wrong in every way, and births" {
    count=0
    while read -r id name; do
        is_quick "$name" || continue
        answers_of --deadline 5000 --node "$IMPOSTOR" <<COMMANDS
create 50
create 20
create 75
create $id
exec $id 2 1 2
exec 20 2 1 2
exec 75 2 1 2
pingall
create $((id + 1))
kill $((id + 1))
kill $id
pingall
exec 75 2 1 2
COMMANDS
        check_answers "$id" || {
            echo "$id $name"
            cat answers
            return 1
        }
        nothing_left
        wait_until no_process_of "$id"
        count=$((count + 1))
    done <"$BATS_FILE_TMPDIR/kinds"
    echo "# $count kinds of impostors" >&3
    [ "$count" -ge 30 ]
}

@test "what becomes of a node on its line to the starter" {
    for name in birth_garbage birth_half_line birth_long; do
        answers_of --node "$IMPOSTOR" <<COMMANDS
create $(id_of $name)
COMMANDS
        expect_answers <<'ANSWERS'
Error: the node says something else than that it is ready
ANSWERS
    done
    answers_of --node "$IMPOSTOR" <<COMMANDS
create $(id_of birth_nothing)
create $(id_of birth_joins_first)
create $(id_of birth_controls)
COMMANDS
    expect_answers <<'ANSWERS'
Error: the node ended while it was starting
Error: the node ended while it was starting
Error: no\x1b[2J\x09Ok: 1
ANSWERS
    for name in birth_joins_early birth_closes_late birth_forks birth_floods; do
        id=$(id_of $name)
        answers_of --node "$IMPOSTOR" <<COMMANDS
create $id
exec $id 2 1 2
create 50
pingall
kill $id
COMMANDS
        expect_answers <<ANSWERS
Ok: PID
Ok:$id: 3
Ok: PID
Ok: -1
Ok
ANSWERS
        nothing_left
        wait_until no_process_of "$id"
    done
}

@test "the end of a node that has given its line away is noticed" {
    id=$(id_of birth_forks)
    talk_start --node "$IMPOSTOR" --deadline 30000
    create 50 "$id"
    kill -9 "${pid[$id]}"
    expect pingall "Ok: $id"
    expect kill "$id" Ok
    wait_until no_process_of "$id"
    talk_end
    nothing_left
}

@test "a new node whose parent is lost is not left, nor its exit status" {
    id=$(id_of birth_never)
    started() { pgrep -P "$talk_pid" -f " $id "; }
    no_children() { [ -z "$(pgrep -P "$talk_pid")" ]; }
    talk_start --node "$IMPOSTOR" --deadline 1500
    create 50
    echo "create $id" >&"$talk_in"
    wait_until started
    kill -9 "${pid[50]}"
    read -rt 30 -u "$talk_out" answer
    [[ $answer == Error:* ]]
    expect kill 50 Ok
    wait_until no_children
    create 60
    talk_end
    nothing_left
}

# Those that are found out by a deadline do it together. Real nodes stand between them.
@test "no answer, and connections that break with every request" {
    talk_start --deadline 1500 --node "$IMPOSTOR"
    for name in birth_never birth_twice birth_closes deaf mute_handshake bad_handshake other_protocol \
        hangs_up oversized lying_length sets_unconnected; do
        create $(($(id_of $name) - 5))
    done
    create "$(id_of sets_unconnected)"
    for name in birth_never birth_twice birth_closes deaf mute_handshake bad_handshake other_protocol; do
        echo "create $(id_of $name)" >&"$talk_in"
    done
    echo "create $(($(id_of sets_unconnected) + 1))" >&"$talk_in"
    for _ in 1 2 3 4 5 6 7 8; do
        read -rt 60 -u "$talk_out" answer
        [ "$answer" = 'Error: the node does not answer' ]
    done
    for name in hangs_up oversized lying_length; do
        create "$(id_of $name)"
    done
    for name in hangs_up oversized lying_length; do
        echo "exec $(id_of $name) 2 1 2" >&"$talk_in"
    done
    for name in hangs_up oversized lying_length; do
        read -rt 60 -u "$talk_out" answer
        [ "$answer" = "Error:$(id_of $name): every request to the node breaks its connection" ]
    done
    expect exec $(($(id_of hangs_up) - 5)) 2 1 2 "Ok:$(($(id_of hangs_up) - 5)): 3"
    talk_end
    nothing_left
}

# A node that answers surveys is available however long its work takes. So these are waited for,
# until they are lost.
@test "answers that never come" {
    talk_start --node "$IMPOSTOR" --deadline 5000
    create 50
    for name in silent other_id no_id; do
        id=$(id_of $name)
        create "$id"
        echo "exec $id 2 1 2" >&"$talk_in"
        echo "pingall" >&"$talk_in"
        echo "exec 50 2 1 2" >&"$talk_in"
        kill -9 "${pid[$id]}"
        read -rt 30 -u "$talk_out" answer
        [ "$answer" = "Error:$id: Node is unavailable" ]
        read -rt 30 -u "$talk_out" answer
        [ "$answer" = "Ok: $id" ] || [ "$answer" = "Ok: -1" ] # it was asked before or after
        read -rt 30 -u "$talk_out" answer
        [ "$answer" = 'Ok:50: 3' ]
        expect kill "$id" Ok
    done
    talk_end
    nothing_left
}

memory_kb() {
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$talk_pid/status"
}

descriptors() {
    ls "/proc/$talk_pid/fd" | wc -l
}

# 32 MB is far more than a controller needs, and far less than these send.
@test "floods of answers that nobody asked for: memory and descriptors" {
    talk_start --node "$IMPOSTOR" --deadline 10000
    create 50
    for name in floods twice ping_many long_text; do # so that none is below another
        create $(($(id_of $name) - 5))
    done
    fds=$(descriptors)
    before=$(memory_kb)
    for name in floods twice ping_many long_text; do
        id=$(id_of $name)
        create "$id"
        for _ in $(seq 50); do
            ask "exec $id 2 1 2"
            [[ $answer == *":$id: "* ]]
        done
        for _ in 1 2 3; do
            expect pingall 'Ok: -1'
        done
    done
    expect exec 50 2 1 2 'Ok:50: 3'
    for name in floods twice ping_many long_text; do
        expect kill "$(id_of $name)" Ok
    done
    after=$(memory_kb)
    echo "# memory: $before KB before, $after KB after" >&3
    [ -n "${ASAN_OPTIONS:-}" ] || grep -q __asan_init "$BANYAN" || [ $((after - before)) -lt 32768 ]
    descriptors_back() { [ "$(descriptors)" -le "$fds" ]; }
    wait_until descriptors_back
    talk_end
    nothing_left
}
