/* SPDX-License-Identifier: MIT */
/* What to do with each page of a PDF. */
#ifndef PLANCHE_ARCHIVE_PDF_LEARN_H
#define PLANCHE_ARCHIVE_PDF_LEARN_H

#include "archive/pdf_state.h"

/* Finds out how many pages there are. */
enum planche_status planche_pdf_count(struct planche_archive *archive, struct planche_error *error);
/* Finds out how to have the current page: pdf->note. */
enum planche_status planche_pdf_learn(struct planche_archive *archive, struct planche_error *error);

#endif
