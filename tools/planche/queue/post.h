/* SPDX-License-Identifier: MIT */
/* Posting: putting a page into a queue, once however often that is done. */
#ifndef PLANCHE_QUEUE_POST_H
#define PLANCHE_QUEUE_POST_H

#include "queue/front_state.h"

/* A page that is wanted. */
struct planche_queue_wanted {
    enum planche_queue_class class;
    /* The class that the page has by now; NULL: class, for as long as it waits. Thread-safe. */
    enum planche_queue_class (*urgency)(void *user);
    void *user;
    const char *name;  /* for messages */
    const char *input; /* its file; NULL: data[0..size) is its content */
    const void *data;
    size_t size;
    /* What it is made with; NULL: as the front's other pages. Of engine scale, denoise, se and the
     * level are used. model: a name of the catalogue; a front whose model is a file has no other.
     */
    const struct planche_engine_options *engine;
    const char *model, *need;
};

/* A page on its way through the queue. What is wanted lives as long. */
struct planche_queue_post {
    const struct planche_queue_wanted *wanted;
    enum planche_queue_class class;   /* that the job has in the queue */
    enum planche_queue_class urgency; /* that it was to have when one looked last */
    struct planche_queue_job job;
    const struct planche_page_options *options; /* of who waits: progress and cancel */
    uint64_t pixels;                            /* of the page; 0: not known */
    unsigned damaged;                           /* results that were none */
    bool own;           /* the last error is of the page or of a file here, not of the queue */
    bool posted;        /* the job is in the queue, and job.source says where its bytes are */
    bool copied;        /* a second copy is or may be, too */
    bool strays;        /* a job of another class may be left, which nobody waits for */
    unsigned lost;      /* how often it was there, and had gone */
    uint64_t sequence;  /* of the job in its stream */
    int64_t since;      /* when it was posted */
    int64_t next_raise; /* not before */
};

/* Errors: IO, LIMIT, MEMORY. */
enum planche_status planche_queue_read_file(const char *path, void **data, size_t *size,
                                            struct planche_error *error);
/* Whether the workers of a queue can run a model (NULL: the usual one) by its name. Errors:
 * ARGUMENT. */
enum planche_status planche_queue_check_model(const char *model, struct planche_error *error);
/* Puts the files of the front's model, if it is one of files, into the store unless they are there.
 * *own: the file is at fault, not the queue. Thread-safe. Errors: IO, LIMIT, MEMORY. */
enum planche_status planche_queue_send_model(struct planche_queue_front *front, bool *own,
                                             struct planche_error *error);
/* Sets what a job has of the options of an engine. */
void planche_queue_set_engine(struct planche_queue_job *job,
                              const struct planche_engine_options *engine);
/* Says what the job of post->wanted is; nothing is sent yet. Errors: IO (of the file), DATA (it is
 * no image), LIMIT, MEMORY. */
enum planche_status planche_queue_prepare(struct planche_queue_front *front,
                                          struct planche_queue_post *post,
                                          const struct planche_page_options *options,
                                          struct planche_error *error);
/* Puts it into the queue, unless a run before this one has. With an error post->own says whether it
 * is the page's; else it is the queue's. Errors: IO, MEMORY, LIMIT. */
enum planche_status planche_queue_post(struct planche_queue_front *front,
                                       struct planche_queue_post *post,
                                       struct planche_error *error);
/* Wakes workers that found nothing and sleep, for news now or for some that came too soon after the
 * last time. To be called now and then without news. */
void planche_queue_wake(struct planche_queue_front *front, bool news, int64_t now);
/* Whether workers were given all jobs up to this one, and have acknowledged them: it is done, or it
 * is a job that the server passes over. */
bool planche_queue_is_passed(struct planche_queue_front *front,
                             const struct planche_queue_post *post);
/* Sees whether the job is still in the queue, and may be given to a worker. If not, because the
 * queue has lost it or its result was taken by another, it is to be posted again. False: the queue
 * does not answer. */
bool planche_queue_check_post(struct planche_queue_front *front, struct planche_queue_post *post);
/* Moves the job to the class that the page has by now, if that is more urgent. A job that a worker
 * has already stays: what is gained is less than a page's time. While the queue does not take it,
 * the next call a second later tries again. */
void planche_queue_raise(struct planche_queue_front *front, struct planche_queue_post *post,
                         int64_t now);
/* Posts a copy for another worker, if this is one of the last pages and takes much longer than
 * others: the first result counts. */
void planche_queue_post_copy(struct planche_queue_front *front, struct planche_queue_post *post,
                             int64_t now);
/* The page is over: removes its bytes and what copies are left of its job; if it was made, also
 * that one of them failed. */
void planche_queue_end_post(struct planche_queue_front *front, struct planche_queue_post *post,
                            bool made);
/* Nobody waits for the page any more: removes its jobs and its bytes. Others that wait for the same
 * are told, and put it again. */
void planche_queue_take_back(struct planche_queue_front *front, struct planche_queue_post *post);
/* Removes the page's bytes from the store: what is left of its jobs is over. */
void planche_queue_withdraw(struct planche_queue_front *front, struct planche_queue_post *post);

#endif
