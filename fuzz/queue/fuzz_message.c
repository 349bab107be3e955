/* SPDX-License-Identifier: MIT */
/* Any bytes as a message of a queue, or as what a server says first. What is taken is written and
 * read again without a change. */
#include "queue/job.h"
#include "queue/version.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct planche_queue_job job, job_again;
static struct planche_queue_result result, result_again;
static struct planche_queue_dead dead;

static void read_job(const char *text, size_t size)
{
    if (!planche_queue_job_read(&job, text, size))
        return;
    char *written = planche_queue_job_write(&job);
    if (written == NULL || !planche_queue_job_read(&job_again, written, strlen(written)))
        abort();
    char *again = planche_queue_job_write(&job_again);
    if (again == NULL || strcmp(written, again) != 0 || !planche_queue_job_identify(&job))
        abort();
    free(written);
    free(again);
}

static void read_result(const char *text, size_t size)
{
    if (!planche_queue_result_read(&result, text, size))
        return;
    char *written = planche_queue_result_write(&result);
    if (written == NULL || !planche_queue_result_read(&result_again, written, strlen(written)))
        abort();
    free(written);
}

static void read_dead(const char *text, size_t size)
{
    if (!planche_queue_dead_read(&dead, text, size))
        return;
    char *written = planche_queue_dead_write(&dead);
    if (written == NULL || !planche_queue_dead_read(&dead, written, strlen(written)))
        abort();
    free(written);
}

static void read_worker(const char *text, size_t size)
{
    json_t *worker = planche_queue_worker_read(text, size);
    char *written = worker != NULL ? json_dumps(worker, JSON_COMPACT) : NULL;
    json_t *again = written != NULL ? planche_queue_worker_read(written, strlen(written)) : NULL;
    if (worker != NULL && (written == NULL || !json_equal(worker, again)))
        abort();
    json_decref(worker);
    json_decref(again);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char version[64];
    read_job(text, size);
    read_result(text, size);
    read_dead(text, size);
    read_worker(text, size);
    if (planche_queue_version_read(text, size, version, sizeof version))
        (void)planche_queue_version_is_fixed(version);
    return 0;
}
