/* SPDX-License-Identifier: MIT */
/* The planche command: runs the sub-command; without one, it enlarges pages. Under the name of an
 * ncnn program it runs in drop-in mode. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "enlarge/leave.h"
#include "ncnn/dropin.h"

#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"models", planche_cli_models},   {"info", planche_cli_info},
    {"stdio", planche_cli_stdio},     {"bench", planche_cli_bench},
    {"preview", planche_cli_preview}, {"compare", planche_cli_compare},
    {"serve", planche_cli_serve},     {"cache", planche_cli_cache},
    {"worker", planche_cli_worker},   {"queue", planche_cli_queue},
    {"tune", planche_cli_tune},       {"doctor", planche_cli_doctor},
    {"help", planche_cli_help},       {"version", planche_cli_version},
};

static int run(int argc, char **argv)
{
    const struct planche_cli_peer *peer = planche_cli_dropin_peer(argv[0]);
    if (peer != NULL)
        return planche_cli_dropin(peer, argc, argv);
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    return planche_cli_enlarge(argc, argv);
}

/* If the caller has closed a standard stream, no pipe or page may get its descriptor. What is
 * written there must fail as if it were closed still. */
static void occupy_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Codecs allocate and free buffers for every row. By default the C library would keep freed memory
 * in an arena of each thread, beyond the memory budget. What it may keep free is a fixed amount: a
 * heap that gives back every small block is a thousand system calls a page with libaom, each of
 * which stops all other threads that allocate (docs/performance.md). */
#define HEAP_BLOCK ((int)1 << 20) /* from this size on, blocks are the system's own */
#define HEAP_SPARE ((int)16 << 20)
static void keep_heap_small(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, HEAP_BLOCK);
    mallopt(M_TRIM_THRESHOLD, HEAP_SPARE);
#endif
}

/* True when standard output is a pipe or socket that nobody reads. */
static bool has_no_reader(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

/* The exit status, now that all has been written or cannot be. Whoever takes the first lines only
 * (head) wants no message: as with other programs, SIGPIPE ends the process then. */
static int finish_output(int status)
{
    if (planche_cli_flush_output() && !ferror(stdout))
        return status;
    const int reason = planche_cli_output_reason();
    if (!has_no_reader())
        planche_cli_message("standard output: cannot write%s%s", reason ? ": " : "",
                            reason ? strerror(reason) : "");
    else if (status == PLANCHE_CLI_OK && planche_cli_interrupt_signal() == 0 &&
             signal(SIGPIPE, SIG_DFL) != SIG_ERR)
        raise(SIGPIPE);
    return status == PLANCHE_CLI_OK ? PLANCHE_CLI_PAGE_FAILED : status;
}

int main(int argc, char **argv)
{
    keep_heap_small();
    occupy_standard_streams();
    planche_cli_json_start();
    /* A reader that goes away is a failed write and must not kill the process between two pages. */
    signal(SIGPIPE, SIG_IGN);
    /* Likewise a file that grows beyond its limit: the page fails and its temporary file goes. */
    signal(SIGXFSZ, SIG_IGN);
    int status = finish_output(run(argc, argv));
    planche_cli_interrupt_finish();
    planche_cli_leave(status);
    return status;
}
