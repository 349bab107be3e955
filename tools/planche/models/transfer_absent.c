/* SPDX-License-Identifier: MIT */
/* Transfers in a build without libcurl. */
#include "models/transfer.h"

#include "base/status.h"

enum planche_status planche_cli_transfer_run(const struct planche_cli_transfer *transfer,
                                             bool *is_local, struct planche_error *error)
{
    (void)transfer;
    *is_local = false;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "this planche was built without libcurl (-Dfetch)");
}
