#!/usr/bin/env bats
# Bugs of nng below 1.10 that would be fatal here, met by the real programs. Without the patch the first
# test fails. The regression test of the reaper hang is the soak (tests/fault), which then hangs; the
# second test here only checks that children killed under load harm no other node.

load helper

# The node listens at the sockets with its serial, which counts the creates.
sockets_of() {
    echo "$TMPDIR"/banyan-*/"$1".{req,srv}
}

@test "deaf listener: thousands of peers that vanish before the handshake" {
    talk_start
    create 10 5 3
    kill -STOP "${pid[3]}" # so that the peers are gone when it comes to greet them
    wait_until is_stopped "${pid[3]}"
    for socket in $(sockets_of 3); do
        "$BANYAN_BIN/vanish" "$socket" 50
    done
    kill -CONT "${pid[3]}"
    for socket in $(sockets_of 3) $(sockets_of 1); do
        "$BANYAN_BIN/vanish" "$socket" 2000
    done
    expect exec 3 1 3 'Ok:3: 3'
    kill -9 "${pid[5]}" # now node 3 must accept a new connection, from 10
    expect exec 3 2 1 2 'Ok:3: 3'
    expect pingall 'Ok: 5'
    talk_end
}

# The answers to a bundle of short execs are large messages: a kill often comes in the middle of one.
@test "children killed under load, again and again" {
    yes 'exec 5 1 5' | head -n 20000 >batch
    printf '%s\n' 'Error:5: Node is unavailable' 'Ok:5: 5' >allowed
    talk_start
    create 10 5 20
    fds=$(ls "/proc/$talk_pid/fd" | wc -l)
    for round in $(seq 60); do
        cat batch >&"$talk_in"
        for _ in $(seq $((round % 5))); do
            read -rt 30 -u "$talk_out" answer # some answers are there: the load is on
        done
        kill -9 "${pid[5]}"
        timeout 30 head -n $((20000 - round % 5)) <&"$talk_out" >answers
        [ "$(wc -l <answers)" -eq $((20000 - round % 5)) ]
        [ -z "$(sort -u answers | comm -23 - allowed)" ]
        expect pingall 'Ok: 5'
        expect exec 20 3 1 2 3 'Ok:20: 6'
        expect kill 5 Ok
        create 5
    done
    expect exec 5 1 5 'Ok:5: 5'
    expect pingall 'Ok: -1'
    [ "$(ls "/proc/$talk_pid/fd" | wc -l)" -le $((fds + 2)) ]
    talk_end
    nothing_left
}
