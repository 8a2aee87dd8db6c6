#!/usr/bin/env bats
# Answers for programs: --output json.

load helper

# What differs from run to run is made the same; the least id is one that some versions of jq round.
json_of() {
    cat >commands
    timeout 60 "$BANYAN" -o json "$@" commands >raw
    sed 's/"id":-9223372036854775808,/"id":"LEAST",/' raw |
        jq -c 'if .pid then .pid = "PID" else . end | del(.elapsed_us)' >answers
}

@test "every command: one object a line, numbers as numbers, sums as strings" {
    json_of <<'COMMANDS'
# nothing

create 10
create -9223372036854775808
exec 10 2 9223372036854775807 9223372036854775807
exec 10 2 1
kill 5
pingall
frob "x\
create x
create 10
exec 10 1 é
COMMANDS
    expect_answers <<'ANSWERS'
{"command":"create","number":1,"line":3,"ok":true,"id":10,"pid":"PID"}
{"command":"create","number":2,"line":4,"ok":true,"id":"LEAST","pid":"PID"}
{"command":"exec","number":3,"line":5,"ok":true,"id":10,"sum":"18446744073709551614"}
{"command":"exec","number":4,"line":6,"ok":false,"id":10,"error":{"code":"wrong_count","text":"expected 2 numbers, got 1"}}
{"command":"kill","number":5,"line":7,"ok":false,"id":5,"error":{"code":"not_found","text":"Not found"}}
{"command":"pingall","number":6,"line":8,"ok":true,"unavailable":[]}
{"command":null,"number":7,"line":9,"ok":false,"error":{"code":"unknown_command","text":"unknown command 'frob': expected create, exec, pingall, kill, tree, status, explain, help or exit"}}
{"command":"create","number":8,"line":10,"ok":false,"error":{"code":"bad_id","text":"'x' is not an id: expected a signed 64-bit integer other than -1"}}
{"command":"create","number":9,"line":11,"ok":false,"id":10,"error":{"code":"exists","text":"Already exists"}}
{"command":"exec","number":10,"line":12,"ok":false,"id":10,"error":{"code":"not_integer","text":"number 1 is not an integer: 'é'"}}
ANSWERS
    [ "$(jq -r 'select(.elapsed_us >= 0) | .number' raw | wc -l)" -eq 10 ]
    [ "$(wc -l <raw)" -eq 10 ]
}

@test "tree, status, explain, help" {
    json_of <<'COMMANDS'
create 10
create 5
tree
tree 5
tree dot
status
status 5
explain 5
help
status 7
COMMANDS
    [ "$(jq -c 'select(.number == 3) | [.nodes[].id]' raw)" = '[10,5]' ]
    [ "$(jq -c 'select(.number == 4) | [.nodes[].id]' raw)" = '[5]' ]
    jq -es '.[4].dot | startswith("digraph") and endswith("}\n")' raw
    jq -es '.[5].nodes | length == 2' raw
    [ "$(jq -cs '.[5].nodes[1] | [.id, .state, .parent, .connected_to, .adopted, .depth, .execs,
        .numbers, .survey_us]' raw)" = '[5,"available",10,10,false,1,0,0,null]' ]
    jq -es '.[5].nodes[0] | .parent == null and .connected_to == "controller" and .memory_kb > 0 and
        .pid > 1 and (now - .started_us / 1000000 | fabs) < 1000' raw
    jq -es '.[6] | .id == 5 and (.nodes | length == 1)' raw
    jq -es '.[7].lines | length == 2 and (.[0] | startswith("5: available"))' raw
    jq -es '.[8].commands | map(.name) | index("status") != null' raw
    jq -es '.[9] | .error.code == "not_found" and .id == 7' raw
    [ "$(jq -c .ok raw | sort | uniq -c | tr -s ' ' | tr '\n' ,)" = ' 1 false, 9 true,' ]
}

@test "bytes that are no text are shown, and every line is valid" {
    {
        printf 'create 10\nexec 10 1 \0\nexec 10 2 1 \377\376\n\0\1\2\n\303\251\377 x\n'
        head -c 100000 /dev/urandom | tr -d '\n#'
        printf '\nexec 10 1 6\n'
    } | "$BANYAN" --output json >raw
    jq -c . raw >valid
    [ "$(wc -l <valid)" -eq 7 ]
    [ "$(sed -n 3p raw | jq -r .error.text)" = "number 2 is not an integer: '\\xff\\xfe'" ]
    [ "$(sed -n 7p raw | jq -r .sum)" = 6 ]
}

@test "unavailable nodes" {
    talk_start -o json
    ask create 10
    pid=$(jq .pid <<<"$answer")
    ask create 5
    kill -9 "$(jq .pid <<<"$answer")"
    ask pingall
    [ "$(jq -c .unavailable <<<"$answer")" = '[5]' ]
    ask exec 5 1 1
    [ "$(jq -r .error.code <<<"$answer")" = unavailable ]
    ask tree
    [ "$(jq -c '[.nodes[].connected_to]' <<<"$answer")" = '["controller",null]' ]
    talk_end
}

@test "100000 execs as JSON are what they are as text" {
    {
        printf 'create %d\n' 10 5 20
        awk 'BEGIN {
            split("10 5 20", id)
            for (i = 1; i <= 100000; i++)
                printf "exec %d 3 %d %d %d\n", id[i % 3 + 1], i, -2 * i, 3 * i
        }'
    } >commands
    "$BANYAN" -o json commands | jq -r 'select(.sum) | "Ok:\(.id): \(.sum)"' >from_json
    "$BANYAN" commands | sed 1,3d | cmp - from_json
}
