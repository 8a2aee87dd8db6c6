#!/usr/bin/env bats
# However it ends, no process, socket or directory stays behind.

load helper

five() {
    talk_start
    create 10 5 20 3 30
}

all_gone() {
    are_gone "${pid[@]}" && nothing_left
}

@test "the sockets' directory is private" {
    five
    [ "$(stat -c %a "$TMPDIR"/banyan-*)" = 700 ]
    [ "$(find "$TMPDIR" -type s | wc -l)" -eq 10 ]
    talk_end
    all_gone
}

@test "end of input, and exit" {
    five
    talk_end
    all_gone
    five
    echo exit >&"$talk_in"
    wait "$talk_pid"
    TALK_PID=""
    all_gone
}

@test "exit waits for the answers that are outstanding" {
    yes 3 | head -n 3000000 >numbers
    printf 'create 1\nexec 1 3000000 < numbers\nexit\n' | "$BANYAN" >answers
    [ "$(tail -n 1 answers)" = 'Ok:1: 9000000' ]
}

@test "SIGTERM, SIGINT and SIGHUP" {
    for signal in TERM INT HUP; do
        five
        kill -"$signal" "$talk_pid"
        status=0
        wait "$talk_pid" || status=$?
        TALK_PID=""
        [ "$status" -eq $((128 + $(kill -l "$signal"))) ]
        all_gone
    done
}

@test "kill -9 of the controller" {
    five
    talk_abandon
    TALK_PID=""
    wait_until all_gone
}

@test "kill -9 of the controller while every node is stopped" {
    five
    kill -STOP "${pid[@]}"
    for one in "${pid[@]}"; do
        wait_until is_stopped "$one"
    done
    talk_abandon
    TALK_PID=""
    wait_until all_gone
}

@test "end of input while nodes are stopped and killed" {
    five
    kill -STOP "${pid[5]}" "${pid[30]}"
    kill -9 "${pid[10]}"
    talk_end
    all_gone
}

@test "kill -9 of the controller after its last node" {
    five
    for one in "${pid[@]}"; do
        kill -9 "$one"
    done
    expect pingall 'Ok: 3;5;10;20;30'
    talk_abandon
    TALK_PID=""
    wait_until all_gone
}

@test "a killed node leaves no zombie behind once it is known" {
    five
    kill -9 "${pid[5]}" # started by 10
    expect pingall 'Ok: 5'
    wait_until [ ! -e "/proc/${pid[5]}" ]
    kill -9 "${pid[10]}" # started by the controller; 20 and 3 are the controller's children now
    expect pingall 'Ok: 5;10'
    wait_until [ ! -e "/proc/${pid[10]}" ]
    kill -9 "${pid[20]}"
    wait_until [ ! -e "/proc/${pid[20]}" ]
    talk_end
    all_gone
}

@test "whoever reads the answers goes away" {
    { yes 'exec 1 1 1' | head -n 1000000; } >commands
    sed -i '1i create 1' commands
    "$BANYAN" commands | head -n 3 >answers
    [ "$(wc -l <answers)" -eq 3 ]
    nothing_left
}

@test "what a killed controller and its killed nodes have left goes with the next one, and nothing else" {
    mkdir "$TMPDIR/banyan-abcdef" "$TMPDIR/banyan-of-mine"
    touch "$TMPDIR/banyan-abcdef/notes" "$TMPDIR/banyan-of-mine/1.req"
    talk_start
    create 1 2 3
    kill -STOP "${pid[1]}" "${pid[2]}" "${pid[3]}"
    wait_until is_stopped "${pid[1]}"
    wait_until is_stopped "${pid[2]}"
    wait_until is_stopped "${pid[3]}"
    kill -KILL "$talk_pid" "${pid[1]}" "${pid[2]}" "${pid[3]}"
    wait "$talk_pid" || true
    TALK_PID=""
    wait_until are_gone "${pid[@]}"
    mkdir -p "$TMPDIR/banyan-123456" # as if it were the missing directory
    printf 'create 1\n' | "$BANYAN"
    [ "$(cd "$TMPDIR" && find . -mindepth 1 | sort | tr '\n' ' ')" = \
        './banyan-abcdef ./banyan-abcdef/notes ./banyan-of-mine ./banyan-of-mine/1.req ' ]
}
