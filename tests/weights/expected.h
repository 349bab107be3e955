/* SPDX-License-Identifier: MIT */
/* What a network of the tests makes of a page, in double precision. */
#ifndef PLANCHE_TESTS_WEIGHTS_EXPECTED_H
#define PLANCHE_TESTS_WEIGHTS_EXPECTED_H

#include "backend_test.h"
#include "nets.h"

/* Three planes of the result, to be freed with free(): all the same if the network has one channel.
 */
double *net_case_expected(struct forward *f, const struct net_case *net,
                          const struct planche_recipe *recipe, const struct page *page);

#endif
