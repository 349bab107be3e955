/* SPDX-License-Identifier: MIT */
/* Requests of planche stdio that have no answer yet. */
#include "stdio/held.h"

void planche_cli_stdio_hold(struct planche_cli_server *server, struct planche_cli_task *task)
{
    planche_mutex_lock(&server->lock);
    task->next = server->held;
    server->held = task;
    server->bytes += task->request.bytes;
    planche_mutex_unlock(&server->lock);
}

void planche_cli_stdio_release(struct planche_cli_server *server, struct planche_cli_task *task)
{
    planche_mutex_lock(&server->lock);
    struct planche_cli_task **link = &server->held;
    while (*link != task)
        link = &(*link)->next;
    *link = task->next;
    server->bytes -= task->request.bytes;
    planche_cond_broadcast(&server->changed);
    planche_mutex_unlock(&server->lock);
}
