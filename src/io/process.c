/* SPDX-License-Identifier: MIT */
/* Programs that do for us what must not go wrong in our own process. */
#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* No page of a book takes so much. */
#define MAX_BYTES   ((rlim_t)4 << 30)
#define MAX_SECONDS ((rlim_t)600)

/* Between questions whether to stop; the first is the shortest pause. */
#define SHORT_MS 1
#define TICK_MS  100

/* Signals that this process ignores or blocks are as usual there. A group of its own keeps Ctrl-C
 * from it: who started it ends it, and not by looking like a damaged file. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setpgroup(attributes, 0);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
}

static int set_files(posix_spawn_file_actions_t *files, int output, bool messages)
{
    int result = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    if (result == 0)
        result = posix_spawn_file_actions_adddup2(files, output, 1);
    if (result == 0 && messages)
        return posix_spawn_file_actions_adddup2(files, output, 2);
    return result ? result : posix_spawn_file_actions_addopen(files, 2, "/dev/null", O_WRONLY, 0);
}

static int start(pid_t *pid, int output, const char *const *arguments, bool messages)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int result = posix_spawn_file_actions_init(&files);
    if (result)
        return result;
    result = posix_spawnattr_init(&attributes);
    if (result == 0) {
        result = set_attributes(&attributes);
        if (result == 0)
            result = set_files(&files, output, messages);
        if (result == 0)
            result = posix_spawnp(pid, arguments[0], &files, &attributes, (char *const *)arguments,
                                  environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return result;
}

bool planche_process_start(struct planche_process *child, const char *const *arguments,
                           bool messages)
{
    int ends[2];
    const struct rlimit bytes = {MAX_BYTES, MAX_BYTES}, seconds = {MAX_SECONDS, MAX_SECONDS};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    int reason = start(&child->pid, ends[1], arguments, messages);
    close(ends[1]);
    child->fd = ends[0];
    if (reason) {
        child->pid = 0;
        planche_process_kill(child);
        errno = reason;
        return false;
    }
    prlimit(child->pid, RLIMIT_AS, &bytes, NULL);
    prlimit(child->pid, RLIMIT_CPU, &seconds, NULL);
    return true;
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Whether to wait no longer for what has been silent since then; errno says why. */
static bool is_enough(struct planche_process *child, int64_t since)
{
    int64_t time = now();
    if (child->stop && time - child->asked >= TICK_MS) {
        child->asked = time;
        if (child->stop(child->user)) {
            errno = ECANCELED;
            return true;
        }
    }
    errno = ETIMEDOUT;
    return time - since >= child->patience;
}

int64_t planche_process_read(struct planche_process *child, void *data, size_t size)
{
    int64_t since = now();
    while (!is_enough(child, since)) {
        struct pollfd output = {.fd = child->fd, .events = POLLIN};
        int ready = poll(&output, 1, TICK_MS);
        ssize_t got = ready > 0 ? read(child->fd, data, size) : ready;
        if (ready != 0 && (got >= 0 || errno != EINTR))
            return got;
    }
    return -1;
}

/* Its group, with what it may have started itself; emulators may not have made the group yet. */
static void end_by_force(pid_t pid)
{
    if (kill(-pid, SIGKILL) < 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static void forget(struct planche_process *child)
{
    if (child->fd >= 0)
        close(child->fd);
    child->fd = -1;
    child->pid = 0;
}

bool planche_process_wait(struct planche_process *child)
{
    int how = 0, reason = 0;
    pid_t pid = child->pid, ended;
    int64_t since = now(), pause = SHORT_MS;
    forget(child);
    while (reason == 0 &&
           ((ended = waitpid(pid, &how, WNOHANG)) == 0 || (ended < 0 && errno == EINTR))) {
        poll(NULL, 0, (int)pause);
        pause = pause < TICK_MS ? pause * 2 : TICK_MS;
        if (is_enough(child, since))
            reason = errno;
    }
    if (reason)
        end_by_force(pid);
    errno = reason;
    /* Where somebody else has waited for it, nobody knows; its output has ended. */
    return reason == 0 && (ended < 0 || (WIFEXITED(how) && WEXITSTATUS(how) == 0));
}

void planche_process_kill(struct planche_process *child)
{
    if (child->pid > 0)
        end_by_force(child->pid);
    forget(child);
}
