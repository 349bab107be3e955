/* SPDX-License-Identifier: MIT */
/* planche.hpp, with exceptions and without: pages, errors, progress, cancelling, logs. */
#include <planche/planche.hpp>

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <type_traits>
#include <vector>

static_assert(std::is_move_constructible_v<planche::Engine> &&
              !std::is_copy_constructible_v<planche::Engine>);
static_assert(std::is_move_constructible_v<planche::Page> &&
              !std::is_copy_constructible_v<planche::Page>);

static int failures;

static void check(bool holds, const char *what, int line)
{
    if (holds)
        return;
    std::printf("line %d: does not hold: %s\n", line, what);
    failures++;
}
#define CHECK(condition) check(condition, #condition, __LINE__)

static planche::EngineOptions small()
{
    planche::EngineOptions options;
    options.model = "small";
    options.backend = "cpu";
    options.threads = 2;
    return options;
}

/* A PNG file that the library itself writes. */
static std::vector<char> png_file(const std::string &path)
{
    std::vector<unsigned char> grey(40 * 30);
    for (std::size_t i = 0; i < grey.size(); i++)
        grey[i] = static_cast<unsigned char>(i * 7);
    planche_pixels image = planche::pixels(PLANCHE_PIXELS_GREY8, 40, 30, 40, grey.data());
    planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    options.overwrite = 1;
    CHECK(planche_image_write(path.c_str(), &image, nullptr, &options, nullptr) == PLANCHE_OK);
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

static void test_results(const planche::Engine &engine, const std::string &folder)
{
    std::vector<char> file = png_file(folder + "/page.png");
    planche::PageOptions options;
    options.format = PLANCHE_FORMAT_PNG;
    double last = 0;
    options.on_progress = [&last](double done) { last = done; };
    auto page = engine.try_run(file.data(), file.size(), options);
    CHECK(page && page.status() == PLANCHE_OK);
    CHECK(page->result().output_width == 80 && page->result().output_height == 60);
    CHECK(page->size() > 8 && std::memcmp(page->data(), "\x89PNG", 4) == 0);
    CHECK(last == 1);

    auto bad = engine.try_run("no image", 8);
    CHECK(!bad && bad.status() != PLANCHE_OK && !bad.failure().message.empty());

    options.overwrite = 1;
    auto made = engine.try_run_file(folder + "/page.png", folder + "/larger.png", options);
    CHECK(made && made->output_width == 80);
    auto none = engine.try_run_file(folder + "/none.png", folder + "/larger.png", options);
    CHECK(!none && none.status() == PLANCHE_ERROR_NOT_FOUND);

    auto predicted = engine.try_predict(100, 50);
    CHECK(predicted && predicted->output_width == 200 && predicted->output_height == 100);
    auto info = engine.try_info();
    CHECK(info && std::strcmp(info->model, "small") == 0);
    CHECK(std::remove((folder + "/page.png").c_str()) == 0);
    CHECK(std::remove((folder + "/larger.png").c_str()) == 0);
}

static void test_pixels_and_cancel(const planche::Engine &engine)
{
    std::vector<unsigned char> in(1000 * 1000, 99), out(2000 * 2000);
    auto from = planche::pixels(PLANCHE_PIXELS_GREY8, 1000, 1000, 1000, in.data());
    auto to = planche::pixels(PLANCHE_PIXELS_GREY8, 2000, 2000, 2000, out.data());
    auto cancel = planche::Cancel::try_create();
    CHECK(cancel && !cancel->requested());
    planche::PageOptions options;
    options.with(*cancel).on_progress = [&cancel](double) { cancel->request(); };
    auto stopped = engine.try_run_pixels(from, to, options);
    CHECK(!stopped && stopped.status() == PLANCHE_ERROR_CANCELLED && cancel->requested());

    from.width = from.height = 16;
    to.width = to.height = 32;
    std::thread other([&] { CHECK(bool(engine.try_run_pixels(from, to))); });
    other.join();
    CHECK(out[0] > 0);
}

static void test_log()
{
    planche::EngineOptions options = small();
    int lines = 0;
    options.on_log = [&lines](planche_log_level, const char *) { lines++; };
    auto engine = planche::Engine::try_create(options);
    CHECK(bool(engine));
    planche::Engine moved = std::move(*engine);
    std::vector<unsigned char> in(16 * 16), out(32 * 32);
    auto from = planche::pixels(PLANCHE_PIXELS_GREY8, 16, 16, 16, in.data());
    auto to = planche::pixels(PLANCHE_PIXELS_GREY8, 32, 32, 32, out.data());
    CHECK(bool(moved.try_run_pixels(from, to)));
    CHECK(lines > 0);
    options.model = "nope";
    auto none = planche::Engine::try_create(options);
    CHECK(!none && none.status() == PLANCHE_ERROR_NOT_FOUND);
}

static int destroyed;

/* In the place of the library's: counts. */
void planche_engine_destroy(planche_engine **engine)
{
    destroyed += engine && *engine;
    reinterpret_cast<decltype(&planche_engine_destroy)>(dlsym(RTLD_NEXT, "planche_engine_destroy"))(
        engine);
}

static void test_assignment()
{
    /* A log's engine is gone before it. */
    struct Held {
        ~Held()
        {
            CHECK(destroyed == 1);
        }
    };
    planche::EngineOptions options = small();
    auto held = std::make_shared<Held>();
    options.on_log = [held](planche_log_level, const char *) {};
    held.reset();
    auto logged = planche::Engine::try_create(options),
         other = planche::Engine::try_create(small());
    options.on_log = nullptr;
    CHECK(logged && other);
    destroyed = 0;
    *logged = std::move(*other);
    CHECK(destroyed == 1 && !other->get() && logged->try_info());
    planche::Engine &same = *logged;
    same = std::move(*logged);
    CHECK(destroyed == 1 && logged->try_info());
}

/* mode.cpp: a page with progress, in the other mode. */
int other_mode_page();

#ifndef PLANCHE_NO_EXCEPTIONS
static void test_exceptions()
{
    planche::Engine engine(small());
    try {
        engine.run("no image", 8);
        CHECK(!"thrown");
    } catch (const planche::Error &error) {
        CHECK(error.status() != PLANCHE_OK && std::strlen(error.what()) > 5);
    }
    /* No exception passes through the library: it goes on when the page has ended. */
    std::vector<unsigned char> in(64 * 64), out(128 * 128);
    auto from = planche::pixels(PLANCHE_PIXELS_GREY8, 64, 64, 64, in.data());
    auto to = planche::pixels(PLANCHE_PIXELS_GREY8, 128, 128, 128, out.data());
    planche::PageOptions options;
    int calls = 0;
    options.on_progress = [&calls](double) {
        calls++;
        throw 42;
    };
    try {
        engine.run_pixels(from, to, options);
        CHECK(!"thrown");
    } catch (int thrown) {
        CHECK(thrown == 42 && calls == 1);
    }
    CHECK(engine.run_pixels(from, to).output_width == 128);
    CHECK(engine.predict(10, 10).output_width == 20 && engine.info().scale == 2);
    planche::Cancel cancel;
    cancel.request();
    CHECK(cancel.requested());
}
#endif

int main()
{
    const char *temporary = std::getenv("TMPDIR");
    std::string folder = std::string(temporary ? temporary : "/tmp") + "/planche-hpp-XXXXXX";
    if (!mkdtemp(folder.data()))
        return 1;
    auto engine = planche::Engine::try_create(small());
    CHECK(bool(engine));
    if (engine) {
        test_results(*engine, folder);
        test_pixels_and_cancel(*engine);
    }
    test_log();
    test_assignment();
    CHECK(other_mode_page() == 0);
#ifndef PLANCHE_NO_EXCEPTIONS
    test_exceptions();
#endif
    CHECK(std::remove(folder.c_str()) == 0);
    return failures ? 1 : 0;
}
