#!/usr/bin/env bats
# What is told of a node: explain, and the log.

load helper

# explain ID: its lines to the file `told`, with the time and the duration made the same.
explain() {
    echo "explain $1" >&"$talk_in"
    echo 'explain 0' >&"$talk_in" # there is none: its answer is the end of the other
    : >told
    while read -rt 30 -u "$talk_out" answer && [ "$answer" != 'Error: Not found' ]; do
        sed -E 's/[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}/TIME/; s/[0-9]+\.[0-9] ms/MS ms/;
                s/process [0-9]+/process PID/' <<<"$answer" >>told
    done
}

@test "a killed inner node: how, when, and what was done" {
    talk_start --log log
    create 10 5 20 3 7
    kill -9 "${pid[5]}"
    expect exec 3 1 3 'Ok:3: 3'
    expect pingall 'Ok: 5'
    explain 5
    diff -u - told <<'TOLD'
5: ended, process PID
5: started at TIME
5: killed by signal 9 at TIME; 3 and 7 connected to 10 after MS ms
TOLD
    explain 3
    diff -u - told <<'TOLD'
3: available, process PID
3: started at TIME
TOLD
    talk_end
    grep -Eq '^5: killed by signal 9 at ..:..:..\....; 3 and 7 connected to 10 after .* ms$' log
    [ "$(grep -c '^5: ' log)" -eq 1 ] # once, and complete
}

@test "a stopped root that is continued" {
    talk_start --log log
    create 10 5 20
    kill -STOP "${pid[10]}"
    wait_until is_stopped "${pid[10]}"
    expect pingall 'Ok: 10'
    kill -CONT "${pid[10]}"
    expect pingall 'Ok: -1'
    expect exec 5 1 5 'Ok:5: 5'
    explain 10
    sed -i 's/ at once$/ after MS ms/' told
    diff -u - told <<'TOLD'
10: available, process PID
10: started at TIME
10: stopped by signal 19 at TIME; 5 and 20 connected to the controller after MS ms
10: answered again at TIME; 5 and 20 connected to it again after MS ms
TOLD
    talk_end
    [ "$(grep -c '^10: stopped by signal 19 at ' log)" -eq 1 ]
    [ "$(grep -c '^10: answered again at ' log)" -eq 1 ]
}

@test "a root that is held by a debugger, and let go" {
    talk_start --deadline 300
    create 10 5 20
    hold "${pid[10]}"
    expect pingall 'Ok: 10' # only the survey can tell
    expect exec 5 1 5 'Ok:5: 5'
    expect exec 10 1 5 'Error:10: Node is unavailable'
    release
    expect pingall 'Ok: -1'
    expect exec 10 1 5 'Ok:10: 5'
    explain 10
    sed -i 's/ at once$/ after MS ms/' told
    diff -u - told <<'TOLD'
10: available, process PID
10: started at TIME
10: answered neither round of a survey within 300 ms at TIME; 5 and 20 connected to the controller after MS ms
10: answered again at TIME; 5 and 20 connected to it again after MS ms
TOLD
    talk_end
}

@test "explain: errors, and a node that is being created" {
    answers_of <<'COMMANDS'
explain
explain x
explain 1 2
explain 1
create 1
COMMANDS
    expect_answers <<'ANSWERS'
Error: explain: expected ID
Error: 'x' is not an id: expected a signed 64-bit integer other than -1
Error: explain: expected ID
Error: Not found
Ok: PID
ANSWERS
    [ "$(printf 'create 1\nexplain 1\n' | "$BANYAN" | wc -l)" -eq 3 ]
}

@test "a log that cannot be opened" {
    run "$BANYAN" --log /nonexistent/log
    [ "$status" -eq 2 ]
}
