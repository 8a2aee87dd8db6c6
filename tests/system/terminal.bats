#!/usr/bin/env bats
# At a terminal: what is typed, what comes above it, and the terminal's state. The terminal is tmux,
# so the tests see what a person would see.

load helper

screen() {
    tmux -S "$BATS_TEST_TMPDIR/tmux" -f /dev/null "$@" 3>&- # bats waits for all processes that have it
}

# terminal COLUMNS: a shell that controls jobs, at a terminal of so many columns.
terminal() {
    screen new-session -d -x "$1" -y 24 env -u BASH_ENV HOME="$PWD" XDG_STATE_HOME="$PWD/state" \
        LANG=C.UTF-8 TMPDIR="$TMPDIR" BANYAN="$BANYAN" PS1='sh> ' bash --norc --noprofile
    wait_until shows '^sh>$'
}

teardown() {
    screen capture-pane -p 2>/dev/null || true # seen if the test has failed
    terminal_end
}

# The ids of the banyans that the shell has started.
banyans() {
    local shell
    shell=$(screen list-panes -F '#{pane_pid}' 2>/dev/null) || return 0
    pgrep -x banyan -P "$shell" || true
}

# Ends banyan before the terminal goes: its hanging up sends a SIGCONT, too, by which the leak check at
# a program's end, if there is one, comes to hang.
terminal_end() {
    local left
    left=$(banyans)
    # shellcheck disable=SC2086 # the list is to be split
    [ -z "$left" ] || kill $left
    # shellcheck disable=SC2086
    wait_until are_gone $left
    screen kill-server 2>/dev/null || true
    wait_until nothing_left
}

keys() {
    screen send-keys "$@"
}

type_text() {
    screen send-keys -l "$1"
}

# Whether a line of the screen matches.
shows() {
    screen capture-pane -p | grep -Eq -- "$1"
}

shows_not() {
    ! shows "$1"
}

# Whether the last lines that are not empty are these.
ends_with() {
    local text
    text=$(screen capture-pane -p)
    [ "$(tail -n "$#" <<<"$text")" = "$(printf '%s\n' "$@")" ]
}

has_lines() {
    [ "$(wc -l <"$2")" -ge "$1" ]
}

cursor_at() {
    [ "$(screen display-message -p '#{cursor_x},#{cursor_y}')" = "$1" ]
}

# is_older PID SECONDS
is_older() {
    [ "$(ps -o etimes= -p "$1")" -ge "$2" ]
}

# Starts banyan and waits for its prompt.
banyan_at() {
    terminal "$1"
    shift
    type_text "\$BANYAN $*"
    keys Enter
    wait_until shows '^banyan>$'
}

# Types a line and waits for what it brings about.
enter() {
    type_text "$1"
    keys Enter
    wait_until shows "$2"
}

# Creates a node and leaves its process id in $answer.
enter_create() {
    type_text "create $1"
    keys Enter
    wait_until created "$1"
}

created() {
    answer=$(screen capture-pane -p | sed -n "/^banyan> create $1\$/ { n; s/^Ok: \([0-9]*\)\$/\1/p }")
    [ -n "$answer" ]
}

# The state of the terminal as the shell that waits has it: without the size.
tty_state() {
    type_text "stty -a | tail -n +2 > $1 && echo saved \$?"
    keys Enter
    wait_until shows '^saved 0$'
    keys C-l
    wait_until shows_not '^saved 0$'
}

@test "an answer that arrives while a line is typed comes above it" {
    mkfifo fifo
    banyan_at 80
    enter_create 10
    type_text 'exec 10 3 < fifo'
    keys Enter
    wait_until ends_with 'banyan> exec 10 3 < fifo' 'banyan>'
    type_text 'exec 10 2 20 '
    wait_until shows '^banyan> exec 10 2 20$'
    echo 1 2 3 >fifo
    wait_until ends_with 'banyan> exec 10 3 < fifo' 'Ok:10: 6' 'banyan> exec 10 2 20'
    cursor_at 21,5
    enter 22 '^Ok:10: 42$'
    wait_until ends_with 'Ok:10: 6' 'banyan> exec 10 2 20 22' 'Ok:10: 42' 'banyan>'
}

@test "notices and answers above a line that is wider than the screen, with the cursor in it" {
    mkfifo fifo
    banyan_at 40
    enter_create 10
    keys C-l
    wait_until ends_with 'banyan>'
    enter 'exec 10 2 < fifo' 'fifo$'
    line='exec 10 26 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26'
    type_text "$line"
    keys C-b C-b C-b C-b
    wait_until shows '^4 25 26$'
    kill -9 "$answer"
    wait_until shows '^10: killed by signal 9'
    wait_until shows '^Error:10: Node is unavailable$'
    wait_until ends_with 'banyan> exec 10 26 1 2 3 4 5 6 7 8 9 10' \
        '11 12 13 14 15 16 17 18 19 20 21 22 23 2' '4 25 26'
    keys BSpace
    type_text x
    wait_until ends_with 'banyan> exec 10 26 1 2 3 4 5 6 7 8 9 10' \
        '11 12 13 14 15 16 17 18 19 20 21 22 23 2' '4 x5 26'
    keys C-a
    type_text '#'
    wait_until ends_with 'banyan> #exec 10 26 1 2 3 4 5 6 7 8 9 10' \
        ' 11 12 13 14 15 16 17 18 19 20 21 22 23' '24 x5 26'
}

@test "an answer that arrives in the middle of a search" {
    mkfifo fifo
    banyan_at 80
    enter_create 10
    enter 'exec 10 2 2 2' '^Ok:10: 4$'
    enter 'exec 10 1 < fifo' 'fifo$'
    keys C-r
    wait_until shows '^bck:'
    type_text '2 2'
    wait_until shows '^bck:2 2'
    echo 7 >fifo
    wait_until ends_with 'Ok:10: 7' 'banyan> exec 10 2 2 2' 'bck:2 2'
    keys Escape
    wait_until shows_not '^bck:'
    type_text 5
    wait_until shows '^banyan> exec 10 (5|2 5).*2'
}

@test "the history is kept between runs" {
    banyan_at 80
    enter_create 10
    enter 'exec 10 2 3 4' '^Ok:10: 7$'
    keys Up Up
    wait_until ends_with 'Ok:10: 7' 'banyan> create 10'
    keys C-u C-d
    wait_until ends_with 'banyan> ^D' 'sh>'
    diff - state/banyan/history <<'LINES'
create 10
exec 10 2 3 4
LINES
    [ "$(stat -c %a state/banyan/history)" = 600 ]
    keys C-l
    type_text '$BANYAN'
    keys Enter
    wait_until shows '^banyan>$'
    keys Up
    wait_until ends_with 'banyan> exec 10 2 3 4'
    keys Enter
    wait_until ends_with 'Error:10: Not found' 'banyan>'
}

@test "the history is bounded, and leaves long lines out" {
    mkdir -p state/banyan
    seq 1500 | sed 's/^/# /' >state/banyan/history
    banyan_at 80
    [ "$(wc -l <state/banyan/history)" -eq 1000 ]
    [ "$(head -n 1 state/banyan/history)" = '# 501' ]
    enter '# new' '# new$'
    type_text "# $(seq -s ' ' 1000)"
    keys Enter
    enter 'exit' '^sh>$'
    [ "$(wc -l <state/banyan/history)" -eq 1000 ]
    [ "$(tail -n 3 state/banyan/history)" = "$(printf '# 1500\n# new\nexit')" ]
}

@test "without a home there is no history, and no error" {
    terminal 80
    type_text 'env -u HOME -u XDG_STATE_HOME $BANYAN'
    keys Enter
    wait_until ends_with 'banyan>'
    enter '# one' '# one$'
    keys Up
    wait_until ends_with 'banyan> # one' 'banyan> # one'
    keys C-u
    type_text exit
    keys Enter
    wait_until ends_with 'banyan> exit' 'sh>'
    [ ! -e state ] && [ ! -e .local ]
}

@test "Tab completes commands, ids of nodes that exist, and files" {
    mkdir directory
    echo 1 2 >directory/numbers
    banyan_at 80
    for id in 10 500 510; do
        enter_create "$id"
    done
    keys C-l
    type_text pin
    keys Tab
    wait_until cursor_at 16,0
    enter '' '^Ok: -1$'
    type_text 'exec 1'
    keys Tab
    wait_until cursor_at 16,2
    enter '1 7' '^Ok:10: 7$'
    type_text 'exec '
    keys Tab
    wait_until ends_with '10   500  510' 'banyan> exec'
    type_text 5
    keys Tab
    wait_until ends_with '500  510' 'banyan> exec 5'
    type_text 1
    keys Tab
    wait_until cursor_at 17,6
    type_text '2 < dir'
    keys Tab
    wait_until shows '< directory/$'
    keys Tab
    wait_until shows '< directory/numbers$'
    enter '' '^Ok:510: 3$'
    enter 'kill 510' '^Ok$'
    type_text 'kill 5'
    keys Tab
    wait_until shows '^banyan> kill 500$'
}

@test "Ctrl-C clears the line; a second one on the empty line ends" {
    banyan_at 80
    enter_create 10
    type_text 'kill 10'
    wait_until shows 'kill 10$' # what is not read yet is dropped by Ctrl-C
    keys C-c
    wait_until ends_with 'banyan> kill 10^C' 'banyan>'
    enter 'exec 10 1 1' '^Ok:10: 1$'
    keys C-c
    wait_until ends_with 'banyan> ^C' '(Ctrl-C again, or Ctrl-D, ends banyan and all nodes)' 'banyan>'
    enter 'exec 10 1 2' '^Ok:10: 2$'
    type_text 'exec'
    wait_until shows '^banyan> exec$'
    keys C-c
    wait_until ends_with 'banyan> exec^C' 'banyan>'
    keys C-c
    wait_until ends_with 'banyan> ^C' 'sh>'
    enter 'echo status $?' '^status 0$'
    is_gone "$answer"
}

@test "Ctrl-D on the empty line ends, with all answers" {
    mkfifo fifo
    banyan_at 80
    enter_create 10
    enter 'exec 10 1 < fifo' 'fifo$'
    type_text x
    keys C-a C-d C-d
    wait_until ends_with 'banyan> ^D'
    echo 5 >fifo
    wait_until ends_with 'Ok:10: 5' 'sh>'
    is_gone "$answer"
}

@test "the terminal is as it was after every end" {
    terminal 80
    tty_state before
    for end in exit Ctrl-C TERM HUP; do
        type_text '$BANYAN'
        keys Enter
        wait_until ends_with 'banyan>'
        case $end in
        exit)
            type_text exit
            keys Enter
            ;;
        Ctrl-C)
            keys C-c
            wait_until shows '^.Ctrl-C again'
            keys C-c
            ;;
        *)
            type_text 'half a line'
            wait_until shows 'half a line$'
            kill -"$end" "$(banyans)"
            ;;
        esac
        wait_until shows '^sh>$'
        tty_state after
        diff before after
        wait_until nothing_left
    done
}

@test "the terminal goes away" {
    terminal 80
    type_text 'ASAN_OPTIONS=detect_leaks=0 $BANYAN'
    keys Enter
    wait_until shows '^banyan>$'
    enter_create 10
    type_text 'half a line'
    wait_until shows 'half a line$'
    left=$(banyans)
    screen kill-server
    wait_until are_gone "$left" "$answer"
    wait_until nothing_left
}

@test "Ctrl-Z and fg" {
    terminal 80
    tty_state before
    type_text '$BANYAN'
    keys Enter
    wait_until ends_with 'banyan>'
    enter_create 10
    type_text 'exec 10 2 3'
    wait_until shows 'exec 10 2 3$'
    keys C-z
    wait_until shows 'Stopped'
    wait_until shows '^sh>$'
    tty_state stopped
    diff before stopped
    type_text fg
    keys Enter
    wait_until shows '^banyan> exec 10 2 3$'
    enter ' 4' '^Ok:10: 7$'
    keys C-d
    wait_until ends_with 'banyan> ^D' 'sh>'
    tty_state after
    diff before after
}

@test "the window changes its size" {
    banyan_at 80
    keys C-l
    type_text "# $(seq -s ' ' 30)"
    wait_until shows ' 28 29 30$'
    screen resize-window -x 40
    wait_until ends_with 'banyan> # 1 2 3 4 5 6 7 8 9 10 11 12 13' \
        '14 15 16 17 18 19 20 21 22 23 24 25 26 2' '7 28 29 30'
    type_text ' 31'
    wait_until ends_with 'banyan> # 1 2 3 4 5 6 7 8 9 10 11 12 13' \
        '14 15 16 17 18 19 20 21 22 23 24 25 26 2' '7 28 29 30 31'
    screen resize-window -x 120
    wait_until ends_with "banyan> # $(seq -s ' ' 31)"
    keys Enter
    enter pingall '^Ok: -1$'
    wait_until ends_with 'banyan> pingall' 'Ok: -1' 'banyan>'
}

# paste FILE [-p]: -p has tmux mark it, as terminals do for those who ask for it.
paste() {
    screen load-buffer -b pasted "$1"
    screen paste-buffer "${@:2}" -b pasted
}

@test "pasted text loses nothing: 10000 commands, 100000 characters in a line, tabs" {
    {
        echo create 1
        seq 10000 | awk '{ print "exec 1 3 " $1 " -1\t1" }'
        echo "exec 1 20000 $(yes 1234 | head -n 20000 | tr '\n' ' ')"
        printf 'exec 1 1 99\n'
    } >commands
    for marks in '' -p; do
        banyan_at 80 '>answers'
        paste commands $marks
        wait_until has_lines 10003 answers
        {
            seq 10000 | sed 's/^/Ok:1: /'
            echo Ok:1: 24680000
            echo Ok:1: 99
        } | sort >expected
        sed 1d answers | sort | diff expected -
        terminal_end
    done
}

@test "a line beyond what can be typed is refused as a whole" {
    banyan_at 80 '>answers'
    {
        printf 'exec 1 600000 '
        yes 7 | head -n 600000 | tr '\n' ' '
        printf '\npingall\n'
    } >commands
    for marks in '' -p; do
        : >answers
        paste commands $marks
        wait_until grep -q '^Ok: -1$' answers
        diff - <(tr -d '\0' <answers) <<'ANSWERS'
Error: the line is too long: at most 1048576 characters can be typed; numbers can be in a file
Ok: -1
ANSWERS
    done
}

@test "a line of bytes that are no text, and of text that is no ASCII" {
    banyan_at 80 '>answers'
    printf '\xff\xfe\npingall\xc3\n\xc3\xa4\xe2\x82\xac \xf0\x9f\x8c\xb3\npingall\n' >commands
    paste commands
    paste commands -p
    wait_until has_lines 8 answers
    [ "$(grep -c '^Ok: -1$' answers)" -eq 2 ]
    [ "$(LC_ALL=C grep -ac $'command \'\xff\xfe\'' answers)" -eq 2 ]
    [ "$(LC_ALL=C grep -ac $'command \'pingall\xc3\'' answers)" -eq 2 ]
    [ "$(LC_ALL=C grep -ac $'command \'\xc3\xa4\xe2\x82\xac\'' answers)" -eq 2 ]
}

@test "progress of a file of known size, above the line being typed" {
    yes 123456789 | head -n 5000000 >numbers
    banyan_at 80 --deadline 600000
    enter_create 10
    hold "$answer"
    enter 'exec 10 5000000 < numbers' 'numbers$'
    type_text pinga
    wait_until shows '^exec 10: [0-9]+ %, .*MB of 50.0 MB, .*/s$'
    [ "$(screen capture-pane -p | grep -A 1 '^exec 10: ' | tail -n 1)" = 'banyan> pinga' ]
    release
    wait_until ends_with 'Ok:10: 617283945000000' 'banyan> pinga'
    shows_not '^exec 10:'
    enter ll '^Ok: -1$'
}

@test "progress while commands come from a file or a pipe, and none where there is no terminal" {
    mkfifo fifo
    terminal 80
    type_text '$BANYAN <fifo'
    keys Enter
    exec {out}>fifo
    printf 'create 10\nexec 10 40000 ' >&"$out"
    yes 11 | head -n 39999 | tr '\n' ' ' >&"$out"
    wait_until shows '^commands: 1[0-9.]* kB, .*/s$'
    echo 1 >&"$out"
    exec {out}>&-
    wait_until ends_with 'Ok:10: 439990' 'sh>'
    shows_not 'commands:'
    keys C-l
    mkfifo numbers
    type_text '(echo create 10; echo "exec 10 1 < numbers") | sh -c "echo \$\$ >pid; exec $BANYAN" 2>errors | cat'
    keys Enter
    exec {out}>numbers # the exec is in flight from here on
    wait_until is_older "$(cat pid)" $(($(ps -o etimes= -p "$(cat pid)") + 2))
    echo 8 >&"$out"
    exec {out}>&-
    wait_until ends_with 'Ok:10: 8' 'sh>'
    [ ! -s errors ]
}

@test "a terminal of unknown abilities, and none at all" {
    terminal 80
    for kind in dumb no-such-terminal; do
        type_text "TERM=$kind \$BANYAN"
        keys Enter
        wait_until ends_with 'banyan>'
        enter 'create 10' '^Ok: [0-9]+$'
        keys C-d
        wait_until shows '^(banyan> )?sh>$'
        keys C-l
    done
    echo 'pingall' | "$BANYAN" >answers 2>errors
    [ "$(cat answers)" = 'Ok: -1' ]
    [ ! -s errors ]
}
