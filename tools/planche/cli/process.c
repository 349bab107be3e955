/* SPDX-License-Identifier: MIT */
/* Other programs, run without a shell. */
#include "cli/process.h"

#include "cli/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 50

extern char **environ;

/* Descriptors and signals as the program expects them: stdout is the pipe's end or our stderr. */
static int start(pid_t *child, const char *const *arguments, bool silent, int stdout_fd)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, stdout_fd, STDOUT_FILENO);
    if (silent)
        posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int failure = posix_spawnp(child, arguments[0], &files, &attributes,
                               (char *const *)(void *)arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failure;
}

/* Moves what the pipe holds by now into output. */
static void drain(int pipe_fd, char *output, size_t size, size_t *used)
{
    char discard[512];
    ssize_t got;
    do {
        bool full = *used + 1 >= size;
        got = full ? read(pipe_fd, discard, sizeof discard)
                   : read(pipe_fd, output + *used, size - 1 - *used);
        *used += full || got < 0 ? 0 : (size_t)got;
    } while (got > 0);
}

static int wait_for(pid_t child, int pipe_fd, char *output, size_t size)
{
    size_t used = 0;
    bool told = false;
    int status = 0;
    pid_t ended;
    do {
        if (planche_cli_interrupt_signal() != 0 && !told) {
            kill(child, SIGTERM);
            told = true;
        }
        poll(NULL, 0, POLL_MS);
        ended = waitpid(child, &status, WNOHANG);
        if (output != NULL)
            drain(pipe_fd, output, size, &used);
    } while (ended == 0 || (ended < 0 && errno == EINTR));
    if (output != NULL)
        output[used] = 0;
    if (told)
        return PLANCHE_CLI_SPAWN_INTERRUPTED;
    return ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : PLANCHE_CLI_SPAWN_BROKEN;
}

int planche_cli_spawn(const char *const *arguments, bool silent, char *output, size_t size)
{
    int ends[2] = {-1, -1};
    if (output != NULL && (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0))
        return PLANCHE_CLI_SPAWN_BROKEN;
    pid_t child;
    int failure = start(&child, arguments, silent, output != NULL ? ends[1] : STDERR_FILENO);
    if (ends[1] >= 0)
        close(ends[1]);
    int status;
    if (failure == 0)
        status = wait_for(child, ends[0], output, size);
    else
        status = failure == ENOENT ? PLANCHE_CLI_SPAWN_MISSING : PLANCHE_CLI_SPAWN_BROKEN;
    if (ends[0] >= 0)
        close(ends[0]);
    return status;
}
