/* SPDX-License-Identifier: MIT */
/* Folder of a store: a file for each object. Its name is made of the object's sha256 and a number,
 * so that it can lead nowhere else. */
#ifndef PLANCHE_QUEUE_FOLDER_H
#define PLANCHE_QUEUE_FOLDER_H

#include <planche/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "SHA256-NUMBER", both in hexadecimal. */
#define PLANCHE_QUEUE_OBJECT_NAME (64 + 1 + 16 + 1)
/* Age that the bytes of pages reach in a store at most, and how often a folder is swept. */
#define PLANCHE_QUEUE_STORE_AGE_S INT64_C(604800)
#define PLANCHE_QUEUE_SWEEP_NS    INT64_C(86400000000000)

/* Whether a store (may be NULL) is the address of a server, not a folder. */
bool planche_queue_is_address(const char *store);
/* Whether a store (may be NULL) is a folder's name or an address that can be one; token: there is
 * one to send, without which a server lets nobody in. Nothing is opened. Errors: ARGUMENT. */
enum planche_status planche_queue_store_check(const char *store, bool token,
                                              struct planche_error *error);
/* sha256 is one (queue/object.h). */
void planche_queue_object_name(const char *sha256, uint64_t number,
                               char name[PLANCHE_QUEUE_OBJECT_NAME]);
/* Whether a text is such a name. */
bool planche_queue_is_object_name(const char *text);

/* Whether it is a folder that objects can be kept in. Errors: IO. */
enum planche_status planche_queue_folder_check(const char *folder, struct planche_error *error);
/* Writes an object, which appears whole or not at all, also if others write it at the same time.
 * Errors: IO, ARGUMENT (the path is too long).
 */
enum planche_status planche_queue_folder_put(const char *folder, const char *name, const void *data,
                                             size_t size, struct planche_error *error);
/* Its descriptor, the caller's to close, and *size; -1: errno says why not. */
int planche_queue_folder_open(const char *folder, const char *name, uint64_t *size);
bool planche_queue_folder_remove(const char *folder, const char *name);
/* Removes the objects that are older than so many seconds by the folder's clock, and what is left
 * of those that were being written; below 0: all. Where the folder takes no file none is removed by
 * its age. What else lies there stays. */
void planche_queue_folder_sweep(const char *folder, int64_t seconds);

#endif
