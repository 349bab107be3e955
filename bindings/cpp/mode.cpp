/* SPDX-License-Identifier: MIT */
/* planche.hpp without exceptions, in a program that has a file with them: each has its own classes.
 */
#ifndef PLANCHE_NO_EXCEPTIONS
#define PLANCHE_NO_EXCEPTIONS
#endif
#include <planche/planche.hpp>

#include <vector>

int other_mode_page();

int other_mode_page()
{
    planche::EngineOptions model;
    model.model = "small";
    model.backend = "cpu";
    model.threads = 1;
    auto engine = planche::Engine::try_create(model);
    std::vector<unsigned char> in(16 * 16), out(32 * 32);
    double last = 0;
    planche::PageOptions options;
    options.on_progress = [&last](double done) { last = done; };
    return engine &&
                   engine->try_run_pixels(
                       planche::pixels(PLANCHE_PIXELS_GREY8, 16, 16, 16, in.data()),
                       planche::pixels(PLANCHE_PIXELS_GREY8, 32, 32, 32, out.data()), options) &&
                   last == 1
               ? 0
               : 1;
}
