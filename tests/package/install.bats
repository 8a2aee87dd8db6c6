#!/usr/bin/env bats
# cmake --install, and programs that are built against what it installs. BANYAN_BUILD is the build
# directory, BANYAN_CC and BANYAN_CFLAGS what programs are built with.

load ../system/helper

setup_file() {
    export PREFIX="$BATS_FILE_TMPDIR/prefix"
    cmake --install "$BANYAN_BUILD" --prefix "$PREFIX" >"$BATS_FILE_TMPDIR/log"
    export LIBRARY
    LIBRARY=$(dirname "$(find "$PREFIX" -name libbanyan.a)")
    export PKG_CONFIG_PATH="$LIBRARY/pkgconfig"
}

@test "everything is where it belongs" {
    (cd "$PREFIX" && find . -type f) | sed "s,^\./,,; s,^${LIBRARY#"$PREFIX"/}/,LIB/," |
        grep -v '^share/man/man3/banyan_\|^share/doc/banyan/copyright$' |
        sed 's/Targets-[a-z]*/Targets-CONFIG/' | LC_ALL=C sort >installed
    diff -u - installed <<'FILES'
LIB/cmake/banyan/banyanConfig.cmake
LIB/cmake/banyan/banyanConfigVersion.cmake
LIB/cmake/banyan/banyanTargets-CONFIG.cmake
LIB/cmake/banyan/banyanTargets.cmake
LIB/libbanyan.a
LIB/pkgconfig/banyan.pc
bin/banyan
include/banyan.h
libexec/banyan/banyan-node
share/bash-completion/completions/banyan
share/doc/banyan/README.md
share/doc/banyan/examples/CMakeLists.txt
share/doc/banyan/examples/demo.txt
share/doc/banyan/examples/embed.c
share/man/man1/banyan.1
share/man/man3/banyan.h.3
share/man/man8/banyan-node.8
FILES
}

@test "each function of the header has a page" {
    functions=$(grep -oE '\bbanyan_[a-z_]+\(' "$PREFIX/include/banyan.h" | tr -d '(' | sort -u)
    [ "$(wc -l <<<"$functions")" -ge 20 ]
    for function in $functions; do
        grep -qx '\.so man3/banyan\.h\.3' "$PREFIX/share/man/man3/$function.3"
    done
}

@test "the installed program works, also after the tree was moved" {
    for where in "$PREFIX" moved; do
        [ "$where" != moved ] || cp -a "$PREFIX" moved
        printf 'create 1\nexec 1 2 40 2\n' | "$where/bin/banyan" | sed 1d >answers
        expect_answers <<<'Ok:1: 42'
    done
    # the nodes were those of the moved tree
    mv moved/libexec/banyan/banyan-node moved/libexec/banyan/other
    run moved/bin/banyan </dev/null
    [ "$status" -eq 3 ] || [ -n "$(find /usr/*/libexec/banyan /usr/libexec/banyan -name banyan-node)" ]
}

@test "the library brings no other names into a program than those of its header" {
    nm -g --defined-only "$LIBRARY/libbanyan.a" | awk 'NF == 3 { print $3 }' | sort >names
    grep -oE '\bbanyan_[a-z_]+\(' "$PREFIX/include/banyan.h" | tr -d '(' | sort -u | diff -u - names
}

# What the example must print; the order of answers is not fixed.
embed_is_right() { # PROGRAM
    "$1" "$PREFIX/libexec/banyan/banyan-node" >printed
    sed -E 's/^Ok: [0-9]{2,}$/Ok: PID/' printed | LC_ALL=C sort >answers
    expect_answers <<'ANSWERS'
Error:5: Node is unavailable
Ok: 5
Ok: PID
Ok: PID
Ok: PID
Ok: PID
Ok: PID
Ok:10: 42
Ok:10: 9223372036854775810
Ok:20: 42
Ok:20: 9223372036854775810
Ok:3: 42
Ok:3: 9223372036854775810
Ok:5: 9223372036854775810
Ok:7: 42
Ok:7: 9223372036854775810
ANSWERS
    # shellcheck disable=SC2046 # the process ids are to be split
    are_gone $(sed -nE 's/^Ok: ([0-9]{2,})$/\1/p' printed)
    nothing_left
}

@test "the example, built with pkg-config" {
    # shellcheck disable=SC2046,SC2086 # the flags are to be split
    "$BANYAN_CC" $BANYAN_CFLAGS -Wall -Wextra -Werror -o embed "$PREFIX/share/doc/banyan/examples/embed.c" \
        $(pkg-config --cflags --libs banyan)
    embed_is_right ./embed
    [ "$(pkg-config --variable=node_program banyan)" = "$PREFIX/libexec/banyan/banyan-node" ]
    [ "banyan $(pkg-config --modversion banyan)" = "$("$PREFIX/bin/banyan" --version | sed 's/,.*//')" ]
}

@test "the example, built with the CMake package" {
    cmake -S "$PREFIX/share/doc/banyan/examples" -B build -DCMAKE_PREFIX_PATH="$PREFIX" \
        -DCMAKE_C_COMPILER="$BANYAN_CC" -DCMAKE_C_FLAGS="$BANYAN_CFLAGS" >log
    cmake --build build >>log
    embed_is_right build/embed
}

@test "the example finds the nodes by itself where it is installed, too" {
    # shellcheck disable=SC2046,SC2086 # the flags are to be split
    "$BANYAN_CC" $BANYAN_CFLAGS -o "$PREFIX/bin/embed" "$PREFIX/share/doc/banyan/examples/embed.c" \
        $(pkg-config --cflags --libs banyan)
    "$PREFIX/bin/embed" >printed
    [ "$(grep -c '^Ok:[0-9]*: 42$' printed)" -eq 4 ]
}

@test "the CMake package refuses another version, and names the program of the nodes" {
    cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.18)
project(versions LANGUAGES C)
find_package(banyan ${wanted} REQUIRED)
file(WRITE ${PROJECT_BINARY_DIR}/node "${banyan_NODE_PROGRAM}")
CMAKE
    cmake -S . -B build -DCMAKE_PREFIX_PATH="$PREFIX" -Dwanted=0.1 >log
    [ "$(cat build/node)" = "$PREFIX/libexec/banyan/banyan-node" ]
    for wanted in 0.0.9 0.2 1.0; do
        run cmake -S . -B "build$wanted" -DCMAKE_PREFIX_PATH="$PREFIX" -Dwanted="$wanted"
        [ "$status" -ne 0 ]
        [[ $output == *"considered but not accepted"* ]]
    done
}
