/* SPDX-License-Identifier: MIT */
/* Browser: the user's own, with the main page (--open). */
#include "serve/browser.h"

#include "os/fd.h"
#include "serve/log.h"
#include "serve/upstream/lend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>

#define PROGRAM "xdg-open"

/* The first address that a browser can open; a listener on all addresses is on this machine's own,
 * too. False: there is none. */
static bool find_address(const struct planche_serve *serve, char *address, size_t size)
{
    static const char *const all[][2] = {{"http://0.0.0.0:", "http://127.0.0.1:"},
                                         {"http://[::]:", "http://[::1]:"}};
    for (unsigned i = 0; i < serve->listener_count; i++) {
        const char *name = serve->listeners[i].name;
        if (strncmp(name, "http://", 7) != 0)
            continue;
        const char *start = "";
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
            if (strncmp(name, all[k][0], strlen(all[k][0])) == 0) {
                start = all[k][1];
                name += strlen(all[k][0]);
            }
        }
        snprintf(address, size, "%s%s%s/", start, name,
                 serve->options.serve.upstream != NULL ? PLANCHE_SERVE_OWN : "");
        return true;
    }
    return false;
}

/* The program has ended: xdg-open does so at once, where it need not be the browser itself. */
static void on_end(void *user, uint32_t events)
{
    struct planche_serve *serve = user;
    int status;
    (void)events;
    planche_serve_forget_browser(serve);
    if (planche_process_wait(&serve->browser, &status) && status != 0)
        planche_serve_log(serve, PLANCHE_CLI_LOG_WARN, PROGRAM " could not open a browser (%d)",
                          status);
}

void planche_serve_open_browser(struct planche_serve *serve)
{
    char address[160];
    serve->browser_watch = (struct planche_http_watch){-1, on_end, serve, false};
    if (!serve->options.serve.open)
        return;
    if (!find_address(serve, address, sizeof address)) {
        planche_serve_log(serve, PLANCHE_CLI_LOG_WARN,
                          "browsers cannot open Unix sockets: --open needs another --listen");
        return;
    }
    const char *const arguments[] = {PROGRAM, address, NULL};
    const struct planche_process_options options = {.arguments = arguments,
                                                    .flags = PLANCHE_PROCESS_SHOW_OUTPUT};
    if (!planche_process_start(&serve->browser, &options)) {
        planche_serve_log(serve, PLANCHE_CLI_LOG_WARN, "cannot run " PROGRAM ": %s; open %s",
                          strerror(errno), address);
        return;
    }
    serve->browser_watch.fd = pidfd_open(serve->browser.pid, 0);
    if (serve->browser_watch.fd >= 0)
        planche_http_loop_watch(serve->loop, &serve->browser_watch, EPOLLIN);
}

void planche_serve_forget_browser(struct planche_serve *serve)
{
    planche_http_loop_unwatch(serve->loop, &serve->browser_watch);
    planche_fd_close(&serve->browser_watch.fd);
}
