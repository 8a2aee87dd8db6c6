#!/usr/bin/env bats
# Nodes that are killed, stopped and continued while the others are asked.

load helper

seven() {
    talk_start "$@"
    create 10 5 20 3 7 15 30
}

@test "kill -9 of an inner node: only that node is unavailable" {
    seven
    kill -9 "${pid[5]}"
    expect exec 3 1 3 'Ok:3: 3'
    expect exec 7 1 7 'Ok:7: 7'
    expect exec 5 1 5 'Error:5: Node is unavailable'
    expect exec 5 0 'Error:5: Node is unavailable'
    expect pingall 'Ok: 5'
    expect create 5 'Error: Already exists'
    create 4 6 # below nodes that live
    expect exec 4 1 4 'Ok:4: 4'
    expect kill 5 'Ok'
    expect pingall 'Ok: -1'
    create 5
    expect exec 5 1 5 'Ok:5: 5'
    talk_end
    nothing_left
}

@test "kill -9 of the root, then of everything else, one by one" {
    seven
    lost=()
    for id in 10 20 5 15 30 3; do
        kill -9 "${pid[$id]}"
        lost+=("$id")
        expect exec 7 1 7 'Ok:7: 7'
        expect pingall "Ok: $(printf '%s\n' "${lost[@]}" | sort -n | paste -sd ';')"
    done
    expect create 40 'Error: Parent is unavailable'
    kill -9 "${pid[7]}"
    expect exec 7 1 7 'Error:7: Node is unavailable'
    expect pingall 'Ok: 3;5;7;10;15;20;30'
    expect kill 10 'Ok'
    expect pingall 'Ok: -1'
    create 10
    talk_end
    nothing_left
}

@test "a create below a lost node" {
    seven
    kill -9 "${pid[3]}"
    expect create 1 'Error: Parent is unavailable'
    expect create 1 99 'Error: Parent not found'
    expect create 1 20 'Error: 1 does not belong under 20: its place is under 3'
    create 6
    talk_end
}

@test "a stopped node is listed, everything below it works, and it comes back" {
    seven --deadline 300
    kill -STOP "${pid[5]}" "${pid[20]}"
    wait_until is_stopped "${pid[5]}"
    wait_until is_stopped "${pid[20]}"
    expect pingall 'Ok: 5;20'
    for id in 3 7 10 15 30; do
        expect exec "$id" 1 "$id" "Ok:$id: $id"
    done
    expect exec 5 1 5 'Error:5: Node is unavailable'
    kill -CONT "${pid[5]}" "${pid[20]}"
    expect pingall 'Ok: -1'
    for id in 3 5 7 10 15 20 30; do
        expect exec "$id" 1 "$id" "Ok:$id: $id"
    done
    talk_end
}

@test "stops and continuations are noticed at once: no deadline is waited for" {
    seven --deadline 600000
    kill -STOP "${pid[5]}" "${pid[20]}"
    wait_until is_stopped "${pid[5]}"
    wait_until is_stopped "${pid[20]}"
    for id in 3 7 15 30; do
        expect exec "$id" 1 "$id" "Ok:$id: $id"
    done
    expect pingall 'Ok: 5;20'
    expect exec 5 1 5 'Error:5: Node is unavailable'
    create 25 # below 30, which runs, beside 20, which does not
    kill -CONT "${pid[5]}" "${pid[20]}"
    expect pingall 'Ok: -1'
    talk_end
    nothing_left
}

@test "a command right after a continuation waits for the node's answer" {
    seven --deadline 600000
    for i in $(seq 30); do
        kill -STOP "${pid[3]}"
        wait_until is_stopped "${pid[3]}"
        expect pingall 'Ok: 3' # so the stop is known
        kill -CONT "${pid[3]}"
        if ((i % 2 == 0)); then
            expect exec 3 1 "$i" "Ok:3: $i"
        else
            create 4 # below 3
            expect exec 4 1 4 'Ok:4: 4'
            expect kill 4 'Ok'
        fi
        expect pingall 'Ok: -1'
    done
    talk_end
    nothing_left
}

@test "kill below a stopped node leaves no zombie, then or later" {
    seven
    kill -STOP "${pid[5]}"
    wait_until is_stopped "${pid[5]}"
    expect kill 3 'Ok'
    [ ! -e "/proc/${pid[3]}" ]
    kill -CONT "${pid[5]}"
    expect pingall 'Ok: -1'
    [ -z "$(ps -o pid= --ppid "$talk_pid" -o stat= | grep Z)" ]
    talk_end
    nothing_left
}

@test "an exec on a stopped node is answered, and delays no other" {
    seven --deadline 300
    kill -STOP "${pid[5]}"
    wait_until is_stopped "${pid[5]}"
    echo 'exec 5 1 5' >&"$talk_in"
    echo 'exec 3 1 3' >&"$talk_in" # it travels through the stopped node, until that is known
    echo 'exec 20 1 20' >&"$talk_in"
    for expected in 'Error:5: Node is unavailable' 'Ok:3: 3' 'Ok:20: 20'; do
        read -rt 30 -u "$talk_out" answer
        [ "$answer" = "$expected" ]
    done
    talk_end
}

@test "a stopped node can be killed, by the command and by a signal" {
    seven --deadline 300
    kill -STOP "${pid[5]}" "${pid[30]}"
    wait_until is_stopped "${pid[5]}"
    wait_until is_stopped "${pid[30]}"
    expect pingall 'Ok: 5;30'
    expect kill 5 'Ok'
    are_gone "${pid[5]}" "${pid[3]}" "${pid[7]}"
    kill -9 "${pid[30]}"
    expect pingall 'Ok: 30'
    expect kill 30 'Ok'
    expect pingall 'Ok: -1'
    talk_end
    nothing_left
}

@test "half of 31 nodes stopped, inner ones included" {
    talk_start --deadline 500
    create 16 8 24 4 12 20 28 2 6 10 14 18 22 26 30 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31
    stopped=(16 8 24 12 28 2 14 22 26 1 7 11 19 29 31)
    for id in "${stopped[@]}"; do
        kill -STOP "${pid[$id]}"
    done
    for id in "${stopped[@]}"; do
        wait_until is_stopped "${pid[$id]}"
    done
    expect pingall "Ok: $(printf '%s\n' "${stopped[@]}" | sort -n | paste -sd ';')"
    for id in 4 20 6 10 18 30 3 5 9 13 15 17 21 23 25 27; do
        expect exec "$id" 1 "$id" "Ok:$id: $id"
    done
    for id in "${stopped[@]}"; do
        kill -CONT "${pid[$id]}"
    done
    expect pingall 'Ok: -1'
    talk_end
}

@test "the controller itself is stopped for longer than the deadline" {
    seven --deadline 200
    kill -STOP "$talk_pid"
    wait_until is_stopped "$talk_pid"
    echo pingall >&"$talk_in"
    sleep 1 # the controller must oversleep: this is the state that is tested
    kill -CONT "$talk_pid"
    read -rt 30 -u "$talk_out" answer
    [ "$answer" = 'Ok: -1' ]
    expect exec 3 1 3 'Ok:3: 3'
    expect pingall 'Ok: -1'
    talk_end
}

@test "kill -9 under a long exec: it is sent again and its sum is exact" {
    yes 1000 | head -n 20000000 >numbers
    seven
    echo 'exec 3 20000000 < numbers' >&"$talk_in"
    kill -9 "${pid[5]}"
    read -rt 60 -u "$talk_out" answer
    [ "$answer" = 'Ok:3: 20000000000' ]
    expect pingall 'Ok: 5'
    talk_end
}
