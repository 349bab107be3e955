/* SPDX-License-Identifier: MIT */
/* Proof that an image may stand for a page of a PDF. */
#ifndef PLANCHE_ARCHIVE_PDF_PROOF_H
#define PLANCHE_ARCHIVE_PDF_PROOF_H

#include "archive/pdf_state.h"

/* Whether the image that is all that a page shows by its drawing looks, by itself, as the page
 * does: what its colours mean is said in the PDF, and lost outside of it. */
enum planche_status planche_pdf_prove(struct planche_archive *archive,
                                      const struct planche_pdf_page *page, bool *same,
                                      struct planche_error *error);

#endif
