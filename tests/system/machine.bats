#!/usr/bin/env bats
# What the machine refuses is an error with a reason, and the controller goes on.

load helper

# The answer to `create 1` with these options; the next command must work.
create_error() {
    printf 'create 1\npingall\n' | "$BANYAN" "$@" >answers
    [ "$(sed -n 2p answers)" = 'Ok: -1' ]
    sed -n 1p answers
}

@test "no directory for the sockets" {
    [ "$(create_error --dir /nonexistent)" = \
        'Error: cannot make a directory in /nonexistent: No such file or directory' ]
    long=$(printf 'x%.0s' {1..100})
    [[ "$(create_error --dir "/tmp/$long")" == 'Error: the path of the directory '*' is too long '* ]]
    TMPDIR=/nonexistent
    [ "$(create_error)" = \
        'Error: cannot make a directory in /nonexistent: No such file or directory' ]
}

@test "no program for the nodes, or a wrong one" {
    [ "$(create_error --node /nonexistent/node)" = \
        'Error: cannot start /nonexistent/node: No such file or directory' ]
    [ "$(create_error --node /bin/false)" = 'Error: the node ended while it was starting' ]
    cp "$BANYAN" alone
    ./alone </dev/null 2>errors || status=$?
    [ "${status:-0}" -eq 3 ] || [ -x "$(dirname "$BANYAN")/../libexec/banyan/banyan-node" ]
    nothing_left
}

@test "too few descriptors: a create fails, everything else works" {
    (
        ulimit -n 64
        seq 200 | awk '{ print "create", ($1 * 79) % 211 }
                       END { print "pingall"; print "exec 79 1 5"; print "kill 79"; print "create 1000"
                             print "exec 1000 1 6" }' | "$BANYAN" >answers
    )
    grep -q '^Error: .*\(Too many open files\|descriptor\|[Oo]ut of files\)' answers
    [ "$(wc -l <answers)" -eq 205 ]
    grep -v '^Error: \|^Ok: [0-9]*$' answers >rest
    diff -u - rest <<'ANSWERS'
Ok: -1
Ok:79: 5
Ok
Ok:1000: 6
ANSWERS
    nothing_left
}

known_alone_live() {
    [ "$(pgrep -f "^[^ ]*banyan-node .*$TMPDIR" | sort -n)" = "$(printf '%s\n' "${pid[@]}" | sort -n)" ]
}

# The direct question to the stopped node takes the last descriptor.
@test "no descriptor is left at all: a create that fails leaves no process" {
    ulimit -n 64
    talk_start
    for i in $(seq 200); do
        id=$((i * 79 % 211))
        ask create $id
        [[ $answer =~ ^Ok:\ ([0-9]+)$ ]] || break
        pid[$id]=${BASH_REMATCH[1]}
        last=$id
    done
    [[ $answer == Error:* ]]
    kill -STOP "${pid[$last]}"
    expect pingall "Ok: $last"
    for id in 300 301 302 303 304; do
        ask create $id
        [[ $answer == Error:* ]]
    done
    wait_until known_alone_live
    kill -CONT "${pid[$last]}"
    available() { ask pingall && [ "$answer" = 'Ok: -1' ]; }
    wait_until available
    talk_end
    nothing_left
}

@test "a closed standard output, and a full one" {
    printf 'create 1\nexec 1 1 1\n' >commands
    "$BANYAN" commands >&- || true
    "$BANYAN" commands >/dev/full || true
    nothing_left
}

@test "a path that just fits the sockets, and one that is a byte longer" {
    long=$(printf 'x%.0s' {1..66})
    [[ "$(create_error --dir "/$long$long")" =~ at\ most\ ([0-9]+)\ bytes ]]
    most=${BASH_REMATCH[1]}
    base="$TMPDIR/"
    if [ "${#base}" -ge "$most" ]; then # a deep directory of tests
        base=$(mktemp -d /tmp/banyan-XXXXXX)/
    fi
    fits="$base$(printf 'y%.0s' $(seq $((most - ${#base}))))"
    mkdir "$fits" "${fits}z"
    printf 'create 1\nexec 1 2 20 22\n' | "$BANYAN" --dir "$fits" | sed -n 2p >answers
    [ "$(cat answers)" = 'Ok:1: 42' ]
    [[ "$(create_error --dir "${fits}z")" == 'Error: the path of the directory '*' is too long '* ]]
    rmdir "$fits" "${fits}z" # which says that they are empty
    [ "$base" = "$TMPDIR/" ] || rmdir "$base"
}

@test "a log that cannot be written says so once and harms nothing" {
    talk_start --log /dev/full
    create 10 5 20
    kill -9 "${pid[5]}"
    wait_until grep -q 'cannot write the log' errors
    expect pingall 'Ok: 5'
    kill -9 "${pid[20]}"
    wait_until is_gone "${pid[20]}"
    expect pingall 'Ok: 5;20'
    expect exec 10 2 20 22 'Ok:10: 42'
    talk_end
    [ "$(cat errors)" = 'banyan: cannot write the log: No space left on device' ]
    nothing_left
}

# Process ids are then others than those that /proc shows.
@test "in a process namespace of its own, with the outer /proc still mounted" {
    [ "$(id -u)" -eq 0 ] || skip "only root may make a namespace"
    unshare --pid --fork true || skip "no namespace may be made here"
    cat >commands <<'COMMANDS'
create 1
create 2
create 3
create 4
exec 4 2 20 22
pingall
kill 3
create 3
exec 3 2 20 22
pingall
COMMANDS
    timeout 60 unshare --pid --fork "$BANYAN" commands >raw
    sed 's/^Ok: [0-9][0-9]*$/Ok: PID/' raw >answers
    expect_answers <<'ANSWERS'
Ok: PID
Ok: PID
Ok: PID
Ok: PID
Ok:4: 42
Ok: -1
Ok
Ok: PID
Ok:3: 42
Ok: -1
ANSWERS
    nothing_left
}
