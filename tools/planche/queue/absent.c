/* SPDX-License-Identifier: MIT */
/* Queues, in a build without them. */
#include "base/status.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "queue/books.h"
#include "queue/server/link.h"

#define ABSENT "this planche was built without queues (libnats): install a build that has them"

/* --help is answered, as planche help is. */
static int refuse(enum planche_cli_command command, const char *name, int argc, char **argv)
{
    struct planche_cli_options options;
    int first, status;
    if (!planche_cli_options_parse(&options, command, name, argc, argv, &first, &status))
        return status;
    planche_cli_message(ABSENT);
    return PLANCHE_CLI_USAGE;
}

int planche_cli_worker(int argc, char **argv)
{
    return refuse(PLANCHE_CLI_WORKER, "worker", argc, argv);
}

int planche_cli_queue(int argc, char **argv)
{
    return refuse(PLANCHE_CLI_QUEUE, "queue", argc, argv);
}

enum planche_status planche_queue_books_open(struct planche_queue_front **front,
                                             const struct planche_cli_options *options,
                                             const struct planche_engine_info *info,
                                             struct planche_error *error)
{
    (void)options, (void)info;
    *front = NULL;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, ABSENT);
}

void planche_queue_books_close(struct planche_queue_front **front)
{
    (void)front;
}

enum planche_status planche_queue_books_make(struct planche_queue_front *front, const char *name,
                                             const char *input, const char *output,
                                             const struct planche_page_options *options,
                                             struct planche_page_result *result,
                                             struct planche_error *error)
{
    (void)front, (void)name, (void)input, (void)output, (void)options, (void)result;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, ABSENT);
}

enum planche_status planche_queue_link_open(struct planche_queue_link **out,
                                            const struct planche_cli_queue_options *options,
                                            unsigned wait_s, const struct planche_log *log,
                                            struct planche_error *error)
{
    (void)options, (void)wait_s, (void)log;
    *out = NULL;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, ABSENT);
}

void planche_queue_link_close(struct planche_queue_link *link)
{
    (void)link;
}

void planche_queue_link_need(const struct planche_engine_info *info,
                             char need[PLANCHE_QUEUE_NEED_TEXT])
{
    (void)info;
    *need = 0;
}

enum planche_status planche_queue_link_make(struct planche_queue_link *link,
                                            const struct planche_queue_link_page *page,
                                            struct planche_queue_link_made *made,
                                            struct planche_error *error)
{
    (void)link, (void)page, (void)made;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, ABSENT);
}

json_t *planche_queue_link_state(struct planche_queue_link *link)
{
    (void)link;
    return NULL;
}
