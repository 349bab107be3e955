/* SPDX-License-Identifier: MIT */
/* Call: one request to the upstream and its answer, on a connection that is kept for others. */
#ifndef PLANCHE_PROXY_CALL_H
#define PLANCHE_PROXY_CALL_H

#include "http/loop.h"
#include "http/output.h"
#include "http/reply.h"

#include <planche/error.h>

struct planche_proxy_upstream;
struct planche_proxy_link;

/* Why there is no answer, or no more of it. */
enum planche_proxy_failure {
    PLANCHE_PROXY_UNREACHABLE, /* no connection */
    PLANCHE_PROXY_TIMEOUT,     /* nothing came for too long */
    PLANCHE_PROXY_CUT,         /* it closed the connection */
    PLANCHE_PROXY_MALFORMED,   /* what came is no answer */
    PLANCHE_PROXY_FAILURES
};

/* What becomes of a call. After `failed`, and after `data` with size 0, it is over; each of these
 * may cancel it. */
struct planche_proxy_receiver {
    /* An interim answer but for 100 Continue, which is `go_on`. Both may be NULL. */
    void (*interim)(void *user, const struct planche_http_reply *reply);
    void (*go_on)(void *user);
    /* The head. Its texts are valid until this returns. Of status 101 the connection may be taken
     * with planche_proxy_call_take, now; else the call fails. */
    void (*head)(void *user, const struct planche_http_reply *reply);
    /* A piece of the body; size 0: that was all. */
    void (*data)(void *user, const char *data, size_t size);
    /* detail: a sentence for people, without an address. */
    void (*failed)(void *user, enum planche_proxy_failure failure, const char *detail);
    /* Takes bytes of a long body from the socket by itself, at most so many: as
     * planche_http_write_from. May be NULL. */
    int64_t (*move)(void *user, int fd, uint64_t most);
    /* Less than PLANCHE_PROXY_UPLOAD bytes of the request wait to be sent, after there were more.
     * May be NULL. */
    void (*drained)(void *user);
};

#define PLANCHE_PROXY_UPLOAD 131072

/* Owned by the caller, zeroed but for the first fields, and stays where it is until it is over. */
struct planche_proxy_call {
    const struct planche_proxy_receiver *receiver;
    void *user;
    bool head_only;  /* the method is HEAD */
    bool has_body;   /* which planche_proxy_call_write sends; the head says how long it is */
    bool chunked;    /* it has no length */
    bool repeatable; /* may be sent once more if the connection turns out to be closed */
    bool endless;    /* pauses in the answer may be of any length */
    /* ------------------------------------------------------------------------------------ */
    struct planche_proxy_upstream *upstream;
    struct planche_proxy_link *link;           /* NULL: it is not under way */
    struct planche_proxy_call *next, **queued; /* waits for the upstream's address */
    struct planche_http_output out;            /* the body, before there is a connection */
    struct planche_http_timer start;
    char *head;
    size_t head_size;
    int64_t began;
    bool active, paused, ended, full, repeated;
};

/* Begins: head is the whole head of the request, and now the call's (of planche_alloc). Nothing is
 * called back before this returns. */
void planche_proxy_call_begin(struct planche_proxy_call *call,
                              struct planche_proxy_upstream *upstream, char *head, size_t size);
/* Sends a piece of the request's body; size 0: that was all. False: wait for drained. */
bool planche_proxy_call_write(struct planche_proxy_call *call, const char *data, size_t size);
/* No more pieces of the answer until resume. */
void planche_proxy_call_pause(struct planche_proxy_call *call);
void planche_proxy_call_resume(struct planche_proxy_call *call);
/* Gives it up. Of one that is over: fine. */
void planche_proxy_call_cancel(struct planche_proxy_call *call);
/* Takes the connection, whose socket does not block, with what was read and not used (*data to be
 * freed; NULL: nothing). The call is over. */
int planche_proxy_call_take(struct planche_proxy_call *call, char **data, size_t *size);
/* Closes the connections that are kept for others. */
void planche_proxy_calls_close(struct planche_proxy_upstream *upstream);

#endif
