/* SPDX-License-Identifier: MIT */
/* Names of classes. */
#include "queue/shared/names.h"

const char *planche_queue_class_name(enum planche_queue_class class)
{
    static const char *const names[] = {"reader", "prefetch", "book"};
    return names[class];
}
