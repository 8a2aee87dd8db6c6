#!/usr/bin/env bats
# The manual pages: well-formed, and in accord with the programs and the header.

load ../system/helper

SOURCE=$BATS_TEST_DIRNAME/../..
PAGE=$SOURCE/src/cli/banyan.1

@test "well-formed" {
    command -v mandoc >/dev/null || skip "no mandoc"
    for page in "$SOURCE"/src/*/*.[138]; do
        # whether other pages are known depends on the machine
        mandoc -T lint "$page" 2>&1 | grep -v 'referenced manual not found\|outdated mandoc.db' && return 1
        mandoc -T utf8 "$page" >rendered
        [ "$(wc -l <rendered)" -gt 40 ]
    done
}

@test "commands: those of help, with the same arguments" {
    echo help | "$BANYAN" | sed -E 's/^  (.*[^ ])  +.*/\1/' | tr -s ' ' >of_help
    [ "$(wc -l <of_help)" -ge 8 ]
    sort of_help >expected
    sed -n 's/^\.It Ic //p' "$PAGE" | sed -E 's/(^| )Op (.*)/\1[\2]/; s/(^|[ [])(Ar|No) /\1/g' | sort |
        diff -u expected -
}

@test "options: those of --help" {
    "$BANYAN" --help | sed -nE 's/^  (-.*)/\1/p' | sed 's/  .*//' | tr ', ' '\n\n' | grep ^- >of_help
    [ "$(wc -l <of_help)" -ge 6 ]
    sort of_help >expected
    grep '^\.It Fl' "$PAGE" | grep -oE 'Fl -?[a-zA-Z]+' | sed 's/^Fl /-/' | sort | diff -u expected -
}

@test "the dialogue among the examples is true" {
    sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$PAGE" | sed 's/\\//g' | grep -E '^(banyan>|Ok|Error)' >dialogue
    talk_start
    while read -r line; do
        if [[ $line == banyan\>* ]]; then
            command=${line#banyan> }
            ask "$command"
        elif [[ $command == create* ]]; then
            [[ $line =~ ^Ok:\ [0-9]+$ && $answer =~ ^Ok:\ ([0-9]+)$ ]]
            pid[${command#create }]=${BASH_REMATCH[1]}
        else
            [ "$answer" = "$line" ]
            # between the two surveys, as the text says
            [ "$command $answer" != 'pingall Ok: -1' ] || kill -9 "${pid[5]}"
        fi
    done <dialogue
    talk_end
    [ "$(wc -l <dialogue)" -eq 20 ]
}

@test "the other examples work" {
    mkdir files
    head -c 1000 /dev/zero >files/a
    head -c 234 /dev/zero >files/b
    sed -n '/^find/,/^\.Ed/p' "$PAGE" | sed '/^\.Ed/d; s/\\(aq/'"'"'/g; s/\\e/\\/g; s/\\-/-/g' >script
    [ "$(wc -l <script)" -eq 4 ]
    (cd files && PATH="$(dirname "$BANYAN"):$PATH" sh -eu ../script) | grep -v '^Ok: ' >answers
    printf 'Ok:1: %d\n' 1234 1234 | expect_answers
}

# The declarations of functions in the header, on a line each.
declared() {
    sed 's,/\*.*\*/,,; /\/\*/,/\*\//d; /^#/d; /^extern/d' "$SOURCE/src/banyan.h" |
        tr '\n' ' ' | tr ';' '\n' | tr -s ' ' | sed 's/^ //' | grep -E '^[a-z].* \*?banyan_[a-z_]+\(' | sort
}

# Those of the manual page.
described() {
    awk '
        /^\.Ft / { sub(/^\.Ft /, ""); gsub(/"/, ""); type = $0 ~ /\*$/ ? $0 : $0 " " }
        /^\.Fn / && type != "" {
            sub(/^\.Fn /, "")
            name = $1
            sub(/^[a-z_]+ /, "")
            gsub(/" "/, ", ")
            gsub(/"/, "")
            print type name "(" $0 ")"
            type = ""
        }' "$SOURCE/src/controller/banyan.h.3" | sort
}

@test "banyan.h.3 has the functions of the header, declared alike" {
    declared >of_header
    [ "$(wc -l <of_header)" -eq "$(grep -cE '^[a-z].* \*?banyan_[a-z_]+\(' "$SOURCE/src/banyan.h")" ]
    described | diff -u of_header -
}

@test "banyan.h.3 has the codes of the header, and the names that go with them" {
    sed -n '/^enum banyan_code/,/^};/p' "$SOURCE/src/banyan.h" | tr -s ' \n' ' ' |
        grep -oE 'BANYAN_[A-Z_]+ = [0-9]+' | sed 's/ = / /' | sort >expected
    [ "$(wc -l <expected)" -ge 15 ]
    sed -nE 's/^\.It Dv (BANYAN_[A-Z_]+) Ta ([0-9]+) Ta ([a-z_]+)$/\1 \2 \3/p' "$SOURCE/src/controller/banyan.h.3" |
        sort >of_page
    cut -d ' ' -f 1,2 of_page | diff -u expected -
    for name in $(cut -d ' ' -f 3 of_page); do
        grep -q "] = \"$name\"," "$SOURCE/src/language/answer.c"
    done
}
