/* SPDX-License-Identifier: MIT */
/* Child processes: starting, reading, waiting, ending. */
#include "io/process.h"

#include "io/process_child.h"
#include "io/sandbox.h"
#include "os/clock.h"
#include "os/fd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between questions whether to go on; the first is the shortest pause. */
#define SHORT_MS 1
#define TICK_MS  100
/* Of nice: a tenth of what one has that computes beside it. */
#define LOWER_BY 10
/* For who is asked to end. */
#define GRACE_MS 5000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static bool is_program(const char *path)
{
    struct stat info;
    return access(path, X_OK) == 0 && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* As execvp looks for it. False: errno is ENOENT, or EACCES if what there is cannot be run. */
static bool find_program(const char *name, char path[PATH_MAX])
{
    const char *list = getenv("PATH");
    int reason = ENOENT;
    if (strchr(name, '/'))
        list = NULL;
    else if (!list)
        list = "/bin:/usr/bin";
    if (!list && snprintf(path, PATH_MAX, "%s", name) < PATH_MAX)
        return true;
    while (list && *name) {
        size_t length = strcspn(list, ":");
        int size = snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, list, length ? "/" : "", name);
        if (size < PATH_MAX && is_program(path))
            return true;
        if (size < PATH_MAX && errno == EACCES)
            reason = EACCES;
        list = list[length] ? list + length + 1 : NULL;
    }
    errno = reason;
    return false;
}

/* Not above what we are held to ourselves: only root may raise that. */
static void add_limit(struct planche_child *child, int resource, uint64_t wanted)
{
    struct rlimit now;
    struct planche_child_limit *limit = &child->limits[child->limit_count++];
    assert(child->limit_count <= PLANCHE_CHILD_LIMITS);
    rlim_t value = wanted < RLIM_INFINITY ? (rlim_t)wanted : RLIM_INFINITY;
    if (getrlimit(resource, &now) == 0 && now.rlim_max < value)
        value = now.rlim_max;
    *limit = (struct planche_child_limit){resource, {value, value}};
}

static void add_limits(struct planche_child *child, const struct planche_process_options *options)
{
    const struct planche_process_limits *limits = &options->limits;
    if (limits->memory_bytes && !(SANITIZED && options->flags & PLANCHE_PROCESS_OURS))
        add_limit(child, RLIMIT_AS, limits->memory_bytes);
    if (limits->cpu_seconds)
        add_limit(child, RLIMIT_CPU, limits->cpu_seconds);
    if (limits->file_bytes)
        add_limit(child, RLIMIT_FSIZE, limits->file_bytes);
    if (limits->open_files)
        add_limit(child, RLIMIT_NOFILE, limits->open_files);
    if (child->own_group) /* what it read may be private: no image of its memory is left */
        add_limit(child, RLIMIT_CORE, 0);
}

/* Starts the child and waits for its report. False: errno says why. */
static bool launch(struct planche_process *process, struct planche_child *child)
{
    int ends[2], reason = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    child->report = ends[1];
    int pid = planche_child_start(child);
    if (pid < 0)
        reason = errno;
    planche_fd_close(&ends[1]);
    if (pid > 0 && planche_fd_read_all(ends[0], &reason, sizeof reason) > 0)
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    planche_fd_close(&ends[0]);
    process->pid = reason ? 0 : pid;
    errno = reason;
    return reason == 0;
}

/* nowhere: /dev/null; output, messages: ends of pipes, -1 if there are none. */
static bool start_with(struct planche_process *process,
                       const struct planche_process_options *options, const char *program,
                       int nowhere, int output, int messages)
{
    unsigned flags = options->flags;
    struct planche_child child = {
        .program = program,
        .arguments = options->arguments,
        .environment = environ,
        .standard = {nowhere, output < 0 ? STDERR_FILENO : output,
                     messages >= 0                                          ? messages
                     : flags & PLANCHE_PROCESS_READ_MESSAGES && output >= 0 ? output
                     : flags & PLANCHE_PROCESS_SHOW_MESSAGES                ? STDERR_FILENO
                                                                            : nowhere},
        .inherited_count = options->inherited_count,
        .own_group = !(flags & PLANCHE_PROCESS_FOREGROUND),
        .no_network = flags & PLANCHE_PROCESS_NO_NETWORK,
        .rules = -1,
    };
    assert(options->inherited_count <= PLANCHE_CHILD_INHERITED);
    for (size_t i = 0; i < options->inherited_count; i++)
        child.inherited[i] = options->inherited[i];
    add_limits(&child, options);
    if (flags & PLANCHE_PROCESS_NO_FILE_WRITES || options->readable)
        child.rules = planche_sandbox_rules(program, options->readable);
    bool started = launch(process, &child);
    int reason = errno;
    planche_fd_close(&child.rules);
    errno = reason;
    return started;
}

/* Reading the messages must never wait. */
static bool open_message_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    int flags = fcntl(ends[0], F_GETFL);
    return flags >= 0 && fcntl(ends[0], F_SETFL, flags | O_NONBLOCK) == 0;
}

bool planche_process_start(struct planche_process *process,
                           const struct planche_process_options *options)
{
    char program[PATH_MAX];
    int ends[2] = {-1, -1}, messages[2] = {-1, -1}, nowhere = -1;
    bool started = false;
    *process = (struct planche_process){
        .fd = -1,
        .messages_fd = -1,
        .foreground = options->flags & PLANCHE_PROCESS_FOREGROUND,
        .output_left = options->output_bytes ? options->output_bytes : UINT64_MAX,
        .patience_ms = options->patience_ms,
        .cancel = options->cancel,
    };
    if (!find_program(options->arguments[0], program))
        return false;
    if ((options->flags & PLANCHE_PROCESS_SHOW_OUTPUT || pipe2(ends, O_CLOEXEC) == 0) &&
        (!(options->flags & PLANCHE_PROCESS_KEEP_MESSAGES) || open_message_pipe(messages)))
        nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere >= 0)
        started = start_with(process, options, program, nowhere, ends[1], messages[1]);
    int reason = errno;
    planche_fd_close(&nowhere);
    planche_fd_close(&ends[1]);
    planche_fd_close(&messages[1]);
    process->fd = ends[0];
    process->messages_fd = messages[0];
    if (!started) {
        planche_fd_close(&process->fd);
        planche_fd_close(&process->messages_fd);
    }
    errno = reason;
    return started;
}

/* Takes what has come of the messages; more than is kept is dropped. */
static void take_messages(struct planche_process *process)
{
    char rest[512];
    ssize_t got = process->messages_fd >= 0 ? 1 : 0;
    while (got > 0) {
        size_t room = sizeof process->messages - 1 - process->message_bytes;
        got = room ? read(process->messages_fd, process->messages + process->message_bytes, room)
                   : read(process->messages_fd, rest, sizeof rest);
        process->message_bytes += room && got > 0 ? (size_t)got : 0;
        if (got == 0)
            planche_fd_close(&process->messages_fd);
    }
    process->messages[process->message_bytes] = 0;
}

/* Whether to wait no longer for what has been silent since then; errno says why. */
static bool is_enough(struct planche_process *process, int64_t since)
{
    const int64_t now = planche_clock_ns();
    bool stopped = planche_cancel_check(process->cancel) != PLANCHE_OK;
    errno = stopped ? ECANCELED : ETIMEDOUT;
    return stopped ||
           (process->patience_ms && (uint64_t)(now - since) / 1000000 >= process->patience_ms);
}

int64_t planche_process_read(struct planche_process *process, void *data, size_t size)
{
    int64_t since = planche_clock_ns();
    while (process->fd >= 0 && !is_enough(process, since)) {
        struct pollfd pipes[] = {{.fd = process->fd, .events = POLLIN},
                                 {.fd = process->messages_fd, .events = POLLIN}};
        int ready = poll(pipes, 2, TICK_MS);
        if (ready > 0 && pipes[1].revents)
            take_messages(process);
        if (ready > 0 && !pipes[0].revents)
            continue;
        ssize_t got = ready > 0 ? read(process->fd, data, size) : ready;
        if (ready == 0 || (got < 0 && errno == EINTR))
            continue;
        if (got > 0 && (uint64_t)got > process->output_left) {
            errno = EFBIG;
            return -1;
        }
        process->output_left -= got > 0 ? (uint64_t)got : 0;
        return got;
    }
    return process->fd < 0 ? 0 : -1;
}

bool planche_process_read_text(struct planche_process *process, char *text, size_t size)
{
    char rest[512];
    size_t used = 0;
    int64_t got;
    do {
        bool full = used + 1 >= size;
        got = planche_process_read(process, full ? rest : text + used,
                                   full ? sizeof rest : size - 1 - used);
        used += full || got < 0 ? 0 : (size_t)got;
    } while (got > 0);
    text[used] = 0;
    return got == 0;
}

/* Whether it ends by itself within a time. */
static bool ends_within(int pid, int *how, int64_t milliseconds)
{
    int64_t until = planche_clock_ns() + milliseconds * 1000000;
    int ended = 0;
    while (ended == 0 && planche_clock_ns() < until) {
        ended = waitpid(pid, how, WNOHANG);
        if (ended < 0 && errno == EINTR)
            ended = 0;
        if (ended == 0)
            poll(NULL, 0, SHORT_MS);
    }
    return ended != 0;
}

static void end_by_force(int pid, bool foreground)
{
    int how;
    if (foreground && kill(pid, SIGTERM) == 0 && ends_within(pid, &how, GRACE_MS))
        return;
    if (foreground || kill(-pid, SIGKILL) < 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static int forget(struct planche_process *process)
{
    int pid = process->pid;
    planche_fd_close(&process->fd);
    planche_fd_close(&process->messages_fd);
    process->pid = 0;
    return pid;
}

bool planche_process_wait(struct planche_process *process, int *exit_status)
{
    int how = 0, pid = process->pid, ended;
    assert(pid > 0);
    planche_fd_close(&process->fd); /* who still writes sees that nobody reads */
    int64_t since = planche_clock_ns(), pause = SHORT_MS;
    while ((ended = waitpid(pid, &how, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        take_messages(process);
        poll(NULL, 0, (int)pause);
        pause = pause < TICK_MS ? pause * 2 : TICK_MS;
        if (!is_enough(process, since))
            continue;
        int reason = errno;
        forget(process);
        end_by_force(pid, process->foreground);
        errno = reason;
        return false;
    }
    take_messages(process);
    forget(process);
    /* Where somebody else has waited for it, nobody knows; its output has ended. */
    *exit_status = ended < 0 ? 0 : WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
    return true;
}

void planche_process_lower(const struct planche_process *process)
{
    errno = 0;
    int nice = getpriority(PRIO_PROCESS, 0);
    if (process->pid > 0 && errno == 0)
        (void)setpriority(PRIO_PROCESS, (id_t)process->pid, nice + LOWER_BY);
}

void planche_process_kill(struct planche_process *process)
{
    int pid = forget(process);
    if (pid > 0)
        end_by_force(pid, process->foreground);
}
