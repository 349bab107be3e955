/* SPDX-License-Identifier: MIT */
/* Tunnel: bytes both ways, and the end of each direction by itself. */
#include "proxy/tunnel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER 32768

/* One side: its socket, and what was read from it and not written to the other one yet. */
struct side {
    struct planche_proxy_tunnel *tunnel;
    struct side *other;
    struct planche_http_watch watch;
    char *data;
    size_t first, end, capacity;
    bool ended; /* it sends no more */
    bool shut;  /* the other one was told */
};

struct planche_proxy_tunnel {
    struct planche_proxy *proxy;
    struct planche_proxy_tunnel *next, **link;
    struct side client, upstream;
    bool broken;
};

static void destroy_side(struct planche_proxy *proxy, struct side *side)
{
    planche_http_loop_unwatch(proxy->settings.loop, &side->watch);
    close(side->watch.fd);
    free(side->data);
}

static void destroy(struct planche_proxy_tunnel *tunnel)
{
    struct planche_proxy *proxy = tunnel->proxy;
    destroy_side(proxy, &tunnel->client);
    destroy_side(proxy, &tunnel->upstream);
    *tunnel->link = tunnel->next;
    if (tunnel->next != NULL)
        tunnel->next->link = tunnel->link;
    proxy->tunnel_count--;
    free(tunnel);
}

static bool read_from(struct side *side)
{
    if (side->ended || side->first < side->end)
        return false;
    side->first = side->end = 0;
    ssize_t got = recv(side->watch.fd, side->data, side->capacity, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return false;
    side->ended = got == 0;
    side->tunnel->broken = side->tunnel->broken || got < 0;
    side->end = got > 0 ? (size_t)got : 0;
    return got > 0;
}

static void write_to_other(struct side *side)
{
    while (side->first < side->end) {
        ssize_t sent = send(side->other->watch.fd, side->data + side->first,
                            side->end - side->first, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            side->tunnel->broken =
                side->tunnel->broken || (errno != EAGAIN && errno != EWOULDBLOCK);
            return;
        }
        side->first += (size_t)sent;
    }
    if (side->ended && !side->shut) {
        side->shut = true;
        shutdown(side->other->watch.fd, SHUT_WR);
    }
}

static bool watch(struct side *side)
{
    bool reads = !side->ended && side->first == side->end;
    bool writes = side->other->first < side->other->end;
    uint32_t events = (reads ? EPOLLIN : 0) | (writes ? EPOLLOUT : 0);
    return planche_http_loop_watch(side->tunnel->proxy->settings.loop, &side->watch, events);
}

static void move_on(struct planche_proxy_tunnel *tunnel)
{
    struct side *sides[] = {&tunnel->client, &tunnel->upstream};
    for (int i = 0; i < 2; i++) {
        write_to_other(sides[i]);
        if (read_from(sides[i]))
            write_to_other(sides[i]);
        else if (sides[i]->ended)
            write_to_other(sides[i]);
    }
    bool over = tunnel->broken || (tunnel->client.shut && tunnel->upstream.shut);
    if (over || !watch(&tunnel->client) || !watch(&tunnel->upstream))
        destroy(tunnel);
}

static void on_ready(void *user, uint32_t events)
{
    const struct side *side = user;
    if ((events & EPOLLERR) != 0)
        side->tunnel->broken = true;
    move_on(side->tunnel);
}

/* A side with bytes that have come from it before. */
static bool make_side(struct planche_proxy_tunnel *tunnel, struct side *side, struct side *other,
                      size_t room)
{
    *side = (struct side){.tunnel = tunnel, .other = other};
    side->capacity = room > BUFFER ? room : BUFFER;
    side->data = malloc(side->capacity);
    return side->data != NULL;
}

static void add_bytes(struct side *side, const char *data, size_t size)
{
    if (size > 0)
        memcpy(side->data + side->end, data, size);
    side->end += size;
}

static void write_head(struct planche_text_buffer *text, const struct planche_http_reply *reply)
{
    static const char change[] = "Connection: Upgrade\r\n";
    char line[300];
    const char *protocol = planche_http_reply_field(reply, "upgrade");
    int length = snprintf(line, sizeof line, "HTTP/1.1 101 %.256s\r\n", reply->reason);
    planche_text_buffer_put(text, line, (size_t)length);
    planche_proxy_write_fields(text, reply, PLANCHE_PROXY_ALL);
    planche_text_buffer_put(text, change, sizeof change - 1);
    if (protocol != NULL) {
        planche_text_buffer_put(text, "Upgrade: ", 9);
        planche_text_buffer_put(text, protocol, strlen(protocol));
        planche_text_buffer_put(text, "\r\n", 2);
    }
    planche_text_buffer_put(text, "\r\n", 2);
}

static void set_keepalive(int fd)
{
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* a Unix socket has none */
}

static void add_tunnel(struct planche_proxy *proxy, struct planche_proxy_tunnel *tunnel)
{
    tunnel->proxy = proxy;
    tunnel->next = proxy->tunnels;
    tunnel->link = &proxy->tunnels;
    if (tunnel->next != NULL)
        tunnel->next->link = &tunnel->next;
    proxy->tunnels = tunnel;
    proxy->tunnel_count++;
}

void planche_proxy_tunnel_begin(struct planche_proxy_exchange *exchange,
                                const struct planche_http_reply *reply)
{
    struct planche_proxy *proxy = exchange->proxy;
    struct planche_http_connection *c = exchange->c;
    struct planche_proxy_tunnel *tunnel = calloc(1, sizeof *tunnel);
    struct planche_text_buffer head = {0};
    char *from_client = NULL, *from_upstream = NULL;
    size_t client_size = 0, upstream_size = 0;
    write_head(&head, reply);
    int upstream = planche_proxy_call_take(&exchange->call, &from_upstream, &upstream_size);
    planche_proxy_exchange_destroy(exchange);
    c->status = 101;
    int client = planche_http_take_socket(c, &from_client, &client_size);
    bool made = tunnel != NULL && !head.failed && (upstream_size == 0 || from_upstream != NULL) &&
                make_side(tunnel, &tunnel->client, &tunnel->upstream, client_size) &&
                make_side(tunnel, &tunnel->upstream, &tunnel->client, head.size + upstream_size);
    if (made) {
        tunnel->client.watch =
            (struct planche_http_watch){client, on_ready, &tunnel->client, false};
        tunnel->upstream.watch =
            (struct planche_http_watch){upstream, on_ready, &tunnel->upstream, false};
        add_bytes(&tunnel->client, from_client, client_size);
        add_bytes(&tunnel->upstream, head.data, head.size);
        add_bytes(&tunnel->upstream, from_upstream, upstream_size);
        set_keepalive(client);
        add_tunnel(proxy, tunnel);
        move_on(tunnel);
    } else {
        close(client);
        close(upstream);
        if (tunnel != NULL)
            free(tunnel->client.data);
        free(tunnel);
    }
    planche_text_buffer_free(&head);
    free(from_client);
    free(from_upstream);
}

void planche_proxy_tunnels_close(struct planche_proxy *proxy)
{
    for (struct planche_proxy_tunnel *tunnel = proxy->tunnels, *next; tunnel != NULL;
         tunnel = next) {
        next = tunnel->next;
        destroy(tunnel);
    }
}
