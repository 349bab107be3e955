/* SPDX-License-Identifier: MIT */
/* Code points for colours (H.273, also called CICP, nclx): what AVIF and PNG say instead of a
 * profile. */
#ifndef PLANCHE_CODEC_CICP_H
#define PLANCHE_CODEC_CICP_H

#include "codec/format.h"

/* Makes decoder->metadata's profile of code points; channels are known. It stays empty for those of
 * sRGB, and for what is not specified. Errors: UNSUPPORTED (transfer characteristics that no page
 * can be treated by, high dynamic range among them), MEMORY, BUDGET. */
enum planche_status planche_cicp_get_colours(struct planche_decoder *decoder, unsigned primaries,
                                             unsigned transfer, struct planche_error *error);

#endif
