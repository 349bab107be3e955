/* SPDX-License-Identifier: MIT */
/* Keys: what a result depends on, as one text. */
#ifndef PLANCHE_PAGES_KEY_H
#define PLANCHE_PAGES_KEY_H

#include "service/request.h"

#define PLANCHE_PAGES_KEY 65 /* 64 hexadecimal digits and the 0 */

/* The key of a page's result: a sha256 over that of the input, the settings that change results,
 * the model and the version of Planche. Two inputs with the same bytes and settings have the same.
 */
void planche_pages_key(char key[PLANCHE_PAGES_KEY], const void *data, size_t size,
                       const struct planche_cli_request *request,
                       const struct planche_engine_options *base);

#endif
