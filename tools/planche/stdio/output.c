/* SPDX-License-Identifier: MIT */
/* Standard output of the resident process. */
#include "stdio/output.h"

#include "cli/interrupt.h"
#include "stdio/channel.h"

#include <string.h>

void planche_cli_output_init(struct planche_cli_output *output)
{
    planche_mutex_init(&output->lock);
    output->broken = false;
}

/* The lock is held. */
static void write_all(struct planche_cli_output *output, const char *line, const void *data,
                      size_t size)
{
    if (output->broken)
        return;
    if (line != NULL && planche_cli_channel_write(line, strlen(line)) &&
        planche_cli_channel_write(data, size))
        return;
    output->broken = true;
    planche_cli_interrupt_stop(); /* whatever is under way is in vain */
}

void planche_cli_output_answer(struct planche_cli_output *output, const char *line,
                               const void *data, size_t size)
{
    planche_mutex_lock(&output->lock);
    write_all(output, line, data, size);
    planche_mutex_unlock(&output->lock);
}

void planche_cli_output_hint(struct planche_cli_output *output, const char *line)
{
    if (line == NULL || !planche_mutex_try_lock(&output->lock))
        return;
    write_all(output, line, NULL, 0);
    planche_mutex_unlock(&output->lock);
}
