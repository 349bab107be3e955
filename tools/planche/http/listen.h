/* SPDX-License-Identifier: MIT */
/* Sockets to listen on: addresses, Unix sockets, and those that systemd hands over. */
#ifndef PLANCHE_HTTP_LISTEN_H
#define PLANCHE_HTTP_LISTEN_H

#include "http/connection.h"

#include <planche/error.h>

#define PLANCHE_HTTP_MAX_LISTENERS 16

struct planche_http_listener {
    int fd;
    bool made; /* here: not handed over by another process */
    enum planche_http_place place;
    char name[128]; /* for people: "http://127.0.0.1:8377", "unix:/run/planche.sock" */
    char path[108]; /* of a Unix socket that is to be removed at the end; "": none */
};

/* Listens on ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH. Port 0: the system chooses, and the name
 * says which. Errors: ARGUMENT (no such address), IO. */
enum planche_status planche_http_listen(struct planche_http_listener *listener, const char *text,
                                        struct planche_error *error);
/* Whether that is an address at all; nothing is opened. Error: ARGUMENT. */
enum planche_status planche_http_listen_check(const char *text, struct planche_error *error);
/* The sockets that systemd hands over (LISTEN_FDS), at most count of them: how many. The variables
 * are removed, so that no child takes them for its own. */
unsigned planche_http_listen_inherited(struct planche_http_listener *listeners, unsigned count);
/* Closes it, and removes its name. */
void planche_http_listener_close(struct planche_http_listener *listener);
/* A peer's address without its port. */
void planche_http_peer_name(char *text, size_t size, int fd);

#endif
