/* SPDX-License-Identifier: MIT */
/* Files as answers, whole or the part that is asked for. */
#ifndef PLANCHE_HTTP_PARTIAL_H
#define PLANCHE_HTTP_PARTIAL_H

#include "http/answer.h"

/* Answers with a file of answer->file_size bytes, with status 200, or with the part that the
 * request's Range field names (206), or that there is none such (416). parts: whether the field
 * counts, as it does not with If-Range for another file. As planche_http_answer otherwise. */
void planche_http_answer_part(struct planche_http_connection *connection,
                              const struct planche_http_answer *answer, bool parts);

#endif
