/*
 * Where sockets are: addresses and their limits; and that nothing is removed but sockets of nodes.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/place.h"

enum { NAME_ROOM = 32 };

static char directory[] = "/tmp/banyan-place-XXXXXX";

static void make_directory(void) {
    memcpy(strrchr(directory, '-') + 1, "XXXXXX", 6);
    assert_non_null(mkdtemp(directory));
}

static void path_of(const char *name, char path[NET_PATH_MAX + 1]) {
    snprintf(path, NET_PATH_MAX + 1, "%s/%.*s", directory, NAME_ROOM, name);
}

static void make_socket(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    path_of(name, address.sun_path);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void make_file(const char *name) {
    char path[NET_PATH_MAX + 1];
    path_of(name, path);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static bool exists(const char *name) {
    struct stat status;
    char path[NET_PATH_MAX + 1];
    path_of(name, path);
    return lstat(path, &status) == 0;
}

static void remove_file(const char *name) {
    char path[NET_PATH_MAX + 1];
    path_of(name, path);
    assert_int_equal(unlink(path), 0);
}

static void addresses_name_two_sockets(void **state) {
    char address[WIRE_ADDRESS_MAX], url[NET_URL_MAX];
    (void)state;
    assert_true(place_address("/tmp/x", UINT64_MAX, address));
    assert_string_equal(address, "ipc:///tmp/x/18446744073709551615");
    assert_true(place_url(address, NET_REQUESTS, url));
    assert_string_equal(url, "ipc:///tmp/x/18446744073709551615.req");
    assert_int_equal(strlen(url) - strlen("ipc:///tmp/x"), PLACE_NAME_MAX);
    assert_true(place_url(address, NET_SURVEYS, url));
    assert_string_equal(url, "ipc:///tmp/x/18446744073709551615.srv");
    assert_true(place_url("tcp://[::1]:5000", NET_REQUESTS, url));
}

/* The longest directory is the one in which the longest name is a path that a socket can have. */
static void too_long_paths_are_refused(void **state) {
    char longest[200], address[WIRE_ADDRESS_MAX], url[NET_URL_MAX];
    (void)state;
    for (size_t len = 1; len < sizeof longest; len++) {
        memset(longest, 'x', len);
        longest[0] = '/';
        longest[len] = '\0';
        bool good = place_address(longest, UINT64_MAX, address);
        assert_int_equal(good, strlen("ipc://") + len + 21 < WIRE_ADDRESS_MAX);
        good = good && place_url(address, NET_REQUESTS, url);
        assert_int_equal(good, len + PLACE_NAME_MAX <= NET_PATH_MAX);
    }
}

static void only_sockets_of_nodes_are_removed(void **state) {
    static const char *const others[] = {"x7.req", "7x.req", ".req", "7.sock", "7.req.old"};
    (void)state;
    make_directory();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        make_socket(others[i]);
    make_file("8.req");
    make_socket("1.req");
    make_socket("1.srv");
    make_socket("18446744073709551615.srv");
    place_remove(directory);
    assert_false(exists("1.req") || exists("1.srv") || exists("18446744073709551615.srv"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        remove_file(others[i]);
    remove_file("8.req");
    place_remove(directory);
    assert_int_not_equal(access(directory, F_OK), 0);
}

static void a_directory_is_emptied_and_stays_open(void **state) {
    (void)state;
    make_directory();
    int fd = place_open(AT_FDCWD, directory);
    assert_true(fd >= 0);
    for (int i = 0; i < 2; i++) {
        make_socket("5.req");
        place_empty(fd);
        assert_false(exists("5.req"));
    }
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
    place_remove(directory);
}

static void a_link_is_no_directory(void **state) {
    char path[NET_PATH_MAX + 1];
    (void)state;
    make_directory();
    path_of("link", path);
    assert_int_equal(symlink("/tmp", path), 0);
    assert_int_equal(place_open(AT_FDCWD, path), -1);
    make_file("file");
    path_of("file", path);
    assert_int_equal(place_open(AT_FDCWD, path), -1);
    remove_file("file");
    remove_file("link");
    place_remove(directory);
}

static void the_directory_around_an_address(void **state) {
    char address[WIRE_ADDRESS_MAX], url[NET_URL_MAX];
    (void)state;
    make_directory();
    assert_true(place_address(directory, 5, address));
    assert_true(place_url(address, NET_SURVEYS, url));
    assert_false(place_listens(url));
    make_socket("5.srv");
    make_socket("6.req");
    assert_true(place_listens(url));
    place_unlink(address);
    assert_false(exists("5.srv"));
    assert_true(exists("6.req"));
    place_remove_around(address);
    assert_int_not_equal(access(directory, F_OK), 0);
    place_remove_around(address);
    place_remove_around("tcp://127.0.0.1:5000/7");
    place_remove_around("ipc://7");
    place_remove_around("");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_name_two_sockets),
        cmocka_unit_test(too_long_paths_are_refused),
        cmocka_unit_test(only_sockets_of_nodes_are_removed),
        cmocka_unit_test(a_directory_is_emptied_and_stays_open),
        cmocka_unit_test(a_link_is_no_directory),
        cmocka_unit_test(the_directory_around_an_address),
    };
    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
