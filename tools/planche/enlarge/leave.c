/* SPDX-License-Identifier: MIT */
/* Leaving with an engine open, and a parent that does not wait until it is closed. */
#include "enlarge/leave.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <unistd.h>

static bool left;
static int report = -1; /* of the child: where its status goes */
static pid_t child;     /* of the parent */

/* What the terminal sends goes to the child as well; what a process sends is for the parent. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code == SI_USER || info->si_code == SI_QUEUE)
        kill(child, number);
}

static const int passed[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
#define PASSED (sizeof passed / sizeof *passed)

/* Signals wait from before the child is there until it is known whom they are for. */
static void hold_signals(sigset_t *before)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < PASSED; i++)
        sigaddset(&set, passed[i]);
    sigprocmask(SIG_BLOCK, &set, before);
}

static void pass_signals_on(void)
{
    struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < PASSED; i++) {
        if (sigaction(passed[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(passed[i], &action, NULL);
    }
}

/* Ends as the child did. */
static void end_like_child(void)
{
    int ended = 0;
    pid_t found;
    do
        found = waitpid(child, &ended, 0);
    while (found < 0 && errno == EINTR);
    if (found == child && WIFSIGNALED(ended)) {
        signal(WTERMSIG(ended), SIG_DFL);
        raise(WTERMSIG(ended));
    }
    _exit(found == child && WIFEXITED(ended) ? WEXITSTATUS(ended) : 1);
}

/* A byte is the status; the end without one means that the child ended otherwise. */
static void wait_for_child(int from)
{
    unsigned char status;
    ssize_t size;
    do
        size = read(from, &status, 1);
    while (size < 0 && errno == EINTR);
    if (size == 1)
        _exit(status);
    end_like_child();
}

void planche_cli_leave_prepare(const char *device_file)
{
#ifdef PLANCHE_INSTRUMENTED
    device_file = "";
#endif
    int ends[2];
    sigset_t before;
    if (access(device_file, F_OK) != 0 || pipe2(ends, O_CLOEXEC) != 0)
        return;
    hold_signals(&before);
    child = fork();
    if (child > 0)
        pass_signals_on();
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child > 0) {
        close(ends[1]);
        wait_for_child(ends[0]);
    }
    close(ends[0]);
    if (child == 0) {
        report = ends[1];
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* as if it had been sent that itself */
#endif
    } else {
        close(ends[1]);
    }
}

void planche_cli_leave_engine(struct planche_engine **engine, bool gpu)
{
#ifdef PLANCHE_INSTRUMENTED
    gpu = false;
#endif
    left = gpu && *engine != NULL;
    if (left)
        *engine = NULL;
    else
        planche_engine_destroy(engine);
}

void planche_cli_leave_tell(int status)
{
    const unsigned char byte = (unsigned char)status;
    if (report < 0)
        return;
    /* Whoever reads the outputs must see their end before the parent's. */
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    ssize_t written = write(report, &byte, 1);
    (void)written; /* if the parent is gone nobody waits for it */
}

void planche_cli_leave(int status)
{
    if (!left)
        return;
    planche_cli_leave_tell(status);
    _exit(status);
}
