/* SPDX-License-Identifier: MIT */
/* Errors of an archive's current entry. */
#include "archive/entry.h"

#include "base/status.h"

enum planche_status planche_entry_fail(const struct planche_archive *archive,
                                       struct planche_error *error, enum planche_status status,
                                       const char *text)
{
    return planche_fail(error, status, "%s: %s: %s", archive->path, archive->name, text);
}
