#!/usr/bin/env bats
# What people see of the tree: tree, tree dot, status.

load helper

# view COMMAND: its lines to the file `seen`, with what differs from run to run made the same.
view() {
    local line own="${pid[10]:-x}|${pid[5]:-x}|${pid[20]:-x}|${pid[3]:-x}|${pid[7]:-x}"
    echo "$*" >&"$talk_in"
    echo 'explain 0' >&"$talk_in" # there is none: its answer is the end of the other
    : >seen
    while IFS= read -rt 30 -u "$talk_out" line && [ "$line" != 'Error: Not found' ]; do
        echo "$line" >>seen
    done
    sed -Ei "s/(^|[^0-9])($own) +/\1PID /; s/(^|[^0-9])($own)/\1PID/" seen
}

expect_seen() {
    diff -u - seen
}

shows() {
    view "$1"
    grep -q "$2" seen
}

@test "tree: a killed inner node, and a stopped one" {
    export LC_ALL=C.UTF-8
    talk_start --deadline 300
    create 10 5 20 3 7
    kill -9 "${pid[5]}"
    kill -STOP "${pid[7]}"
    wait_until is_stopped "${pid[7]}"
    expect pingall 'Ok: 5;7'
    view tree
    expect_seen <<'TREE'
10      PID available
├L 5    PID ended
│ ├L 3  PID available, connected to 10
│ └R 7  PID silent
└R 20   PID available
TREE
    view tree 5
    expect_seen <<'TREE'
5     PID ended
├L 3  PID available, connected to 10
└R 7  PID silent
TREE
    kill -CONT "${pid[7]}"
    wait_until shows 'tree 7' available
    kill -9 "${pid[10]}"
    wait_until shows 'tree 20' 'connected to controller'
    view tree dot
    expect_seen <<'DOT'
digraph banyan {
    graph [ordering=out];
    node [shape=box];
    "10" [label="10\nended\nPID", color=red3];
    "5" [label="5\nended\nPID", color=red3];
    "3" [label="3\navailable\nPID", color=green4];
    "7" [label="7\navailable\nPID", color=green4];
    "20" [label="20\navailable\nPID", color=green4];
    "10":sw -> "5";
    "5":sw -> "3";
    controller -> "3" [style=dashed, constraint=false];
    "5":se -> "7";
    controller -> "7" [style=dashed, constraint=false];
    "10":se -> "20";
    controller -> "20" [style=dashed, constraint=false];
}
DOT
    talk_end
}

@test "tree: ASCII where the locale has no UTF-8; colours when they are wanted" {
    printf 'create 2\ncreate 1\ncreate 3\ntree\n' >commands
    LC_ALL=C "$BANYAN" commands | sed 1,3d | sed 's/  [0-9]* *available$//' | diff -u - <(
        printf '2\n|L 1\n`R 3\n' | sed '1s/$/   /')
    [ "$(LC_ALL=C "$BANYAN" --color always commands | grep -c $'\033\[32mavailable\033\[0m$')" -eq 3 ]
    [ "$("$BANYAN" commands | grep -c $'\033')" -eq 0 ]
    run "$BANYAN" --color sometimes commands
    [ "$status" -eq 2 ]
    [[ $output = *"--color: expected auto or always or never, got sometimes"* ]]
}

@test "tree, status: no nodes, errors, and what comes before in a batch" {
    answers_of <<'COMMANDS'
tree
status
tree dot
tree 1
status 1
tree dot 1
tree x
status x
tree 1 2
tree dot 1 2
status 1 2
COMMANDS
    expect_answers <<'ANSWERS'
There are no nodes yet: 'create ID' starts one.
There are no nodes yet: 'create ID' starts one.
digraph banyan {
    graph [ordering=out];
    node [shape=box];
}
Error: Not found
Error: Not found
Error: Not found
Error: 'x' is not an id: expected a signed 64-bit integer other than -1
Error: 'x' is not an id: expected a signed 64-bit integer other than -1
Error: tree: expected [ID], or dot [ID]
Error: tree: expected [ID], or dot [ID]
Error: status: expected [ID]
ANSWERS
    printf 'create 1\ncreate 2\ntree\nkill 2\ntree\ncreate 3\ntree 2\nstatus 3\n' | "$BANYAN" |
        sed -E 's/ +[0-9]+ +available//; s/: [0-9].*/: N/' >seen
    LC_ALL=C sed -i 's/^[^a-zA-Z0-9]*R/R/' seen
    expect_seen <<'SEEN'
Ok: N
Ok: N
1
R 2
Ok
1
Ok: N
Error: Not found
id: N
pid: N
state: available
parent: N
connected to: N
adopted: no
depth: N
execs: N
numbers: N
memory: N
survey: none
started: N
SEEN
}

@test "status: a table of 80 columns at most, and one node" {
    talk_start
    create 10 5 20 3 7
    expect exec 5 3 1 2 3 'Ok:5: 6'
    expect exec 5 1 2 'Ok:5: 2'
    ask exec 5 2 1
    expect pingall 'Ok: -1'
    kill -9 "${pid[20]}"
    wait_until shows 'tree 20' ended
    view status
    [ "$(wc -l <seen)" -eq 6 ]
    [ "$(awk '{ print length }' seen | sort -n | tail -1)" -le 80 ]
    grep -Eq '^ID +PID +STATE +PARENT +CONNECTED +DEPTH +EXECS +NUMBERS +MEMORY +SURVEY$' seen
    grep -Eq '^ 5 +PID available +10 +10 +1 +2 +4 +[0-9.]+ [kM]B +[0-9.]+ m?s$' seen
    grep -Eq '^10 +PID available +- +controller +0 +0 +0 +[0-9.]+ [kM]B +[0-9.]+ m?s$' seen
    grep -Eq '^20 +PID ended +10 +- +1 +0 +0 +- +[0-9.]+ m?s$' seen
    view status 5
    sed -Ei 's/^(memory: )[1-9][0-9]* kB$/\1N/; s/^(survey: )[0-9.]* ms$/\1N/' seen
    sed -Ei 's/^(started: )[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3}$/\1N/' seen
    expect_seen <<'STATUS'
id: 5
pid: PID
state: available
parent: 10
connected to: 10
adopted: no
depth: 1
execs: 2
numbers: 4
memory: N
survey: N
started: N
STATUS
    talk_end
}

@test "status knows what the pingall before it has found" {
    printf 'create 1\npingall\nstatus\n' | "$BANYAN" | tail -1 | grep -Eq '[0-9.]+ m?s$'
}

@test "many large views behind a command that takes long: nothing is lost" {
    mkfifo fifo
    {
        for i in 8 4 12 2 6 10 14; do echo "create $i"; done
        echo 'exec 8 1 < fifo'
        for i in $(seq 3000); do echo "tree"; done
    } >commands
    timeout 60 "$BANYAN" commands >answers &
    echo 5 >fifo
    wait $!
    [ "$(grep -c '^Ok:8: 5$' answers)" -eq 1 ]
    [ "$(wc -l <answers)" -eq $((7 + 1 + 3000 * 7)) ]
}

@test "no memory of another process is shown where /proc is that of another PID namespace" {
    unshare --map-root-user -pf true || skip "needs user namespaces"
    printf 'create 1\nstatus 1\nstatus\n' | unshare --map-root-user -pf "$BANYAN" >answers
    grep -qx 'memory: unknown' answers
    tail -n 1 answers | grep -Eq ' +- +-$'
}
