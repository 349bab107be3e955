/* SPDX-License-Identifier: MIT */
/* Server: accepts connections, and lets so many of their requests be handled at once. As many more
 * wait for their turn, so that some connections of all are neither: idle, reading a head, or at
 * their end. The oldest of these makes room for a new one, so a request is always read, and an
 * urgent one answered, whatever the others hold. */
#include "http/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_AT_ONCE 16
#define SPARE          64u /* connections that are neither handled nor wait */
#define RETRY_NS       INT64_C(200000000)

struct port {
    struct planche_http_server *server;
    struct planche_http_listener *listener;
    struct planche_http_watch watch;
};

struct planche_http_server {
    struct planche_http_settings own; /* the connections' */
    struct planche_http_settings *settings;
    struct port ports[PLANCHE_HTTP_MAX_LISTENERS];
    unsigned port_count, connections, max_requests;
    struct planche_http_connection *first;
    unsigned admitted, waiting; /* requests */
    struct planche_http_connection *first_waiting, **last_waiting;
    bool admitting;
    struct planche_http_timer retry;
    bool starved; /* of descriptors: nothing is accepted for a while */
    bool draining;
    void (*drained)(void *user);
    void *drained_user;
};

static void try_again_later(struct planche_http_server *server)
{
    server->starved = true;
    planche_http_timer_set(server->own.loop, &server->retry,
                           planche_http_loop_now(server->own.loop) + RETRY_NS);
}

static void listen_on(struct planche_http_server *server)
{
    bool watched = true;
    server->starved = false;
    for (unsigned i = 0; i < server->port_count && !server->draining; i++) {
        struct port *port = &server->ports[i];
        if (port->listener->fd >= 0 &&
            !planche_http_loop_watch(server->own.loop, &port->watch, EPOLLIN))
            watched = false;
    }
    if (!watched)
        try_again_later(server);
}

static void stop_listening(struct planche_http_server *server)
{
    for (unsigned i = 0; i < server->port_count; i++)
        planche_http_loop_unwatch(server->own.loop, &server->ports[i].watch);
}

static void on_retry(void *user)
{
    listen_on(user);
}

/* What makes room: an idle connection, else one whose request is not there yet or has its answer.
 * New ones come first in the list, so the last of a kind has been there longest. Of all connections
 * that a server takes SPARE are one of these. */
static struct planche_http_connection *find_spare(const struct planche_http_server *server)
{
    struct planche_http_connection *idle = NULL, *other = NULL;
    for (struct planche_http_connection *c = server->first; c != NULL; c = c->next) {
        if (planche_http_connection_is_idle(c))
            idle = c;
        else if (!c->admitted && c->waiting == NULL)
            other = c;
    }
    return idle != NULL ? idle : other;
}

static void add(struct planche_http_server *server, const struct port *port, int fd)
{
    const int on = 1;
    char peer[64];
    planche_http_peer_name(peer, sizeof peer, fd);
    if (port->listener->place != PLANCHE_HTTP_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct planche_http_connection *c =
        planche_http_connection_open(&server->own, fd, port->listener->place, peer);
    if (c == NULL) {
        close(fd);
        return;
    }
    c->next = server->first;
    c->link = &server->first;
    if (c->next != NULL)
        c->next->link = &c->next;
    server->first = c;
    server->connections++;
}

static void on_connection(void *user, uint32_t events)
{
    struct port *port = user;
    struct planche_http_server *server = port->server;
    (void)events;
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        bool full = server->connections >= planche_http_server_capacity(server->max_requests);
        struct planche_http_connection *spare = full ? find_spare(server) : NULL;
        int fd = accept4(port->listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            if (spare != NULL)
                planche_http_connection_close(spare);
            add(server, port, fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                stop_listening(server);
                try_again_later(server);
            }
            return;
        }
    }
}

static void check_drained(struct planche_http_server *server)
{
    void (*drained)(void *user) = server->drained;
    if (server->connections > 0 || drained == NULL)
        return;
    server->drained = NULL;
    drained(server->drained_user);
}

static void on_closed(void *user, struct planche_http_connection *c)
{
    struct planche_http_server *server = user;
    server->settings->closed(server->settings->user, c);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    server->connections--;
    if (server->starved && !server->draining)
        listen_on(server);
    check_drained(server);
}

static void wait_for_turn(struct planche_http_server *server, struct planche_http_connection *c)
{
    c->next_waiting = NULL;
    c->waiting = server->last_waiting;
    *c->waiting = c;
    server->last_waiting = &c->next_waiting;
    server->waiting++;
    planche_http_timer_set(server->own.loop, &c->timer,
                           planche_http_loop_now(server->own.loop) + server->own.room_ns);
}

static void leave_queue(struct planche_http_server *server, struct planche_http_connection *c)
{
    if (c->waiting == NULL)
        return;
    *c->waiting = c->next_waiting;
    if (c->next_waiting != NULL)
        c->next_waiting->waiting = c->waiting;
    else
        server->last_waiting = c->waiting;
    c->waiting = NULL;
    server->waiting--;
    planche_http_timer_stop(&c->timer);
}

static void handle(struct planche_http_server *server, struct planche_http_connection *c)
{
    c->closes = c->closes || server->draining;
    server->settings->request(server->settings->user, c);
}

static void admit(struct planche_http_server *server, struct planche_http_connection *c)
{
    c->admitted = true;
    server->admitted++;
    handle(server, c);
}

/* Those that wait get their turns. A request that ends at once comes back here: the first call
 * does it all, so that the stack stays as deep. */
static void admit_waiting(struct planche_http_server *server)
{
    struct planche_http_connection *c;
    if (server->admitting)
        return;
    server->admitting = true;
    while (server->admitted < server->max_requests && (c = server->first_waiting) != NULL) {
        leave_queue(server, c);
        bool busy = planche_http_connection_enter(c);
        admit(server, c);
        planche_http_connection_leave(c, busy);
    }
    server->admitting = false;
}

static bool is_urgent(const struct planche_http_server *server,
                      const struct planche_http_connection *c)
{
    return server->settings->urgent != NULL && server->settings->urgent(server->settings->user, c);
}

static void on_request(void *user, struct planche_http_connection *c)
{
    struct planche_http_server *server = user;
    /* Those that wait may be getting turns: what comes next on their connections is behind all. */
    if (server->admitted < server->max_requests && server->waiting == 0)
        admit(server, c);
    else if (is_urgent(server, c))
        handle(server, c);
    else if (server->waiting < server->max_requests)
        wait_for_turn(server, c);
    else
        planche_http_connection_refuse(c, 503);
}

static void on_refusal(void *user, struct planche_http_connection *c, unsigned status)
{
    struct planche_http_server *server = user;
    leave_queue(server, c);
    server->settings->refuse(server->settings->user, c, status);
}

static void on_finished(void *user, struct planche_http_connection *c)
{
    struct planche_http_server *server = user;
    if (c->waiting != NULL)
        c->head.method = c->head.target = ""; /* no handler has had it */
    leave_queue(server, c);
    server->settings->finished(server->settings->user, c);
    server->admitted -= c->admitted;
    c->admitted = false;
    admit_waiting(server);
}

struct planche_http_server *planche_http_server_create(struct planche_http_settings *settings,
                                                       struct planche_http_listener *listeners,
                                                       unsigned count, unsigned max_requests)
{
    struct planche_http_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return NULL;
    server->settings = settings;
    server->own = *settings;
    server->own.request = on_request;
    server->own.refuse = on_refusal;
    server->own.finished = on_finished;
    server->own.closed = on_closed;
    server->own.user = server;
    server->max_requests = max_requests;
    server->last_waiting = &server->first_waiting;
    server->retry = (struct planche_http_timer){.fire = on_retry, .user = server};
    for (unsigned i = 0; i < count && i < PLANCHE_HTTP_MAX_LISTENERS; i++) {
        struct port *port = &server->ports[server->port_count++];
        *port = (struct port){server, &listeners[i], {listeners[i].fd, on_connection, port, false}};
    }
    listen_on(server);
    return server;
}

void planche_http_server_drain(struct planche_http_server *server, void (*drained)(void *user),
                               void *user)
{
    server->draining = true;
    server->drained = NULL;
    stop_listening(server);
    planche_http_timer_stop(&server->retry);
    for (unsigned i = 0; i < server->port_count; i++)
        planche_http_listener_close(server->ports[i].listener);
    for (struct planche_http_connection *c = server->first, *next; c != NULL; c = next) {
        next = c->next;
        c->closes = true;
        if (planche_http_connection_is_idle(c))
            planche_http_connection_close(c);
    }
    server->drained = drained;
    server->drained_user = user;
    check_drained(server);
}

void planche_http_server_destroy(struct planche_http_server *server)
{
    if (server == NULL)
        return;
    server->draining = true;
    server->admitting = true; /* nobody has a turn any more */
    stop_listening(server);
    planche_http_timer_stop(&server->retry);
    while (server->first != NULL)
        planche_http_connection_close(server->first);
    free(server);
}

unsigned planche_http_server_capacity(unsigned max_requests)
{
    return 2 * max_requests + SPARE;
}

unsigned planche_http_server_connections(const struct planche_http_server *server)
{
    return server->connections;
}
