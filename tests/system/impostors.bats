#!/usr/bin/env bats
# What nodes answer may be anything: programs in their place that do everything wrong
# (tests/fault/impostor.c). Each command has one answer, real nodes work on, nothing is left.

load helper

IMPOSTOR="$BANYAN_BIN/impostor"

setup_file() {
    # The ids of the kinds, by name.
    "$BANYAN_BIN/impostor" --kinds >"$BATS_FILE_TMPDIR/kinds"
}

id_of() {
    sed -n "s/ $1\$//p" "$BATS_FILE_TMPDIR/kinds"
}

# Whether its fault shows at once, so that nobody has to wait for a deadline, or for ever.
is_quick() {
    case $1 in
    birth_never | deaf | mute_handshake | bad_handshake | other_protocol) return 1 ;;
    hangs_up | oversized | lying_length) return 1 ;;
    silent | other_id | no_id) return 1 ;;
    esac
}

# Everything but the impostor itself must be as if it were none.
check_answers() {
    local id=$1
    sed -n '4p;5p' answers | grep -vE "^(Ok: PID|Error: .+|Ok:$id: 3|Error:$id: .+)\$" && return 1
    [ "$(sed -n '6,8p' answers | tr '\n' '|')" = 'Ok:20: 3|Ok:75: 3|Ok: -1|' ]
    [ "$(sed -n '12,13p' answers | tr '\n' '|')" = 'Ok: -1|Ok:75: 3|' ]
    [ "$(wc -l <answers)" -eq 13 ]
    ! grep -P '[\x01-\x09\x0b-\x1f]' answers
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
        count=$((count + 1))
    done <"$BATS_FILE_TMPDIR/kinds"
    echo "# $count kinds of impostors" >&3
    [ "$count" -ge 30 ]
}

# This impostor answers once its process has been ended.
@test "a process that says it has joined, and that nobody asked for, is ended" {
    id=$(id_of joins_stray)
    answers_of --node "$IMPOSTOR" <<COMMANDS
create 50
create $id
exec $id 2 1 2
exec 50 2 1 2
pingall
COMMANDS
    expect_answers <<ANSWERS
Ok: PID
Ok: PID
Ok:$id: 3
Ok:50: 3
Ok: -1
ANSWERS
    nothing_left
}

@test "a new node whose parent is lost is not left, nor its exit status" {
    id=$(id_of birth_never)
    started() { pgrep -P "${pid[50]}" -f " $id "; }
    no_children() { [ -z "$(pgrep -P "$talk_pid")" ]; }
    talk_start --node "$IMPOSTOR" --deadline 5000
    create 50
    echo "create $id" >&"$talk_in"
    wait_until started
    kill -9 "${pid[50]}"
    read -rt 30 -u "$talk_out" answer
    [ "$answer" = 'Error: Parent is unavailable' ]
    expect kill 50 Ok
    wait_until no_children
    create 60
    talk_end
    nothing_left
}

# Those that are found out by a deadline do it together. Real nodes stand between them.
@test "no answer, and connections that break with every request" {
    talk_start --deadline 1500 --node "$IMPOSTOR"
    for name in deaf mute_handshake bad_handshake other_protocol hangs_up oversized lying_length; do
        create $(($(id_of $name) - 5))
    done
    for name in deaf mute_handshake bad_handshake other_protocol; do
        echo "create $(id_of $name)" >&"$talk_in"
    done
    for _ in 1 2 3 4; do
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
    for name in floods twice ping_many long_text; do # so that none is beneath another
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
