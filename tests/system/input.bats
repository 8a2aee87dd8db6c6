#!/usr/bin/env bats
# Input of every shape: long lines, many numbers, files, errors far into a line.

load helper

# numbers N: N integers of up to 6 digits on one line, the same every time; their sum goes to `sum`.
numbers() {
    awk -v n="$1" 'BEGIN {
        x = 12345
        for (i = 0; i < n; i++) {
            x = (x * 1103515245 + 12345) % 2147483648
            k = x % 1000000 - 300000
            sum += k
            printf "%d ", k
        }
        printf "%.0f\n", sum > "sum"
    }'
}

@test "a line of 3000000 numbers, from a file and from a pipe" {
    {
        echo create 10
        printf 'exec 10 3000000 '
        numbers 3000000
        printf '\nexec 10 1 7'
    } >commands
    "$BANYAN" commands >from_file
    # shellcheck disable=SC2002 # a pipe is wanted
    cat commands | "$BANYAN" >from_pipe
    for answers in from_file from_pipe; do
        sed 1d "$answers" | diff -u <(echo "Ok:10: $(cat sum)" && echo Ok:10: 7) -
    done
}

@test "exec from a file: any white space between the numbers" {
    printf '1\n2\r\n3\t\v\f4 5\n\n' >numbers
    answers_of <<'COMMANDS'
create 10
exec 10 5 < numbers
exec 10 4 <numbers
exec 10 6 < numbers
exec 10 1 7
COMMANDS
    expect_answers <<'ANSWERS'
Ok: PID
Ok:10: 15
Error:10: expected 4 numbers, got 5
Error:10: expected 6 numbers, got 5
Ok:10: 7
ANSWERS
}

@test "several long files at once, and short execs among them" {
    numbers 2000000 | tr ' ' '\n' >file
    {
        echo create 10
        echo create 5
        for _ in 1 2 3; do
            echo 'exec 10 2000000 < file'
            echo 'exec 5 1 5'
            echo 'exec 10 1 10'
            echo 'exec 5 2000000 < file'
        done
    } >commands
    "$BANYAN" commands | sed 1,2d >answers
    for _ in 1 2 3; do
        printf 'Ok:10: %s\nOk:5: 5\nOk:10: 10\nOk:5: %s\n' "$(cat sum)" "$(cat sum)"
    done | expect_answers
}

@test "a file that is a pipe is read as it comes" {
    mkfifo fifo
    talk_start
    create 10
    echo 'exec 10 3 < fifo' >&"$talk_in"
    echo 'exec 10 1 1' >&"$talk_in" # goes on meanwhile, but its answer comes in its turn
    echo 1 2 3 >fifo
    read -rt 30 -u "$talk_out" answer
    [ "$answer" = 'Ok:10: 6' ]
    read -rt 30 -u "$talk_out" answer
    [ "$answer" = 'Ok:10: 1' ]
    talk_end
}

@test "errors far into a long line are named with their position" {
    {
        printf 'create 10\nexec 10 2000000 '
        yes 1234567 | head -n 1500000 | tr '\n' ' '
        printf 'bad '
        yes 1234567 | head -n 499999 | tr '\n' ' '
        printf '\nexec 10 2000000 '
        yes 1234567 | head -n 1999999 | tr '\n' ' '
        printf '99999999999999999999\nexec 10 1999999 '
        yes 1234567 | head -n 2000000 | tr '\n' ' '
        printf '\nexec 10 2000001 '
        yes 1234567 | head -n 2000000 | tr '\n' ' '
        printf '\nexec 10 1 8\n'
    } >commands
    "$BANYAN" commands | sed 1d >answers
    expect_answers <<'ANSWERS'
Error:10: number 1500001 is not an integer: 'bad'
Error:10: number 2000000 is out of range: '99999999999999999999'
Error:10: expected 1999999 numbers, got 2000000
Error:10: expected 2000001 numbers, got 2000000
Ok:10: 8
ANSWERS
}

@test "after an error the rest of a long line is never taken for commands" {
    long=$(head -c 3000000 /dev/zero | tr '\0' 7)
    {
        echo create 10
        echo "exec 99 2 $long create 1"
        echo "exec x 2 $long"
        echo "exec 10 0 $long"
        echo "create $long"
        echo "# $long"
        echo "frobnicate $long"
        echo "exec 10 2 1 $long"
        echo "exec 10 2 1 x$long"
        echo "exec 10 1 9"
    } >commands
    "$BANYAN" commands | sed 1d >answers
    expect_answers <<'ANSWERS'
Error:99: Not found
Error:x: 'x' is not an id: expected a signed 64-bit integer other than -1
Error:10: N must be from 1 to 100000000
Error: the line is too long for this command
Error: the line is too long for this command
Error:10: number 2 is out of range: '7777777777777777777777777777777777777777777777777777777777777777...'
Error:10: number 2 is not an integer: 'x777777777777777777777777777777777777777777777777777777777777777...'
Ok:10: 9
ANSWERS
}

@test "a number of three million digits that are nearly all zeros" {
    zeros() { head -c 3000000 /dev/zero | tr '\0' 0; }
    {
        echo create 10
        echo "exec 10 3 $(zeros)12 -$(zeros)5 +$(zeros)"
        echo "exec 10 1 $(zeros)12x"
    } >commands
    "$BANYAN" commands | sed "1d; s/'.*'/'...'/" >answers
    expect_answers <<'ANSWERS'
Ok:10: 7
Error:10: number 1 is not an integer: '...'
ANSWERS
}

@test "a line of three million blanks between its words" {
    blanks() { head -c 3000000 /dev/zero | tr '\0' ' '; }
    {
        echo "create$(blanks)10"
        echo "exec$(blanks)10$(blanks)2$(blanks)3 4$(blanks)"
        echo "$(blanks)pingall"
    } >commands
    "$BANYAN" commands | sed 1d >answers
    expect_answers <<'ANSWERS'
Ok:10: 7
Ok: -1
ANSWERS
}

@test "CR LF at the end of a long line, and a CR where it does not belong" {
    {
        printf 'create 10\r\nexec 10 600000 '
        yes 7 | head -n 600000 | tr '\n' ' '
        printf '\r\nexec 10 2 1\r2 3\r\nexec 10 1 4\r\n'
    } >commands
    "$BANYAN" commands | sed 1d >answers
    expect_answers <<'ANSWERS'
Ok:10: 4200000
Error:10: number 1 is not an integer: '1\x0d2'
Ok:10: 4
ANSWERS
}

@test "bytes that are no text" {
    {
        printf 'create 10\nexec 10 1 \0\nexec 10 2 1 \377\376\n\0\1\2\nexec 10 1 5\n'
        head -c 200000 /dev/urandom | tr -d '\n#'
        printf '\nexec 10 1 6\n'
    } >commands
    "$BANYAN" commands >answers
    [ "$(sed -n 2p answers)" = "Error:10: number 1 is not an integer: '\\x00'" ]
    [ "$(grep -c '^Ok:10: [56]$' answers)" -eq 2 ]
    [ "$(wc -l <answers)" -eq 7 ]
}

@test "100000 small execs in one batch, over seven nodes" {
    {
        printf 'create %d\n' 10 5 20 3 7 15 30
        awk 'BEGIN {
            split("10 5 20 3 7 15 30", id)
            for (i = 1; i <= 100000; i++)
                printf "exec %d 3 %d %d %d\n", id[i % 7 + 1], i, -2 * i, 3 * i
        }'
    } >commands
    "$BANYAN" commands | sed 1,7d >answers
    awk 'BEGIN {
        split("10 5 20 3 7 15 30", id)
        for (i = 1; i <= 100000; i++)
            printf "Ok:%d: %d\n", id[i % 7 + 1], 2 * i
    }' | cmp - answers
}
