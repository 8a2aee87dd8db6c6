#!/usr/bin/env bats
# Options for scripts: --errexit, --order, and where an error is.

load helper

# batch STATUS [OPTION]... <COMMANDS: runs them from the file `commands`, and the exit status must
# be that; the answers go to the file `answers`, what comes on standard error to `errors`.
batch() {
    local wanted=$1 status=0
    shift
    cat >commands
    timeout 60 "$BANYAN" "$@" commands >answers 2>errors || status=$?
    [ "$status" -eq "$wanted" ] || {
        echo "exit status $status, expected $wanted"
        return 1
    }
}

@test "errexit: no command is taken after the first error; exit status 1" {
    batch 1 --errexit <<<$'create 1\nfrob\ncreate 2\n'
    [ "$(wc -l <answers)" -eq 2 ]
    [[ $(cat errors) = "banyan: commands:2: unknown command 'frob': "* ]]
    batch 0 -e <<<$'create 1\nexec 1 1 1\n'
    [ "$(sed -n 2p answers)" = 'Ok:1: 1' ]
    [ ! -s errors ]
    batch 0 <<<frob
    talk_start -e
    create 1
    expect kill 7 'Error: Not found'
    local status=0
    wait "$talk_pid" || status=$? # by itself: its input has not ended
    TALK_PID=""
    [ "$status" -eq 1 ]
    nothing_left
}

@test "errexit: commands that have been taken are answered, a long line among them" {
    mkfifo numbers
    yes 7 | head -n 300000 | tr '\n' ' ' >half
    talk_start -e
    create 1
    echo 'exec 1 1 < numbers' >&"$talk_in"
    printf 'exec 1 600000 ' >&"$talk_in"
    cat half >&"$talk_in" # the line goes on ...
    echo x >numbers       # ... when the first exec turns out to be wrong
    read -rt 30 -u "$talk_out" answer
    [ "$answer" = "Error:1: number 1 is not an integer: 'x'" ]
    cat half >&"$talk_in"
    printf '\ncreate 2\n' >&"$talk_in"
    read -rt 30 -u "$talk_out" answer
    [ "$answer" = 'Ok:1: 4200000' ]
    local status=0
    wait "$talk_pid" || status=$?
    TALK_PID=""
    [ "$status" -eq 1 ]
    nothing_left
}

@test "order: by completion, an answer does not wait for those before" {
    mkfifo fifo
    talk_start --order completion
    create 1
    echo 'exec 1 1 < fifo' >&"$talk_in"
    expect exec 1 1 2 'Ok:1: 2'
    echo 7 >fifo
    read -rt 30 -u "$talk_out" answer
    [ "$answer" = 'Ok:1: 7' ]
    talk_end
    batch 2 --order never <<<'create 1'
}

@test "errors name file and line on standard error, by default where it goes elsewhere" {
    printf '# one\ncreate 1\r\n\nexec 1 2 1\nfrob\n\nexec 9 1 1\ncreate\t1 2 3\nexec 1 1 1' >commands
    cat >expected <<'ERRORS'
banyan: commands:4: expected 2 numbers, got 1
banyan: commands:5: unknown command 'frob': expected create, exec, pingall, kill, tree, status, explain, help or exit
banyan: commands:7: Not found
banyan: commands:8: create: expected ID [PARENT]
ERRORS
    "$BANYAN" commands 2>errors >answers
    sort errors | diff -u expected -
    [ "$(wc -l <answers)" -eq 6 ]
    sed 's/: commands:/: standard input:/' expected >expected.input
    "$BANYAN" <commands 2>&1 >/dev/null | sort | diff -u expected.input -
    # shellcheck disable=SC2002 # a pipe is wanted
    cat commands | "$BANYAN" - 2>errors >/dev/null
    sort errors | diff -u expected.input -
    "$BANYAN" commands 2>&1 | diff -u <(sed 's/^Ok: .*/PID/' answers) <(sed 's/^Ok: .*/PID/' -) # one pipe
    "$BANYAN" --errors never commands 2>errors >/dev/null
    [ ! -s errors ]
    "$BANYAN" --errors always commands 2>&1 | grep -c '^banyan: commands:' | grep -qx 4
}

@test "the lines of errors are right after long lines, and far into a batch" {
    {
        echo create 10
        printf 'exec 10 200000 '
        yes 1 | head -n 200000 | tr '\n' ' '
        printf '\nfrob %s\n' "$(head -c 3000000 /dev/zero | tr '\0' x)"
        awk 'BEGIN { for (i = 0; i < 100000; i++) print i % 3 ? "exec 10 1 1" : "#" }'
        echo 'exec 11 1 1'
    } >commands
    "$BANYAN" commands 2>errors | tail -1 | grep -qx 'Error:11: Not found'
    diff -u errors - <<'ERRORS'
banyan: commands:3: the line is too long for this command
banyan: commands:100004: Not found
ERRORS
}

@test "more lines without a command than a tag can count" {
    { yes '#' | head -n 8400000 && echo 'exec 11 1 1' && echo frob; } | "$BANYAN" 2>errors >answers
    [ "$(wc -l <answers)" -eq 2 ]
    cut -d : -f 1-3 errors | sort | diff -u <(printf 'banyan: standard input:84000%s\n' 01 02) -
}

@test "nobody reads standard error: the answers come all the same" {
    awk 'BEGIN { for (i = 0; i < 50000; i++) print "kill 1" }' >commands
    mkfifo errors
    exec 7<>errors # its reader, which does not read
    timeout 60 "$BANYAN" commands 2>errors >answers
    [ "$(grep -c '^Error: Not found$' answers)" -eq 50000 ]
    exec 7>&-
    "$BANYAN" commands 2>errors.file >/dev/null # a file takes them all
    [ "$(wc -l <errors.file)" -eq 50000 ]
}

@test "exit status and short options" {
    run "$BANYAN" -h
    [ "$status" -eq 0 ]
    [[ $output = *'Exit status: 0; 1 '*'2 wrong usage'*'3 the system could not start'* ]]
    run "$BANYAN" -V
    [ "$status" -eq 0 ]
    batch 2 -o xml <<<'create 1'
    grep -q -- '--output: expected text or json, got xml' errors
    batch 2 -x <<<'create 1'
    batch 2 --d 5 <<<'create 1'
    grep -q "ambiguous; possibilities: '--deadline' '--dir'" errors
    batch 0 --dea 500 --out json <<<'create 1'
    run bash -c 'ulimit -n 8; exec "$0" /dev/null' "$BANYAN"
    [ "$status" -eq 3 ]
}

@test "SIGCHLD that is inherited as ignored: how a node ended is known nevertheless" {
    trap '' CHLD
    talk_start
    trap - CHLD
    create 1
    kill -9 "${pid[1]}"
    expect exec 1 1 1 'Error:1: Node is unavailable'
    echo explain 1 >&"$talk_in"
    talk_end
    timeout 10 grep -m 1 'killed by signal 9' <&"$talk_out"
}

@test "errexit: an error that is known at once comes before the next command" {
    batch 1 --errexit <<<$'exec 7 1 1\ncreate 2\npingall\n'
    [ "$(cat answers)" = 'Error:7: Not found' ]
}
