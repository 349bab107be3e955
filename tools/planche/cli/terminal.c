/* SPDX-License-Identifier: MIT */
/* Terminal output: lines on stderr and one status line, from any thread. */
#include "cli/terminal.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/hints.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_SIZE 2048

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char status[LINE_SIZE];

static void write_line(const char *prefix, const char *suffix, const char *format, va_list values)
{
    char raw[LINE_SIZE], line[LINE_SIZE];
    planche_text_format(raw, sizeof raw, format, values);
    planche_cli_hint(raw, line, sizeof line);
    planche_text_show(line); /* where it was cut */
    pthread_mutex_lock(&lock);
    if (status[0] != 0)
        fputs("\r\033[K", stderr);
    fprintf(stderr, "%s%s%s\n%s", prefix, line, suffix, status);
    fflush(stderr);
    pthread_mutex_unlock(&lock);
}

void planche_cli_message(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    write_line("planche: ", "", format, values);
    va_end(values);
}

void planche_cli_note(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    write_line("", "", format, values);
    va_end(values);
}

void planche_cli_print(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list values;
    va_start(values, format);
    planche_text_format(line, sizeof line, format, values);
    va_end(values);
    puts(line);
}

static int output_reason;

bool planche_cli_flush_output(void)
{
    bool flushed = fflush(stdout) == 0;
    if (!flushed && output_reason == 0)
        output_reason = errno;
    return flushed;
}

int planche_cli_output_reason(void)
{
    return output_reason;
}

int planche_cli_usage_error(const char *topic, const char *format, ...)
{
    char hint[80];
    if (*topic != 0)
        snprintf(hint, sizeof hint, "; see planche help %s", topic);
    else
        snprintf(hint, sizeof hint, "; see planche --help");
    va_list values;
    va_start(values, format);
    write_line("planche: ", hint, format, values);
    va_end(values);
    return PLANCHE_CLI_USAGE;
}

int planche_cli_no_memory(void)
{
    planche_cli_message("out of memory; give fewer files");
    return PLANCHE_CLI_NOT_STARTED;
}

void planche_cli_status_line(const char *text)
{
    pthread_mutex_lock(&lock);
    if (strcmp(text, status) != 0) {
        snprintf(status, sizeof status, "%s", text);
        planche_text_show(status);
        fprintf(stderr, "\r\033[K%s", status);
        fflush(stderr);
    }
    pthread_mutex_unlock(&lock);
}

bool planche_cli_is_terminal(void)
{
    return isatty(STDERR_FILENO);
}

static bool knows_escapes(void)
{
    const char *term = getenv("TERM");
    return term != NULL && *term != 0 && strcmp(term, "dumb") != 0;
}

bool planche_cli_has_escapes(void)
{
    return planche_cli_is_terminal() && knows_escapes();
}

bool planche_cli_prints_on_terminal(void)
{
    return isatty(STDOUT_FILENO);
}

bool planche_cli_prints_colours(void)
{
    const char *none = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
    const char *wish = getenv("CLICOLOR");
    if (none != NULL && *none != 0)
        return false;
    if (force != NULL && *force != 0 && strcmp(force, "0") != 0)
        return true;
    return planche_cli_prints_on_terminal() && knows_escapes() &&
           (wish == NULL || strcmp(wish, "0") != 0);
}

unsigned planche_cli_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}
