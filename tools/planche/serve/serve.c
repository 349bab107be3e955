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

#define DRAIN_NS  INT64_C(20000000000) /* for pages in flight to be made */
#define ANSWER_NS INT64_C(2000000000)  /* for the last answers to be written */

/* A server from its start to its end. */
struct session {
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
    struct session *session = user;
    session->drained = true;
    if (planche_books_is_idle(session->serve.books))
        planche_http_loop_stop(session->serve.loop);
}

static void on_books_idle(void *user)
{
    struct session *session = user;
    if (session->drained)
        planche_http_loop_stop(session->serve.loop);
}

/* Pages that are still in flight are given up, which their readers are told; then it ends. */
static void on_end(void *user)
{
    struct session *session = user;
    if (session->cancelled) {
        planche_http_loop_stop(session->serve.loop);
        return;
    }
    session->cancelled = true;
    planche_http_timer_set(session->serve.loop, &session->end, planche_clock_ns() + ANSWER_NS);
    planche_pages_cancel(session->serve.pages);
    planche_books_cancel(session->serve.books);
}

static void begin_end(struct session *session)
{
    struct planche_serve *serve = &session->serve;
    serve->draining = true;
    planche_serve_log(serve, PLANCHE_CLI_LOG_INFO, "ending: pages in flight are finished");
    planche_serve_notify("STOPPING=1");
    planche_http_timer_set(serve->loop, &session->end, planche_clock_ns() + DRAIN_NS);
    if (serve->proxy != NULL)
        planche_proxy_drain(serve->proxy);
    planche_books_drain(serve->books, on_books_idle, session);
    planche_http_server_drain(serve->server, on_drained, session);
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
    struct session *session = user;
    struct signalfd_siginfo info;
    (void)events;
    if (read(session->signals.fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGHUP)
        planche_serve_reload(&session->serve);
    else if (session->serve.draining)
        die_of((int)info.ssi_signo);
    else
        begin_end(session);
}

/* Signals come to the loop. Before any thread is started, so that all of them are blocked there. */
static bool take_signals(struct session *session)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    session->signals = (struct planche_http_watch){fd, on_signal, session, false};
    return fd >= 0;
}

/* The manager restarts a server that hangs: nothing is said when a page has run for too long. */
static void on_watchdog(void *user)
{
    struct session *session = user;
    if (planche_serve_is_alive(&session->serve))
        planche_serve_notify("WATCHDOG=1");
    planche_http_timer_set(session->serve.loop, &session->watchdog,
                           planche_clock_ns() + session->watchdog_ns);
}

static int run(struct session *session)
{
    struct planche_serve *serve = &session->serve;
    session->end = (struct planche_http_timer){.fire = on_end, .user = session};
    session->watchdog = (struct planche_http_timer){.fire = on_watchdog, .user = session};
    session->watchdog_ns = planche_serve_watchdog_interval();
    if (!planche_http_loop_watch(serve->loop, &session->signals, EPOLLIN))
        return planche_cli_no_memory();
    if (session->watchdog_ns > 0)
        on_watchdog(session);
    planche_serve_notify("READY=1");
    planche_serve_open_browser(serve);
    bool ran = planche_http_loop_run(serve->loop);
    if (!ran)
        planche_cli_message("cannot wait for connections: %s", strerror(errno));
    planche_http_timer_stop(&session->end);
    planche_http_timer_stop(&session->watchdog);
    planche_serve_forget_browser(serve);
    planche_http_loop_unwatch(serve->loop, &session->signals);
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
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return planche_cli_no_memory();
    if (!planche_cli_options_parse(&session->serve.options, PLANCHE_CLI_SERVE, "serve", argc, argv,
                                   &first, &status)) {
        free(session);
        return status;
    }
    if (session->serve.options.quiet &&
        !planche_cli_option_is_given(&session->serve.options, "log-level"))
        session->serve.options.serve.log_level = PLANCHE_CLI_LOG_ERROR;
    if (first < argc)
        status =
            planche_cli_usage_error("serve", "unexpected '%s'; pages come over HTTP", argv[first]);
    else if (session->serve.options.keep_format)
        status = planche_cli_usage_error("serve",
                                         "--format keep is for files; a request names its format");
    else if (!take_signals(session))
        status = planche_cli_no_memory();
    else if ((status = planche_serve_start(&session->serve)) == PLANCHE_CLI_OK)
        status = session->serve.options.serve.check ? say_checked(&session->serve) : run(session);
    planche_serve_stop(&session->serve);
    free(session);
    return status;
}
