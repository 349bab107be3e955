/* SPDX-License-Identifier: MIT */
/* Connection: bytes in, requests one after the other, bytes out. What handlers of requests use is
 * in http/answer.h and http/receive.h. */
#ifndef PLANCHE_HTTP_CONNECTION_H
#define PLANCHE_HTTP_CONNECTION_H

#include "http/budget.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/loop.h"
#include "http/output.h"

struct planche_http_connection;

/* Where a connection was accepted. */
enum planche_http_place { PLANCHE_HTTP_LOOPBACK, PLANCHE_HTTP_UNIX, PLANCHE_HTTP_NETWORK };

/* What a server does with its connections. Every call is made on the loop's thread. */
struct planche_http_settings {
    struct planche_http_loop *loop;
    struct planche_http_budget *budget;
    int64_t head_ns;  /* from the first byte of a head to its last */
    int64_t body_ns;  /* for a whole body */
    int64_t stall_ns; /* in which at least PLANCHE_HTTP_STALL_BYTES have to go in or out */
    int64_t room_ns;  /* that a body waits for room in the budget */
    int64_t idle_ns;  /* between two requests */
    /* A head is there. The handler answers now or later, and may receive the body first. */
    void (*request)(void *user, struct planche_http_connection *connection);
    /* Whether a request is answered at once while others wait for their turn; NULL: none is. */
    bool (*urgent)(void *user, const struct planche_http_connection *connection);
    /* What came is no request, did not come in time, or came when too many waited: to be answered
     * with this status. */
    void (*refuse)(void *user, struct planche_http_connection *connection, unsigned status);
    /* An exchange has ended: its answer is written (or its client is gone). status and the counts
     * of bytes are set; status is 0 if nothing was answered. */
    void (*finished)(void *user, struct planche_http_connection *connection);
    /* The connection is closed, and freed when this returns. */
    void (*closed)(void *user, struct planche_http_connection *connection);
    void *user;
};

#define PLANCHE_HTTP_ID          65 /* bytes of an id with the 0 */
#define PLANCHE_HTTP_STALL_BYTES 16384
#define PLANCHE_HTTP_MAX_EXTRA   1536 /* bytes of fields that handlers add */

enum planche_http_input {
    PLANCHE_HTTP_INPUT_HEAD,   /* reading a head, or waiting for one */
    PLANCHE_HTTP_INPUT_UNREAD, /* the head is there; its body has not been asked for */
    PLANCHE_HTTP_INPUT_BODY,   /* reading a body */
    PLANCHE_HTTP_INPUT_PAUSED, /* in the midst of a body: no room, or a slow receiver */
    PLANCHE_HTTP_INPUT_DONE,   /* the whole request has been read */
    PLANCHE_HTTP_INPUT_LINGER  /* dropping what comes until the other side closes */
};

enum planche_http_received {
    PLANCHE_HTTP_RECEIVED,  /* all of it */
    PLANCHE_HTTP_TOO_LARGE, /* than the limit */
    PLANCHE_HTTP_NO_ROOM,   /* in the budget, or no memory */
    PLANCHE_HTTP_TOO_SLOW,
    PLANCHE_HTTP_MALFORMED /* chunks that are none */
};

/* Of the http/ files, but for the fields above the line. */
struct planche_http_connection {
    /* The request, from the call of request until the exchange ends. */
    struct planche_http_head head;
    enum planche_http_place place;
    char peer[64];                /* address without a port, or "unix" */
    uint64_t number;              /* of the exchange */
    char id[PLANCHE_HTTP_ID];     /* the server's name for it, for logs; "" at first */
    int64_t began;                /* planche_http_loop_now of the request */
    const char *route;            /* the server's name for it, for logs; "" at first */
    unsigned status;              /* of the answer; 0: none yet */
    char reason[512];             /* why it is that, in the server's words, for logs; "" at first */
    uint64_t bytes_in, bytes_out; /* of bodies */
    /* ------------------------------------------------------------------------------------ */
    const struct planche_http_settings *settings;
    struct planche_http_connection *next, **link; /* of the server's list */
    /* Of the server's queue of requests that wait for their turn; NULL: it is in none. */
    struct planche_http_connection *next_waiting, **waiting;
    bool admitted; /* its request counts as one of those that are handled */
    struct planche_http_watch watch;
    uint32_t watched;
    struct planche_http_timer timer;
    bool busy, closing; /* its own code runs; it is to be closed when that is done */

    enum planche_http_input input;
    char *buffer; /* what was read and not used: buffer[first..end) */
    size_t first, end, capacity, seen;
    bool ended; /* the other side sends no more */
    char *head_text;
    size_t head_size;
    uint64_t left; /* of a body with a length */
    struct planche_http_chunked chunked;
    bool continues;   /* 100 Continue was sent */
    int64_t body_end; /* when the body has to be there */
    uint64_t stalled; /* bytes since the stall timer was set */

    /* The receiver of the body: takes bytes, data[0..size); size 0: the body is complete. Called in
     * state BODY alone. */
    void (*take)(struct planche_http_connection *connection, const char *data, size_t size);
    /* Where a body with a length goes, if it need not pass through the buffer: room for *size
     * bytes, which are then given to take as they lie there. NULL: it passes through the buffer. */
    char *(*place_body)(struct planche_http_connection *connection, size_t *size);
    /* The body does not come: TOO_SLOW or MALFORMED. */
    void (*fail)(struct planche_http_connection *connection, enum planche_http_received why);
    void (*receiver)(void *user, struct planche_http_connection *connection,
                     enum planche_http_received outcome);
    void *receiver_user;
    /* Streamed bodies: see planche_http_stream. */
    void (*stream)(void *user, struct planche_http_connection *connection, const char *data,
                   size_t size);
    struct planche_http_blob *body; /* being filled */
    uint64_t body_limit;
    size_t body_capacity;
    struct planche_http_room room;

    void (*gone)(void *user);
    void *gone_user;

    struct planche_http_output out;
    bool answered;       /* the whole answer is in out */
    bool streaming;      /* its head is */
    bool out_chunked;    /* it has no length */
    bool closes;         /* no other request after this one */
    bool half_closed;    /* a client that sends no more may still want the answer */
    int pipe[2];         /* for planche_http_write_from; 0: there is none */
    int64_t patience_ns; /* for a client that takes no more; 0: the settings' stall_ns */
    void (*drained)(void *user);
    void *drained_user;
    char extra[PLANCHE_HTTP_MAX_EXTRA]; /* fields for the answer */
    size_t extra_size;
};

/* Takes a socket, which does not block. NULL: no memory, or the system refuses to watch it; the
 * socket is still the caller's. */
struct planche_http_connection *
planche_http_connection_open(const struct planche_http_settings *settings, int fd,
                             enum planche_http_place place, const char *peer);
/* Goes on with what can go on; frees the connection if it is to be closed. At the end of every
 * function that changes its state. */
void planche_http_connection_kick(struct planche_http_connection *connection);
/* Between these two nothing that is called frees the connection; the second one kicks it. */
bool planche_http_connection_enter(struct planche_http_connection *connection);
void planche_http_connection_leave(struct planche_http_connection *connection, bool busy);
/* Writes what the socket takes, and returns how many bytes are left. Never frees the connection: if
 * the other side is gone, that is found out once more when the caller has returned. */
uint64_t planche_http_connection_push(struct planche_http_connection *connection);
/* Closes it: whoever waits for it is told. */
void planche_http_connection_close(struct planche_http_connection *connection);
/* Ends a request that no handler has had with a status, and the connection after it. */
void planche_http_connection_refuse(struct planche_http_connection *connection, unsigned status);
/* Whether it waits for its next request, and has none of its bytes. */
bool planche_http_connection_is_idle(const struct planche_http_connection *connection);
/* Whether what has come of a request, be it one or not, begins with a text. */
bool planche_http_connection_began_with(const struct planche_http_connection *connection,
                                        const char *text);
/* Gives the socket away, with what was read of it and not used (*data to be freed, NULL: nothing),
 * and frees the connection. For protocols that are none of HTTP. */
int planche_http_connection_give(struct planche_http_connection *connection, char **data,
                                 size_t *size);

#endif
