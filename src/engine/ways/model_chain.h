/* SPDX-License-Identifier: MIT */
/* Chains of models: what the networks of several models make of a page, one after the other.
 *
 * Each model but the last, a head, is one network: of scale 1 if the model has such, else of its
 * own. The last makes what is left of the scale, by a chain of its networks if need be. The level
 * of cleaning is that of the first model that has levels; what a network has made is cleaned no
 * more than a model does in any case. */
#ifndef PLANCHE_ENGINE_MODEL_CHAIN_H
#define PLANCHE_ENGINE_MODEL_CHAIN_H

#include "engine/scale_chain.h"
#include "model/choices.h"

/* Begins a plan for a chain of one model or more; options->model is not looked at. Networks of
 * files, whose scales are not known yet, are at the index of their model; the first network of the
 * chain is known. Names of files must stay while the plan is used. Errors: NOT_FOUND, ARGUMENT. */
enum planche_status planche_model_chain_begin(struct planche_scale_plan *plan,
                                              const struct planche_alternative *models,
                                              const struct planche_engine_options *options,
                                              struct planche_error *error);
/* A whole one. scales: of the networks of files, by the index of their model. Errors: ARGUMENT. */
enum planche_status planche_model_chain_finish(struct planche_scale_plan *plan,
                                               const struct planche_alternative *models,
                                               const struct planche_engine_options *options,
                                               const unsigned *scales, struct planche_error *error);
/* Whether a model of the chain has levels of cleaning. */
bool planche_model_chain_has_levels(const struct planche_alternative *models);
/* Whether a model of the chain is a file. */
bool planche_model_chain_has_file(const struct planche_alternative *models);

#endif
