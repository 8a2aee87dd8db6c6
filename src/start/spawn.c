#include "spawn.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

#include "birth.h"

extern char **environ;

enum { NUMBER_MAX = 24 }; /* digits of 64 bits, with sign and end mark */

static int set_attributes(posix_spawnattr_t *attributes, pid_t group) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, group);
    if (error == 0)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return error;
}

/* The line is moved first, because it may be at 0 or 1 if the embedding program has closed
 * those. */
static int set_descriptors(posix_spawn_file_actions_t *actions, int line) {
    int error = posix_spawn_file_actions_adddup2(actions, line, BIRTH_FD);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, STDIN_FILENO, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, BIRTH_FD + 1);
    return error;
}

static int spawn(const struct spawn_spec *spec, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, pid_t *pid) {
    char id[NUMBER_MAX], serial[NUMBER_MAX];
    snprintf(id, sizeof id, "%" PRId64, spec->id);
    snprintf(serial, sizeof serial, "%" PRIu64, spec->serial);
    char *arguments[] = {(char *)spec->program, id, serial, (char *)spec->address, NULL};
    return posix_spawn(pid, spec->program, actions, attributes, arguments, environ);
}

static int spawn_with(const struct spawn_spec *spec, posix_spawn_file_actions_t *actions,
                      pid_t *pid) {
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    error = set_attributes(&attributes, spec->group);
    if (error == 0)
        error = set_descriptors(actions, spec->line);
    if (error == 0)
        error = spawn(spec, actions, &attributes, pid);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int spawn_node(const struct spawn_spec *spec, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = spawn_with(spec, &actions, pid);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}
