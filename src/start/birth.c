#include "birth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READY  "ready\n"
#define JOINED "joined\n"
#define FAILED "failed: "

enum { RETRY_US = 1000 }; /* between attempts to write while the system has no memory */

/* ---- the starter's end ---- */

int birth_open(int pair[2]) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return errno;
    if (fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0)
        return 0;
    int error = errno;
    close(pair[0]);
    close(pair[1]);
    return error;
}

/* Cuts a line down to the reason of the failure. */
static void read_failure(char text[BIRTH_TEXT_MAX]) {
    size_t prefix = strlen(FAILED);
    if (strncmp(text, FAILED, prefix) != 0) {
        snprintf(text, BIRTH_TEXT_MAX, "the node says something else than that it is ready");
        return;
    }
    memmove(text, text + prefix, strlen(text + prefix) + 1);
    text[strcspn(text, "\n")] = '\0';
}

enum birth_news birth_read(int fd, char text[BIRTH_TEXT_MAX]) {
    char line[BIRTH_TEXT_MAX];
    ssize_t len = recv(fd, line, sizeof line - 1, 0);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return BIRTH_NOTHING;
    if (len <= 0)
        return BIRTH_OVER;
    line[len] = '\0';
    if (strcmp(line, READY) == 0)
        return BIRTH_READY;
    if (strcmp(line, JOINED) == 0)
        return BIRTH_JOINED;
    read_failure(line);
    memcpy(text, line, sizeof line);
    return BIRTH_FAILED;
}

/* ---- the node's end ---- */

bool birth_watch(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(fd, F_SETOWN, getpid()) == 0 && fcntl(fd, F_SETSIG, SIGCONT) == 0 &&
           fcntl(fd, F_SETFL, flags | O_ASYNC) == 0;
}

static pid_t starter; /* written before the handler is installed */

/* By the time of the signal the kernel has already given all nodes a new parent. */
static void survive(int number) {
    int error = errno;
    if (getppid() == starter) {
        signal(number, SIG_DFL);
        raise(number); /* delivered when this handler returns */
    }
    errno = error;
}

void birth_survive_hangup(void) {
    struct sigaction action = {.sa_handler = survive, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    starter = getppid();
    sigaction(SIGHUP, &action, NULL); /* fails only for signals that do not exist */
}

/* If this line were lost, the starter would wait for ever: retries until the system has memory. */
static void write_line(int fd, const char *line) {
    while (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0 &&
           (errno == EINTR || errno == ENOBUFS || errno == ENOMEM))
        usleep(errno == EINTR ? 0 : RETRY_US);
}

void birth_write_ready(int fd) {
    write_line(fd, READY);
}

void birth_write_joined(int fd) {
    write_line(fd, JOINED);
}

void birth_write_failure(int fd, const char *text) {
    char line[BIRTH_TEXT_MAX];
    int len = (int)strcspn(text, "\n"), room = (int)(sizeof line - sizeof FAILED - 1);
    snprintf(line, sizeof line, "%s%.*s\n", FAILED, len < room ? len : room, text);
    write_line(fd, line);
}
