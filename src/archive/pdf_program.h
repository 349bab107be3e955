/* SPDX-License-Identifier: MIT */
/* Poppler's programs: starting them, what they say, and how they fail. */
#ifndef PLANCHE_ARCHIVE_PDF_PROGRAM_H
#define PLANCHE_ARCHIVE_PDF_PROGRAM_H

#include "archive/pdf_state.h"

/* Starts one of poppler's programs, contained: what it reads is hostile. */
enum planche_status planche_pdf_start(struct planche_archive *archive, const char *const *arguments,
                                      struct planche_error *error);
/* Waits for its end. False: errno says why it was not waited for, or is 0: it failed. */
bool planche_pdf_ends_well(struct planche_pdf *pdf);
/* That a program did not do its work; errno says why, but for 0, which is for the caller. */
enum planche_status planche_pdf_fail_work(const struct planche_archive *archive,
                                          const char *program, struct planche_error *error);
/* Tells what the program said, but for one line (NULL: all), as warnings, each once a book. */
void planche_pdf_warn(struct planche_archive *archive, const char *but);
/* What made the program fail, of all that it said: not a warning. NULL: nothing. Changes the
 * messages' line ends. */
const char *planche_pdf_reason(struct planche_pdf *pdf);
#define PLANCHE_PDF_NO_REASON "poppler does not say why"
/* A resolution as an argument, whatever the locale: in millionths. */
#define PLANCHE_PDF_RESOLUTION_BYTES 40
void planche_pdf_format_resolution(char text[PLANCHE_PDF_RESOLUTION_BYTES], double resolution);

#endif
