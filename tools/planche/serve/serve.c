/* SPDX-License-Identifier: MIT */
/* planche serve: the command, its signals, and its end. */
#include "serve/server.h"

#include "books/books.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "os/clock.h"
#include "proxy/proxy.h"
#include "serve/browser.h"
#include "serve/health.h"
#include "serve/log.h"
#include "serve/notify.h"
#include "serve/start.h"
#include "serve/upstream/lend.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DRAIN_NS    INT64_C(20000000000) /* for pages in flight to be made */
#define FAREWELL_NS INT64_C(2000000000)  /* for the last answers to be written */

/* The life of a server. */
struct life {
    struct planche_serve serve;
    struct planche_http_watch signals;
    struct planche_http_timer end, watchdog;
    int64_t watchdog_ns;
    bool cancelled; /* pages in flight were given up */
    bool drained;   /* there are no connections any more */
};

/* Nothing is left to be done: answers are written, and the pages of a book that ran are made. */
static void on_drained(void *user)
{
    struct life *life = user;
    life->drained = true;
    if (planche_books_is_idle(life->serve.books))
        planche_http_loop_stop(life->serve.loop);
}

static void on_books_idle(void *user)
{
    struct life *life = user;
    if (life->drained)
        planche_http_loop_stop(life->serve.loop);
}

/* Pages that are still in flight are given up, which their readers are told; then it ends. */
static void on_end(void *user)
{
    struct life *life = user;
    if (life->cancelled) {
        planche_http_loop_stop(life->serve.loop);
        return;
    }
    life->cancelled = true;
    planche_http_timer_set(life->serve.loop, &life->end, planche_clock_ns() + FAREWELL_NS);
    planche_pages_cancel(life->serve.pages);
    planche_books_cancel(life->serve.books);
}

static void begin_end(struct life *life)
{
    struct planche_serve *serve = &life->serve;
    serve->draining = true;
    planche_serve_log(serve, PLANCHE_CLI_LOG_INFO, "ending: pages in flight are finished");
    planche_serve_notify("STOPPING=1");
    planche_http_timer_set(serve->loop, &life->end, planche_clock_ns() + DRAIN_NS);
    if (serve->proxy != NULL)
        planche_proxy_drain(serve->proxy);
    planche_books_drain(serve->books, on_books_idle, life);
    planche_http_server_drain(serve->server, on_drained, life);
}

/* The second signal ends the process as if nobody had caught it. */
static void die_of(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void on_signal(void *user, uint32_t events)
{
    struct life *life = user;
    struct signalfd_siginfo info;
    (void)events;
    if (read(life->signals.fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGHUP)
        planche_serve_reload(&life->serve);
    else if (life->serve.draining)
        die_of((int)info.ssi_signo);
    else
        begin_end(life);
}

/* Signals come to the loop. Before any thread is started, so that all of them are blocked there. */
static bool take_signals(struct life *life)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    life->signals = (struct planche_http_watch){fd, on_signal, life, false};
    return fd >= 0;
}

/* The manager restarts a server that hangs: nothing is said when a page has run for too long. */
static void on_watchdog(void *user)
{
    struct life *life = user;
    if (planche_serve_is_alive(&life->serve))
        planche_serve_notify("WATCHDOG=1");
    planche_http_timer_set(life->serve.loop, &life->watchdog,
                           planche_clock_ns() + life->watchdog_ns);
}

static int live(struct life *life)
{
    struct planche_serve *serve = &life->serve;
    life->end = (struct planche_http_timer){.fire = on_end, .user = life};
    life->watchdog = (struct planche_http_timer){.fire = on_watchdog, .user = life};
    life->watchdog_ns = planche_serve_watchdog_interval();
    if (!planche_http_loop_watch(serve->loop, &life->signals, EPOLLIN))
        return planche_cli_no_memory();
    if (life->watchdog_ns > 0)
        on_watchdog(life);
    planche_serve_notify("READY=1");
    planche_serve_open_browser(serve);
    bool ran = planche_http_loop_run(serve->loop);
    if (!ran)
        planche_cli_message("cannot wait for connections: %s", strerror(errno));
    planche_http_timer_stop(&life->end);
    planche_http_timer_stop(&life->watchdog);
    planche_serve_forget_browser(serve);
    planche_http_loop_unwatch(serve->loop, &life->signals);
    return ran ? PLANCHE_CLI_OK : PLANCHE_CLI_PAGE_FAILED;
}

/* --check: all that can be checked without serving is right. */
static int say_checked(const struct planche_serve *serve)
{
    puts(serve->warned ? "The options are right; the warnings say what pages may lack."
                       : "The options and files are right.");
    return PLANCHE_CLI_OK;
}

int planche_cli_serve(int argc, char **argv)
{
    int first, status;
    struct life *life = calloc(1, sizeof *life);
    if (life == NULL)
        return planche_cli_no_memory();
    if (!planche_cli_options_parse(&life->serve.options, PLANCHE_CLI_SERVE, "serve", argc, argv,
                                   &first, &status)) {
        free(life);
        return status;
    }
    if (life->serve.options.quiet &&
        !planche_cli_option_is_given(&life->serve.options, "log-level"))
        life->serve.options.serve.log_level = PLANCHE_CLI_LOG_ERROR;
    if (first < argc)
        status =
            planche_cli_usage_error("serve", "unexpected '%s'; pages come over HTTP", argv[first]);
    else if (life->serve.options.keep_format)
        status = planche_cli_usage_error("serve",
                                         "--format keep is for files; a request names its format");
    else if (!take_signals(life))
        status = planche_cli_no_memory();
    else if ((status = planche_serve_start(&life->serve)) == PLANCHE_CLI_OK)
        status = life->serve.options.serve.check ? say_checked(&life->serve) : live(life);
    planche_serve_stop(&life->serve);
    free(life);
    return status;
}
