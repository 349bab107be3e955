/* SPDX-License-Identifier: MIT */
/* Transfers in a build without libcurl. */
#include "models/transfer.h"

#include "base/status.h"

enum planche_status planche_cli_transfer_run(const struct planche_cli_transfer *transfer,
                                             struct planche_error *error)
{
    (void)transfer;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "this planche was built without libcurl (-Dfetch)");
}
