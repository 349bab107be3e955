/* SPDX-License-Identifier: MIT */
/* Rules: what is done with the pages of which series and library. */
#ifndef PLANCHE_PROXY_RULES_H
#define PLANCHE_PROXY_RULES_H

#include "cli/options.h"

#include <jansson.h>
#include <planche/error.h>

/* What a page belongs to. "": not known. */
struct planche_proxy_identity {
    char server[16], series[64], title[128], library[64];
};

/* What is done with a page. */
struct planche_proxy_policy {
    bool enlarges;
    json_t *settings; /* by the names of planche stdio; a reference of its owner's */
    unsigned skip_above, prefetch;
    double min_gain;
};

struct planche_proxy_rules;

/* Reads a file; path NULL: there are no rules. The options are the defaults, and must live longer.
 * Errors: IO, ARGUMENT (with file and line), MEMORY. */
enum planche_status planche_proxy_rules_read(struct planche_proxy_rules **out, const char *path,
                                             const struct planche_cli_options *options,
                                             struct planche_error *error);
/* Tells of each rule's model that is not here; it may come yet. */
void planche_proxy_rules_check_models(const struct planche_proxy_rules *rules,
                                      void (*lacks)(void *user, const char *message), void *user);
/* NULL is fine. */
void planche_proxy_rules_free(struct planche_proxy_rules *rules);
/* Whether a rule asks for what addresses of pages do not say. */
bool planche_proxy_rules_ask(const struct planche_proxy_rules *rules);
/* The policy for a page: of the first rule that is for it, over the defaults. settings is a new
 * reference. */
void planche_proxy_rules_find(const struct planche_proxy_rules *rules,
                              const struct planche_proxy_identity *identity,
                              struct planche_proxy_policy *policy);

#endif
