#!/usr/bin/env bats
# tools/package makes a Debian package that installs, works and goes without a trace. BANYAN_BUILD is
# the build directory; the package is built below it.

load ../system/helper

setup_file() {
    export PACKAGE
    PACKAGE=$(CC=$BANYAN_CC "$BATS_TEST_DIRNAME/../../tools/package" "$BANYAN_BUILD/package")
}

# dpkg on a root of the test's own; it changes owners, so it must be root, or be so in its own eyes.
test_dpkg() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(unshare --map-root-user)
    mkdir -p "$ROOT"/var/lib/dpkg/{updates,info,triggers} "$ROOT/var/log"
    touch "$ROOT/var/lib/dpkg/status"
    PATH="$PATH:/usr/sbin:/sbin" "${as_root[@]}" dpkg --root="$ROOT" --force-depends "$@"
}

@test "its description" {
    dpkg-deb -f "$PACKAGE" >control
    grep -qx 'Package: banyan' control
    grep -qx 'Maintainer: banyan <banyan@localhost>' control
    grep -qx 'Section: utils' control
    grep -Eqx 'Depends: .*libc6 \(>= 2\.[0-9]+\).*' control
    grep -Eqx "Version: $("$BANYAN" --version | sed 's/^banyan //; s/,.*//')" control
    grep -Eq '^Description: [a-z]' control
}

@test "its files: owned by root, in the places of Debian, stripped" {
    dpkg-deb -c "$PACKAGE" >files
    run grep -v ' root/root ' files
    [ "$status" -eq 1 ]
    multiarch=$(dpkg-architecture -q DEB_HOST_MULTIARCH)
    for file in bin/banyan libexec/banyan/banyan-node include/banyan.h "lib/$multiarch/libbanyan.a" \
        "lib/$multiarch/pkgconfig/banyan.pc" share/man/man1/banyan.1.gz share/doc/banyan/copyright \
        share/doc/banyan/changelog.gz; do
        grep -q " \./usr/$file\$" files
    done
    dpkg-deb -x "$PACKAGE" tree
    [[ "$(LC_ALL=C file tree/usr/bin/banyan)" == *', stripped' ]]
    grep -qx 'prefix=/usr' "tree/usr/lib/$multiarch/pkgconfig/banyan.pc"
    grep -aq '/usr/libexec/banyan/banyan-node' "tree/usr/lib/$multiarch/libbanyan.a"
}

@test "it installs, works, and goes without a trace" {
    ROOT="$BATS_TEST_TMPDIR/root"
    [ "$(id -u)" -eq 0 ] || unshare --map-root-user true || skip "needs root or user namespaces"
    test_dpkg -i "$PACKAGE"
    [ "$(dpkg-query --admindir="$ROOT/var/lib/dpkg" -W -f '${Status}' banyan)" = 'install ok installed' ]
    printf 'create 1\ncreate 2\nexec 2 2 40 2\npingall\n' | "$ROOT/usr/bin/banyan" | sed 1,2d >answers
    printf 'Ok:2: 42\nOk: -1\n' | expect_answers
    (cd "$ROOT" && md5sum --quiet -c var/lib/dpkg/info/banyan.md5sums)
    test_dpkg --purge banyan
    [ -z "$(find "$ROOT" -path "$ROOT/var" -prune -o ! -path "$ROOT" -print)" ]
    [ -z "$(dpkg-query --admindir="$ROOT/var/lib/dpkg" -W 2>/dev/null)" ]
}
