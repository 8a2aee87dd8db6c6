#!/usr/bin/env bats
# src/cli/banyan.bash: what the Tab key offers in bash.

load ../system/helper

SOURCE=$BATS_TEST_DIRNAME/../..

# offered WORD...: what is offered for the last word, sorted, on one line. bash knows compopt only
# during a completion, so it is stood in for.
offered() {
    (
        compopt() { :; }
        # shellcheck source=/dev/null
        source "$SOURCE/src/cli/banyan.bash"
        COMP_WORDS=("$BANYAN" "$@")
        COMP_CWORD=$#
        _banyan "$BANYAN" "${!#}" "${COMP_WORDS[$# - 1]}"
        printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' '
    )
}

expect_offered() { # EXPECTED WORD...
    local expected=$1
    shift
    [ "$(offered "$@")" = "$expected" ] || {
        echo "$* -> $(offered "$@"), expected $expected"
        return 1
    }
}

@test "it is there for the command" {
    # shellcheck source=/dev/null
    source "$SOURCE/src/cli/banyan.bash"
    [ "$(complete -p banyan)" = 'complete -F _banyan banyan' ]
}

@test "options, all that the program has" {
    expect_offered --deadline --dea
    expect_offered '--deadline --dir' --d
    expect_offered --version --log file --v
    options=$("$BANYAN" --help | sed -nE 's/^  (-.*)/\1/p' | sed 's/  .*//' | tr ', ' '\n\n' | grep ^-)
    [ "$(wc -l <<<"$options")" -ge 6 ]
    for option in $options; do
        [[ " $(offered -) " == *" $option "* ]]
    done
}

@test "values of options" {
    expect_offered 'json text' --output ''
    expect_offered json --output = j
    expect_offered 'json text' --output =
    expect_offered command --order comm
    expect_offered 'command completion' --order com
    expect_offered 'auto command completion' --order ''
    expect_offered json -o j
    expect_offered always --color al
    expect_offered always --errors al
    expect_offered '' --deadline ''
}

@test "files and directories" {
    touch commands.txt command
    mkdir directory 'a b'
    expect_offered 'command commands.txt' comm
    expect_offered 'a b directory sockets' --dir ''
    expect_offered directory --dir d
    expect_offered 'command commands.txt' --log comm
    expect_offered 'command commands.txt' --node comm
    expect_offered 'command commands.txt' --log log comm
}
