/* SPDX-License-Identifier: MIT */
/* Transfers over HTTP. An answer is checked as it comes: that it is the rest which was asked for or
 * else the whole, that it is a packed file, that there is room for it. */
#include "models/transfer.h"

#include "base/status.h"
#include "cli/interrupt.h"
#include "cli/number.h"
#include "cli/terminal.h"
#include "models/address.h"
#include "models/answer.h"
#include "models/curl.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file_info.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CONNECT_SECONDS 30L
/* A transfer that brings fewer bytes than this in a second, for STALL_SECONDS on end, is ended. */
#define SLOWEST_BYTES 4096L
#define STALL_SECONDS 60L
#define TOTAL_SECONDS (6 * 3600L)
#define MAX_REDIRECTS 5L
#define ATTEMPTS      5
#define FIRST_WAIT_MS 500
/* First byte of all that gzip has packed. */
#define GZIP_BYTE 0x1f

struct state {
    const struct planche_cli_transfer *transfer;
    char address[PLANCHE_CLI_ADDRESS_BYTES]; /* for messages: without a password */
    long stall_seconds;
    const struct planche_libcurl *curl;
    CURL *easy;
    int fd;
    uint64_t held;  /* bytes in the file */
    uint64_t asked; /* of the current request: the first byte that it wants */
    struct planche_cli_answer head;
    bool begun;     /* the body has begun */
    bool restarted; /* the server cannot continue: it was asked for the whole */
    bool again;     /* the file was emptied during the current request, to be asked for anew */
    char tag[256];
    char why[CURL_ERROR_SIZE];
    bool failed;   /* error says why; what was transferred is of no use, or there is no room */
    bool is_local; /* the reason is the disk */
    struct planche_error error;
    int64_t shown; /* when progress was shown last */
};

/* How long a transfer may be slower than SLOWEST_BYTES: less where somebody is in a hurry. */
static enum planche_status read_stall_seconds(long *seconds, struct planche_error *error)
{
    const char *text = getenv("PLANCHE_FETCH_TIMEOUT");
    *seconds = STALL_SECONDS;
    if (text == NULL || text[0] == 0 || planche_cli_parse_integer(text, 1, 3600, seconds))
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "PLANCHE_FETCH_TIMEOUT is '%s'; it must be a number of seconds from 1 to "
                        "3600",
                        text);
}

static bool stop(struct state *state, enum planche_status status, const char *text)
{
    state->failed = true;
    planche_fail(&state->error, status, "%s: %s", state->address, text);
    return false;
}

static bool stop_writing(struct state *state, int reason)
{
    state->failed = state->is_local = true;
    planche_fail(&state->error, PLANCHE_ERROR_IO,
                 "%s: cannot write: %s; make room, or choose another folder with --model-dir",
                 state->transfer->path, strerror(reason));
    return false;
}

static size_t on_header(char *line, size_t one, size_t length, void *user)
{
    struct state *state = user;
    (void)one;
    planche_cli_answer_take(&state->head, line, length);
    return length;
}

/* Where the entity tag of what is in the file is kept. */
static void name_tag(const struct state *state, char *path)
{
    snprintf(path, PATH_MAX, "%.*s.tag", PATH_MAX - 8, state->transfer->path);
}

static void read_tag(struct state *state)
{
    char path[PATH_MAX];
    name_tag(state, path);
    int fd = planche_fd_open(path, PLANCHE_FD_NO_LINK, NULL);
    int64_t got = fd >= 0 ? planche_fd_read_all(fd, state->tag, sizeof state->tag - 1) : 0;
    state->tag[got > 0 ? got : 0] = 0;
    planche_fd_close(&fd);
    if (strpbrk(state->tag, "\r\n") != NULL)
        state->tag[0] = 0;
}

/* What cannot be kept only costs a check. */
static void keep_tag(struct state *state)
{
    char path[PATH_MAX];
    name_tag(state, path);
    unlink(path);
    memcpy(state->tag, state->head.tag, sizeof state->tag);
    int fd = state->tag[0] != 0 ? planche_fd_create(path, 0600) : -1;
    if (fd >= 0 && !planche_fd_write(fd, state->tag, strlen(state->tag)))
        unlink(path);
    planche_fd_close(&fd);
}

/* The file from its first byte on: false: a message is made. */
static bool start_over(struct state *state)
{
    if (ftruncate(state->fd, 0) != 0 || lseek(state->fd, 0, SEEK_SET) != 0)
        return stop_writing(state, errno);
    state->held = 0;
    return true;
}

static bool check_room(struct state *state)
{
    uint64_t left;
    char wanted[32];
    if (state->head.length > state->transfer->max_bytes ||
        state->held > state->transfer->max_bytes - state->head.length)
        return stop(state, PLANCHE_ERROR_LIMIT, "is larger than a package of models can be");
    if (!planche_file_system_free(state->transfer->path, &left) || state->head.length <= left)
        return true;
    state->failed = state->is_local = true;
    planche_fail(&state->error, PLANCHE_ERROR_IO,
                 "%s: there is no room for %s; make room, or choose another folder with "
                 "--model-dir",
                 state->transfer->path,
                 planche_cli_format_bytes(state->head.length, wanted, sizeof wanted));
    return false;
}

/* The answer is another part than was asked for, or does not say which: some servers and proxies
 * cannot continue. The next request asks for the whole, once. */
static bool restart(struct state *state)
{
    if (state->restarted || state->held == 0)
        return stop(state, PLANCHE_ERROR_IO, "sent another part than was asked for");
    state->restarted = true;
    state->again = start_over(state);
    return false;
}

/* The first bytes of an answer's body. */
static bool begin(struct state *state, const char *data)
{
    char text[256];
    state->begun = true;
    bool rest = state->head.code == 206;
    if (rest && state->head.first != state->held)
        return restart(state);
    if (!rest && !start_over(state))
        return false;
    if (state->held == 0 && (unsigned char)data[0] != GZIP_BYTE) {
        snprintf(text, sizeof text,
                 "sent %s in place of a package: is there a page to sign in to the network, or a "
                 "proxy that answers itself?",
                 state->head.type[0] != 0 ? state->head.type : "something else");
        return stop(state, PLANCHE_ERROR_DATA, text);
    }
    if (!rest)
        keep_tag(state);
    return check_room(state);
}

static size_t on_body(char *data, size_t one, size_t length, void *user)
{
    struct state *state = user;
    (void)one;
    if (length == 0)
        return 0;
    if (!state->begun && !begin(state, data))
        return CURL_WRITEFUNC_ERROR;
    if (state->held + length > state->transfer->max_bytes) {
        stop(state, PLANCHE_ERROR_LIMIT, "is larger than a package of models can be");
        return CURL_WRITEFUNC_ERROR;
    }
    if (!planche_fd_write(state->fd, data, length)) {
        stop_writing(state, errno);
        return CURL_WRITEFUNC_ERROR;
    }
    state->held += length;
    return length;
}

static int on_progress(void *user, curl_off_t all, curl_off_t now, curl_off_t up_all, curl_off_t up)
{
    struct state *state = user;
    char held[32], whole[32], text[96];
    int64_t time = planche_clock_ns();
    (void)all, (void)now, (void)up_all, (void)up;
    if (planche_cli_interrupt_signal() != 0)
        return 1;
    if (state->transfer->quiet || !planche_cli_is_terminal() ||
        time - state->shown < 200 * INT64_C(1000000))
        return 0;
    state->shown = time;
    uint64_t end = state->asked + state->head.length;
    planche_cli_format_bytes(state->held, held, sizeof held);
    planche_cli_format_bytes(end, whole, sizeof whole);
    snprintf(text, sizeof text, "%s of %s", held,
             state->head.length > 0 && end >= state->held ? whole : "?");
    planche_cli_status_line(text);
    return 0;
}

static bool set_common(struct state *state)
{
    const struct planche_libcurl *curl = state->curl;
    CURL *easy = state->easy;
    /* Whoever was asked by https is not to send on to somebody who can be read and changed. */
    bool secure = strncasecmp(state->transfer->address, "https:", 6) == 0;
    long stall = state->stall_seconds;
    bool set = curl->easy_setopt(easy, CURLOPT_URL, state->transfer->address) == CURLE_OK;
#define SET(option, value) set = set && curl->easy_setopt(easy, option, value) == CURLE_OK
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, MAX_REDIRECTS);
    SET(CURLOPT_FAILONERROR, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT, stall < CONNECT_SECONDS ? stall : CONNECT_SECONDS);
    SET(CURLOPT_LOW_SPEED_LIMIT, SLOWEST_BYTES);
    SET(CURLOPT_LOW_SPEED_TIME, stall);
    SET(CURLOPT_TIMEOUT, TOTAL_SECONDS);
    SET(CURLOPT_USERAGENT, "planche");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    SET(CURLOPT_ERRORBUFFER, state->why);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, (void *)state);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, (void *)state);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, (void *)state);
#undef SET
    return set;
}

/* Certificates as the program curl finds them; libcurl by itself knows the system's only. */
static bool set_certificates(struct state *state)
{
    static const struct {
        const char *variable;
        CURLoption option;
    } places[] = {
        {"SSL_CERT_DIR", CURLOPT_CAPATH},
        {"SSL_CERT_FILE", CURLOPT_CAINFO},
        {"CURL_CA_BUNDLE", CURLOPT_CAINFO},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *value = getenv(places[i].variable);
        if (value != NULL && value[0] != 0 &&
            state->curl->easy_setopt(state->easy, places[i].option, value) != CURLE_OK)
            return false;
    }
    return true;
}

/* One request, for what is not there yet. */
static CURLcode request(struct state *state)
{
    char range[32], condition[300];
    struct curl_slist *headers = NULL;
    CURLcode code = CURLE_OK;
    state->asked = state->held;
    state->begun = false;
    state->again = false;
    state->head = (struct planche_cli_answer){0};
    state->why[0] = 0;
    snprintf(range, sizeof range, "%llu-", (unsigned long long)state->held);
    snprintf(condition, sizeof condition, "If-Range: %s", state->tag);
    if (state->held > 0 && state->tag[0] != 0)
        headers = state->curl->slist_append(NULL, condition);
    code = state->curl->easy_setopt(state->easy, CURLOPT_RANGE, state->held > 0 ? range : NULL);
    if (code == CURLE_OK)
        code = state->curl->easy_setopt(state->easy, CURLOPT_HTTPHEADER, headers);
    if (code == CURLE_OK)
        code = state->curl->easy_perform(state->easy);
    state->curl->slist_free_all(headers);
    planche_cli_status_line("");
    return code;
}

static bool is_broken_off(const struct state *state, CURLcode code)
{
    switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    case CURLE_HTTP_RETURNED_ERROR: /* the server is busy */
        return state->head.code == 429 || state->head.code == 502 || state->head.code == 503 ||
               state->head.code == 504;
    default:
        return false;
    }
}

static enum planche_status explain(const struct state *state, CURLcode code,
                                   struct planche_error *error)
{
    const char *address = state->address;
    const char *why = state->why[0] != 0 ? state->why : state->curl->easy_strerror(code);
    if (code == CURLE_HTTP_RETURNED_ERROR)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: the server answers %ld; is the address "
                            "right?",
                            address, state->head.code);
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: its certificate is not trusted: %s; if the network has one of "
                            "its own, name it in CURL_CA_BUNDLE",
                            address, why);
    if (code == CURLE_TOO_MANY_REDIRECTS)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: it sends from one address to the next without end", address);
    /* Who has waited for a stalled server decides whether to wait once more. */
    if ((is_broken_off(state, code) || code == CURLE_OPERATION_TIMEDOUT) && state->held > 0)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: the download was cut off (%s); run the same command again, it "
                            "goes on from there",
                            address, why);
    return planche_fail(error, PLANCHE_ERROR_IO,
                        "%s: %s; check the network, and https_proxy if there is a proxy", address,
                        why);
}

/* A server that has nothing beyond the end: the file is complete, or is not what it has, and is
 * emptied. */
static bool is_complete(struct state *state)
{
    if (state->head.whole == state->held)
        return true;
    state->again = start_over(state);
    return false;
}

/* Waits a little, for an overloaded server. False: a signal came that ends the transfer; others, as
 * when the command was suspended, do not. */
static bool wait_for(int attempt)
{
    struct pollfd signal = {.fd = planche_cli_interrupt_fd(), .events = POLLIN};
    int64_t end = planche_clock_ns() + ((int64_t)FIRST_WAIT_MS << attempt) * 1000000;
    for (;;) {
        int64_t left = end - planche_clock_ns();
        if (planche_cli_interrupt_signal() != 0)
            return false;
        if (left <= 0)
            return true;
        if (poll(&signal, signal.fd >= 0, (int)(left / 1000000) + 1) > 0)
            return false;
    }
}

static enum planche_status run(struct state *state, struct planche_error *error)
{
    CURLcode code = CURLE_OK;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        uint64_t before = state->held;
        code = request(state);
        bool complete =
            code == CURLE_OK || (!state->failed && state->head.code == 416 && is_complete(state));
        if (state->failed) {
            *error = state->error;
            return error->status;
        }
        if (code == CURLE_OK && state->held == 0)
            return planche_fail(error, PLANCHE_ERROR_DATA, "%s: the server sent nothing",
                                state->address);
        if (complete)
            return PLANCHE_OK;
        if (planche_cli_interrupt_signal() != 0)
            return planche_fail(error, PLANCHE_ERROR_CANCELLED, "stopped");
        if (!state->again && !is_broken_off(state, code))
            break;
        if (!state->again && state->held <= before && !wait_for(attempt))
            return planche_fail(error, PLANCHE_ERROR_CANCELLED, "stopped");
    }
    return explain(state, code, error);
}

static enum planche_status open_file(struct state *state, struct planche_error *error)
{
    struct planche_file_info info;
    state->fd = open(state->transfer->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (state->fd < 0 || !planche_fd_info(state->fd, &info) || lseek(state->fd, 0, SEEK_END) < 0) {
        stop_writing(state, errno);
        *error = state->error;
        return error->status;
    }
    state->held = info.size;
    read_tag(state);
    return PLANCHE_OK;
}

/* What is of no use is not kept, nor is what says which version it is once it is complete. */
static void close_file(struct state *state, enum planche_status status)
{
    char path[PATH_MAX];
    bool useless = status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_LIMIT;
    name_tag(state, path);
    planche_fd_close(&state->fd);
    if (status == PLANCHE_OK || useless || state->held == 0)
        unlink(path);
    if (useless || (status != PLANCHE_OK && state->held == 0))
        unlink(state->transfer->path);
}

enum planche_status planche_cli_transfer_run(const struct planche_cli_transfer *transfer,
                                             bool *is_local, struct planche_error *error)
{
    struct state state = {.transfer = transfer, .fd = -1};
    *is_local = false;
    planche_cli_address_show(transfer->address, state.address, sizeof state.address);
    enum planche_status status = read_stall_seconds(&state.stall_seconds, error);
    if (status == PLANCHE_OK)
        status = planche_libcurl_load(&state.curl, error);
    if (status != PLANCHE_OK)
        return status;
    state.easy = state.curl->easy_init();
    if (state.easy == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    if (!set_common(&state) || !set_certificates(&state))
        status = planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                              "libcurl cannot be used for %s; it must be version 7.85 or newer, "
                              "with HTTPS",
                              state.address);
    if (status == PLANCHE_OK)
        status = open_file(&state, error);
    if (status == PLANCHE_OK)
        status = run(&state, error);
    if (state.fd >= 0)
        close_file(&state, status);
    state.curl->easy_cleanup(state.easy);
    *is_local = state.is_local;
    return status;
}
