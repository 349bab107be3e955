/* SPDX-License-Identifier: MIT */
/* The C++ of docs/bindings.md. Compiled, and run by the tests: larger IN OUT. */
#include <planche/planche.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    std::ifstream in(argv[1], std::ios::binary);
    const std::vector<char> file{std::istreambuf_iterator<char>(in), {}};
    std::ofstream out(argv[2], std::ios::binary);
    // clang-format off
    try {
        planche::EngineOptions model;
        model.model = "small";
        planche::Engine engine(model); // any number of threads may use it
        planche::Cancel cancel;        // cancel.request() stops the page
        planche::PageOptions options;
        options.format = PLANCHE_FORMAT_PNG;
        options.with(cancel).on_progress = [](double done) { std::printf("%.0f %%\n", 100 * done); };
        planche::Page page = engine.run(file.data(), file.size(), options);
        out.write(reinterpret_cast<const char *>(page.data()), page.size());
    } catch (const planche::Error &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    // clang-format on
    return out.good() ? 0 : 1;
}
