#!/usr/bin/env bats
# The hardening of src/harden.cmake is in what was built. BANYAN_BUILD is the build directory,
# BANYAN_FORTIFY the level of glibc's checks of buffers; 0: the code is not optimised.

setup() {
    programs=("$BANYAN_BIN/banyan" "$BANYAN_BIN/banyan-node")
}

@test "position-independent programs, bound at start and read-only from then on; no executable stack" {
    for program in "${programs[@]}"; do
        LC_ALL=C readelf -hldW "$program" >"$BATS_TEST_TMPDIR/elf"
        cat "$BATS_TEST_TMPDIR/elf"
        grep -q 'Type: *DYN' "$BATS_TEST_TMPDIR/elf"
        grep -q '(FLAGS_1).*NOW.*PIE' "$BATS_TEST_TMPDIR/elf"
        grep -q 'BIND_NOW' "$BATS_TEST_TMPDIR/elf"
        grep -q '^ *GNU_RELRO' "$BATS_TEST_TMPDIR/elf"
        grep -qE '^ *GNU_STACK .* RW +0x' "$BATS_TEST_TMPDIR/elf"
        run grep -E '^ *(LOAD|GNU_STACK) .* RWE ' "$BATS_TEST_TMPDIR/elf" # nothing writable and executable
        [ "$status" -eq 1 ]
    done
}

# The libraries that are linked in may have been built with these, too: so the parts are looked at.
@test "stack protector and checked buffers in each layer" {
    for layer in core language net start banyan_library; do
        nm -u "$BANYAN_BUILD/src/lib$layer.a" >"$BATS_TEST_TMPDIR/names"
        grep -qw __stack_chk_fail "$BATS_TEST_TMPDIR/names"
        [ "$BANYAN_FORTIFY" -eq 0 ] || grep -qwE "__v?snprintf_chk" "$BATS_TEST_TMPDIR/names"
    done
    nm -u "$BANYAN_BUILD"/src/CMakeFiles/banyan{,-node}.dir/*/*.o | grep -qw __stack_chk_fail
}

@test "control flow protection in every object" {
    [ "$(uname -m)" = x86_64 ] || skip "only on x86_64"
    LC_ALL=C readelf -nW "$BANYAN_BUILD"/src/libcore.a "$BANYAN_BUILD"/src/libnet.a >"$BATS_TEST_TMPDIR/notes"
    objects=$(grep -c '^File: ' "$BATS_TEST_TMPDIR/notes")
    echo "$objects objects"
    [ "$objects" -ge 20 ]
    [ "$(grep -c 'x86 feature: IBT, SHSTK' "$BATS_TEST_TMPDIR/notes")" -eq "$objects" ]
}
