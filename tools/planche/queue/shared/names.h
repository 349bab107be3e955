/* SPDX-License-Identifier: MIT */
/* What the queue and who uses it without libnats have in common. */
#ifndef PLANCHE_QUEUE_NAMES_H
#define PLANCHE_QUEUE_NAMES_H

#include <stdint.h>

/* Bytes of a word for an engine's arithmetic. */
#define PLANCHE_QUEUE_NEED_TEXT 128
/* From one look at a cancel handle to the next. */
#define PLANCHE_QUEUE_TICK_NS INT64_C(200000000)

/* Priority classes, the first first. */
enum planche_queue_class {
    PLANCHE_QUEUE_READER,   /* somebody waits for it */
    PLANCHE_QUEUE_PREFETCH, /* somebody will ask for it */
    PLANCHE_QUEUE_BOOK,
    PLANCHE_QUEUE_CLASSES
};
/* "reader", "prefetch", "book". */
const char *planche_queue_class_name(enum planche_queue_class class);

#endif
