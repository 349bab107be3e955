/* SPDX-License-Identifier: MIT */
/* Messages of a queue: jobs (a page to make), results, and pages that were given up. All is parsed
 * as what comes from outside: numbers within their bounds, names that are names. */
#ifndef PLANCHE_QUEUE_JOB_H
#define PLANCHE_QUEUE_JOB_H

#include "queue/object.h"
#include "queue/shared/names.h"

#include <planche/planche.h>

#define PLANCHE_QUEUE_NAME_BYTES 256
/* Files of a model: one, or FILE.param with FILE.bin. */
#define PLANCHE_QUEUE_MODEL_FILES 2
/* The need of jobs that any worker may do. */
#define PLANCHE_QUEUE_ANY "any"

/* Job: a page, and how it is to be made. The strings of engine are not used: model and need say it.
 */
struct planche_queue_job {
    char key[PLANCHE_QUEUE_SHA256_TEXT]; /* what decides the result; the same page has the same */
    char need[PLANCHE_QUEUE_NEED_TEXT];  /* whose arithmetic: see planche_queue_numerics */
    char name[PLANCHE_QUEUE_NAME_BYTES]; /* of the page, for messages */
    char model[64];                      /* of the catalogue, or the name of the files */
    char extension[16];                  /* of the first file, without the dot; "": none comes */
    unsigned model_files;
    struct planche_queue_object model_file[PLANCHE_QUEUE_MODEL_FILES];
    struct planche_engine_options engine; /* scale, denoise, se, level */
    struct planche_page_options page;
    struct planche_queue_object source;
};

/* Result: what a page became. Strings of page are not used. */
struct planche_queue_result {
    struct planche_queue_object object;
    struct planche_queue_object source; /* of the job: who takes the result removes that, too */
    struct planche_page_result page;
    double ms; /* that the worker took */
    char worker[PLANCHE_QUEUE_NAME_BYTES], numerics[PLANCHE_QUEUE_NEED_TEXT];
};

/* A page that was given up. */
struct planche_queue_dead {
    enum planche_status status;
    unsigned tries;
    char message[PLANCHE_ERROR_MESSAGE_SIZE], worker[PLANCHE_QUEUE_NAME_BYTES];
    struct planche_queue_job job;
};

/* Sets job->key of all else but its name. False: no memory. */
bool planche_queue_job_identify(struct planche_queue_job *job);
/* Texts, to be freed; NULL: no memory. */
char *planche_queue_job_write(const struct planche_queue_job *job);
char *planche_queue_result_write(const struct planche_queue_result *result);
char *planche_queue_dead_write(const struct planche_queue_dead *dead);
/* False: it is none. */
bool planche_queue_job_read(struct planche_queue_job *job, const char *text, size_t length);
bool planche_queue_result_read(struct planche_queue_result *result, const char *text,
                               size_t length);
bool planche_queue_dead_read(struct planche_queue_dead *dead, const char *text, size_t length);

/* Bytes of a worker's answer to who asks for workers, at most. */
#define PLANCHE_QUEUE_WORKER_BYTES 4096
/* What a worker says of itself: an object of the fields that are known, within their bounds. NULL:
 * it is none, or there is no memory. */
json_t *planche_queue_worker_read(const char *text, size_t length);

/* Whether a text may be the name of a model, or of its files without the extension. */
bool planche_queue_is_name(const char *text);
/* Whether so many files may be those of a model whose first one has this extension. */
bool planche_queue_is_extension(const char *text, unsigned files);

/* The arithmetic of an engine as a word: two engines that have the same one make the same bytes.
 * "v0-9-0-cpu-f32-avx2". */
void planche_queue_numerics(const struct planche_engine_info *info,
                            char text[PLANCHE_QUEUE_NEED_TEXT]);

#endif
