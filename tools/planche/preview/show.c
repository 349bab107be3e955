/* SPDX-License-Identifier: MIT */
/* Pictures on the terminal. Sources: "Terminal graphics protocol" of kitty; the VT340's answer to
 * primary device attributes (DA1), where 4 is sixel. */
#include "preview/show.h"

#include "cli/terminal.h"
#include "preview/resample.h"
#include "preview/sixel.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/base64.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define PATIENCE_MS  1000
#define CHUNK        4096 /* of base64, the most that the protocol allows */
#define COLUMN_WIDTH 8    /* pixels, where the terminal does not tell */

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && *value != 0;
}

static bool has_kitty(void)
{
    const char *term = getenv("TERM"), *program = getenv("TERM_PROGRAM");
    if (is_set("TMUX") || is_set("STY")) /* they swallow it */
        return false;
    return is_set("KITTY_WINDOW_ID") ||
           (term != NULL &&
            (strcmp(term, "xterm-kitty") == 0 || strcmp(term, "xterm-ghostty") == 0)) ||
           (program != NULL && strcmp(program, "ghostty") == 0);
}

/* Whether "\033[?62;4;22c" has a 4. */
static bool lists_sixel(const char *answer)
{
    const char *at = strstr(answer, "\033[?");
    for (at = at != NULL ? at + 3 : ""; *at; at++) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 1 && *at == '4')
            return true;
        at += digits;
        if (*at != ';')
            return false;
    }
    return false;
}

/* Whether "\033[?" and the c that ends it are there: what was typed before stands in front. */
static bool is_whole(const char *answer)
{
    const char *start = strstr(answer, "\033[?");
    return start != NULL && strchr(start, 'c') != NULL;
}

/* Reads an answer a piece at a time. */
static void read_answer(int fd, char *answer, size_t size)
{
    struct pollfd tty = {.fd = fd, .events = POLLIN};
    size_t used = 0;
    while (used + 1 < size && poll(&tty, 1, PATIENCE_MS) == 1) {
        ssize_t got = read(fd, answer + used, size - used - 1);
        if (got <= 0)
            break;
        used += (size_t)got;
        answer[used] = 0;
        if (is_whole(answer))
            break;
    }
}

/* Asks the terminal itself. What comes late is typed text to whatever reads the terminal next: so
 * the wait is as long as a slow connection takes. */
static bool ask_for_sixel(void)
{
    static const char question[] = "\033[c";
    char answer[128] = "";
    struct termios before, raw;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    bool ready = fd >= 0 && tcgetpgrp(fd) == getpgrp() && tcgetattr(fd, &before) == 0;
    raw = ready ? before : (struct termios){0};
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    if (ready && tcsetattr(fd, TCSADRAIN, &raw) == 0) {
        if (write(fd, question, sizeof question - 1) == (ssize_t)sizeof question - 1)
            read_answer(fd, answer, sizeof answer);
        (void)tcsetattr(fd, TCSAFLUSH, &before); /* a terminal that is gone keeps nothing */
    }
    if (fd >= 0)
        close(fd);
    return lists_sixel(answer);
}

/* What ends or stops the process waits for the answer: the terminal would stay without echo. */
static bool has_sixel(void)
{
    sigset_t ends, before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGQUIT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGTSTP);
    if (pthread_sigmask(SIG_BLOCK, &ends, &before) != 0)
        return false;
    bool found = ask_for_sixel();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return found;
}

enum planche_cli_show planche_cli_show_find(enum planche_cli_show wish)
{
    const char *term = getenv("TERM");
    if (wish != PLANCHE_CLI_SHOW_AUTO)
        return wish;
    if (!planche_cli_prints_on_terminal() || term == NULL || *term == 0 ||
        strcmp(term, "dumb") == 0)
        return PLANCHE_CLI_SHOW_NONE;
    if (has_kitty())
        return PLANCHE_CLI_SHOW_KITTY;
    return planche_cli_sixel_is_built() && has_sixel() ? PLANCHE_CLI_SHOW_SIXEL
                                                       : PLANCHE_CLI_SHOW_NONE;
}

/* Samples as they are: no terminal has to read a file of ours. */
static void write_kitty(const struct planche_cli_picture *picture)
{
    const size_t step = CHUNK / 4 * 3;
    size_t size = (size_t)picture->width * picture->height * PLANCHE_CLI_PICTURE_CHANNELS;
    for (size_t at = 0; at < size; at += step) {
        char text[CHUNK];
        bool last = size - at <= step;
        size_t part = last ? size - at : step;
        base64_encode_raw(text, part, picture->rgb + at);
        if (at == 0)
            printf("\033_Ga=T,q=2,f=24,s=%u,v=%u,m=%d;", picture->width, picture->height, !last);
        else
            printf("\033_Gm=%d;", !last);
        fwrite(text, 1, BASE64_ENCODE_RAW_LENGTH(part), stdout);
        fputs("\033\\", stdout);
    }
    putchar('\n');
}

/* Pixels that the terminal has across; 0: it is none. */
static uint32_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_xpixel != 0 ? size.ws_xpixel : (uint32_t)size.ws_col * COLUMN_WIDTH;
}

static bool write_picture(const struct planche_cli_picture *picture, enum planche_cli_show how)
{
    if (how == PLANCHE_CLI_SHOW_SIXEL)
        return planche_cli_sixel_write(picture);
    write_kitty(picture);
    return true;
}

bool planche_cli_show_picture(const struct planche_cli_picture *picture, enum planche_cli_show how)
{
    struct planche_cli_picture reduced;
    uint32_t width = terminal_width();
    if (width == 0 || width >= picture->width)
        return write_picture(picture, how);
    uint64_t height = (uint64_t)picture->height * width / picture->width;
    if (!planche_cli_resample(&reduced, picture, width, height > 0 ? (uint32_t)height : 1))
        return false;
    bool written = write_picture(&reduced, how);
    planche_cli_picture_free(&reduced);
    return written;
}
