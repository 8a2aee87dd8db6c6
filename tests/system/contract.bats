#!/usr/bin/env bats
# Every command and answer of the contract, in batches whose answers are compared whole.

load helper

@test "create, exec, pingall, kill" {
    answers_of <<'COMMANDS'
create 10
create 5
create 20
create 3
exec 10 3 1 2 3
exec 3 1 -7
pingall
kill 5
exec 3 1 1
pingall
create 3
exec 3 2 40 2
COMMANDS
    expect_answers <<'ANSWERS'
Ok: PID
Ok: PID
Ok: PID
Ok: PID
Ok:10: 6
Ok:3: -7
Ok: -1
Ok
Error:3: Not found
Ok: -1
Ok: PID
Ok:3: 42
ANSWERS
    nothing_left
}

@test "create: errors" {
    answers_of <<'COMMANDS'
create 10
create 10
create 5 99
create 5 10
create 20 5
create 20 -1
create 7 10
create 8 20
create
create 1 2 3
create x
create -1
create 9223372036854775808
create 5x 10
create 4 y
create -9223372036854775808
create 9223372036854775807
COMMANDS
    expect_answers <<'ANSWERS'
Ok: PID
Error: Already exists
Error: Parent not found
Ok: PID
Error: 20 does not belong under 5: its place is under 10
Ok: PID
Ok: PID
Error: 8 does not belong under 20: its place is under 7
Error: create: expected ID [PARENT]
Error: create: expected ID [PARENT]
Error: 'x' is not an id: expected a signed 64-bit integer other than -1
Error: '-1' is not an id: expected a signed 64-bit integer other than -1
Error: '9223372036854775808' is not an id: expected a signed 64-bit integer other than -1
Error: '5x' is not an id: expected a signed 64-bit integer other than -1
Error: 'y' is not an id: expected a signed 64-bit integer other than -1
Ok: PID
Ok: PID
ANSWERS
}

@test "exec: sums are exact, whatever their size" {
    answers_of <<'COMMANDS'
create 1
exec 1 2 9223372036854775807 9223372036854775807
exec 1 3 -9223372036854775808 -9223372036854775808 -9223372036854775808
exec 1 4 +1 -1 0 -0
exec 1 2 000000000000000000000000000000005 -0000000000000000000000000000000000007
COMMANDS
    expect_answers <<'ANSWERS'
Ok: PID
Ok:1: 18446744073709551614
Ok:1: -27670116110564327424
Ok:1: 0
Ok:1: -2
ANSWERS
}

@test "exec: errors, in the order of the checks" {
    answers_of <<'COMMANDS'
create 10
exec
exec x 1 1
exec 11 0 1
exec 10
exec 10 0 1
exec 10 100000001 1
exec 10 -3 1
exec 10 two 1 2
exec 10 3
exec 10 3 1 2
exec 10 3 1 2 3 4
exec 10 2 1 abc
exec 10 2 1 9223372036854775808
exec 10 2 -9223372036854775809 1
exec 10 2 1 -
exec 10 1 1 x
exec 10 1 1-
exec 10 2 < /nonexistent/numbers
exec 10 2 <
exec 11 2 < /nonexistent/numbers
exec 10 1 < /
exec 10 1 5
COMMANDS
    expect_answers <<'ANSWERS'
Ok: PID
Error: exec: expected ID N K1 ... KN, or ID N < FILE
Error:x: 'x' is not an id: expected a signed 64-bit integer other than -1
Error:11: Not found
Error:10: N must be from 1 to 100000000
Error:10: N must be from 1 to 100000000
Error:10: N must be from 1 to 100000000
Error:10: N must be from 1 to 100000000
Error:10: N must be from 1 to 100000000
Error:10: expected 3 numbers, got 0
Error:10: expected 3 numbers, got 2
Error:10: expected 3 numbers, got 4
Error:10: number 2 is not an integer: 'abc'
Error:10: number 2 is out of range: '9223372036854775808'
Error:10: number 1 is out of range: '-9223372036854775809'
Error:10: number 2 is not an integer: '-'
Error:10: number 2 is not an integer: 'x'
Error:10: number 1 is not an integer: '1-'
Error:10: cannot open /nonexistent/numbers: No such file or directory
Error:10: expected a file name after '<'
Error:11: Not found
Error:10: cannot read /: Is a directory
Ok:10: 5
ANSWERS
}

@test "kill, pingall and other words: errors" {
    answers_of <<'COMMANDS'
pingall
kill 1
kill
kill x
kill 1 2
pingall 1
frobnicate 1 2
exit now
COMMANDS
    expect_answers <<'ANSWERS'
Ok: -1
Error: Not found
Error: kill: expected ID
Error: 'x' is not an id: expected a signed 64-bit integer other than -1
Error: kill: expected ID
Error: pingall: expected no arguments
Error: unknown command 'frobnicate': expected create, exec, pingall, kill, tree, status, explain, help or exit
Error: exit: expected no arguments
ANSWERS
}

@test "empty lines, comments, blanks, CR LF, a last line without its end" {
    printf '# a comment\n\n   \t \n  create\t 10  \r\n\t# another\nexec 10 3  1\t2   3 \r\nexec 10 1 7' |
        answers_of
    expect_answers <<'ANSWERS'
Ok: PID
Ok:10: 6
Ok:10: 7
ANSWERS
}

@test "exit and quit end the input; what follows is not run" {
    for word in exit quit; do
        answers_of <<<"create 1
exec 1 1 1
$word
exec 1 1 2"
        expect_answers <<'ANSWERS'
Ok: PID
Ok:1: 1
ANSWERS
    done
}

@test "commands that depend on one another, without waiting for answers" {
    answers_of <<'COMMANDS'
create 10
create 5
create 7
create 6
exec 6 1 6
exec 7 1 7
kill 5
exec 6 1 6
create 5
create 6
exec 6 1 66
kill 10
create 5
create 6
exec 6 2 60 6
create 6
kill 6
kill 6
pingall
COMMANDS
    expect_answers <<'ANSWERS'
Ok: PID
Ok: PID
Ok: PID
Ok: PID
Ok:6: 6
Ok:7: 7
Ok
Error:6: Not found
Ok: PID
Ok: PID
Ok:6: 66
Ok
Ok: PID
Ok: PID
Ok:6: 66
Error: Already exists
Ok
Error: Not found
Ok: -1
ANSWERS
}

@test "a chain of 100 nodes is a tree like any other" {
    {
        seq -f 'create %.0f' 100
        seq 100 | awk '{ print "exec", $1, 2, $1, 1 }'
        echo pingall
        echo kill 51
        echo exec 50 1 50
        echo exec 51 1 51
        echo pingall
    } | answers_of
    {
        yes 'Ok: PID' | head -n 100
        seq 100 | awk '{ print "Ok:" $1 ": " $1 + 1 }'
        printf '%s\n' 'Ok: -1' Ok 'Ok:50: 50' 'Error:51: Not found' 'Ok: -1'
    } | expect_answers
    nothing_left
}

@test "commands come from a file, from standard input, and from -" {
    printf 'create 1\nexec 1 1 5\n' >commands
    [ "$("$BANYAN" commands | tail -n 1)" = 'Ok:1: 5' ]
    [ "$("$BANYAN" <commands | tail -n 1)" = 'Ok:1: 5' ]
    [ "$("$BANYAN" - <commands | tail -n 1)" = 'Ok:1: 5' ]
    # shellcheck disable=SC2002 # a pipe is wanted
    [ "$(cat commands | "$BANYAN" | tail -n 1)" = 'Ok:1: 5' ]
}

@test "a dialogue over a pipe: each answer comes before the next command" {
    talk_start
    create 2 1 3
    expect exec 3 2 1 2 'Ok:3: 3'
    expect pingall 'Ok: -1'
    expect kill 1 'Ok'
    expect exec 1 1 1 'Error:1: Not found'
    talk_end
    nothing_left
}

@test "help is an answer, and --help, --version and wrong usage" {
    [ "$(echo help | "$BANYAN" | grep -c pingall)" -eq 1 ]
    "$BANYAN" --help | grep -q 'exec    ID N < FILE'
    "$BANYAN" --version | grep -Eq '^banyan [0-9.]+, nng [0-9.]+ \(.*\)$'
    run "$BANYAN" --frobnicate
    [ "$status" -eq 2 ]
    run "$BANYAN" --deadline soon
    [ "$status" -eq 2 ]
    run "$BANYAN" one two
    [ "$status" -eq 2 ]
    run "$BANYAN" /nonexistent/commands
    [ "$status" -eq 2 ]
}
