/* SPDX-License-Identifier: MIT */
/* Planche: comic and manga pages made larger with neural networks. This header includes the others.
 */
#ifndef PLANCHE_PLANCHE_H
#define PLANCHE_PLANCHE_H

#include <planche/book.h>
#include <planche/cancel.h>
#include <planche/engine.h>
#include <planche/error.h>
#include <planche/gpu.h>
#include <planche/job.h>
#include <planche/log.h>
#include <planche/model.h>
#include <planche/page.h>
#include <planche/types.h>
#include <planche/version.h>

#endif
