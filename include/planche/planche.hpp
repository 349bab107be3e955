/* SPDX-License-Identifier: MIT */
/* C++17 without anything to link beside the library: handles that destroy themselves, functions
 * that throw, and the same as try_... that return what went wrong. With PLANCHE_NO_EXCEPTIONS, or
 * where the compiler has them off, there are the latter only.
 *
 * What options, results and errors mean is said in the C headers, whose structs these are. */
#ifndef PLANCHE_PLANCHE_HPP
#define PLANCHE_PLANCHE_HPP

#include <planche/planche.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#if !defined(PLANCHE_NO_EXCEPTIONS) && !defined(__cpp_exceptions)
#define PLANCHE_NO_EXCEPTIONS
#endif
#ifndef PLANCHE_NO_EXCEPTIONS
#include <exception>
#include <stdexcept>
#endif

namespace planche
{
/* Of the mode: classes differ with it, so files of both in one program must not share them. */
#ifdef PLANCHE_NO_EXCEPTIONS
inline namespace without_exceptions
#else
inline namespace with_exceptions
#endif
{

/* What went wrong, where, and what to do about it. */
struct Failure {
    planche_status status = PLANCHE_OK;
    std::string message;
};

#ifndef PLANCHE_NO_EXCEPTIONS
/* A failure as an exception. */
class Error : public std::runtime_error
{
  public:
    explicit Error(const Failure &failure)
        : std::runtime_error(std::string(planche_status_name(failure.status)) + ": " +
                             failure.message),
          failure_(failure)
    {
    }
    planche_status status() const noexcept
    {
        return failure_.status;
    }
    const Failure &failure() const noexcept
    {
        return failure_;
    }

  private:
    Failure failure_;
};
#endif

/* A value, or why there is none. */
template <typename T> class Result
{
  public:
    Result(T value) : value_(std::move(value))
    {
    }
    Result(Failure failure) : failure_(std::move(failure))
    {
    }
    explicit operator bool() const noexcept
    {
        return value_.has_value();
    }
    T &operator*() noexcept
    {
        return *value_;
    }
    T *operator->() noexcept
    {
        return &*value_;
    }
    const Failure &failure() const noexcept
    {
        return failure_;
    }
    planche_status status() const noexcept
    {
        return failure_.status;
    }
#ifndef PLANCHE_NO_EXCEPTIONS
    T take() &&
    {
        if (!value_)
            throw Error(failure_);
        return std::move(*value_);
    }
#endif

  private:
    std::optional<T> value_;
    Failure failure_;
};

namespace detail
{
/* Calls f with an error to fill; the failure's status is OK if there was none. */
template <typename F> Failure call(F &&f)
{
    planche_error error{};
    planche_status status = f(&error);
    if (status == PLANCHE_OK)
        return {};
    return {status, error.message};
}

struct CancelDeleter {
    void operator()(planche_cancel *cancel) const noexcept
    {
        planche_cancel_destroy(&cancel);
    }
};
struct EngineDeleter {
    void operator()(planche_engine *engine) const noexcept
    {
        planche_engine_destroy(&engine);
    }
};
struct BytesDeleter {
    void operator()(void *data) const noexcept
    {
        planche_free_bytes(data);
    }
};
} // namespace detail

/* Stops pages. It outlives the pages that were given it. */
class Cancel
{
  public:
    static Result<Cancel> try_create()
    {
        planche_cancel *raw = nullptr;
        Failure failure =
            detail::call([&](planche_error *error) { return planche_cancel_create(&raw, error); });
        if (failure.status != PLANCHE_OK)
            return failure;
        return Cancel(raw);
    }
#ifndef PLANCHE_NO_EXCEPTIONS
    Cancel() : Cancel(try_create().take())
    {
    }
#endif
    void request() noexcept
    {
        planche_cancel_request(raw_.get());
    }
    bool requested() const noexcept
    {
        return planche_cancel_requested(raw_.get()) != 0;
    }
    planche_cancel *get() const noexcept
    {
        return raw_.get();
    }

  private:
    explicit Cancel(planche_cancel *raw) : raw_(raw)
    {
    }
    std::unique_ptr<planche_cancel, detail::CancelDeleter> raw_;
};

/* Options of an engine, with the defaults; its log may be any function. */
struct EngineOptions : planche_engine_options {
    EngineOptions() : planche_engine_options(PLANCHE_ENGINE_OPTIONS_INIT)
    {
    }
    /* Called from several threads at once; an exception costs the line. */
    std::function<void(planche_log_level, const char *)> on_log;
};

/* Options of a page, with the defaults; its progress may be any function. */
struct PageOptions : planche_page_options {
    PageOptions() : planche_page_options(PLANCHE_PAGE_OPTIONS_INIT)
    {
    }
    PageOptions &with(const Cancel &stop)
    {
        cancel = stop.get();
        return *this;
    }
    /* Called on the thread that runs the page. If it throws it is not called again, and the
     * exception goes on when the page has ended. */
    std::function<void(double)> on_progress;
};

/* An image file in memory that a page became. */
class Page
{
  public:
    Page(void *data, std::size_t size, const planche_page_result &result)
        : data_(data), size_(size), result_(result)
    {
    }
    const unsigned char *data() const noexcept
    {
        return static_cast<const unsigned char *>(data_.get());
    }
    std::size_t size() const noexcept
    {
        return size_;
    }
    const planche_page_result &result() const noexcept
    {
        return result_;
    }

  private:
    std::unique_ptr<void, detail::BytesDeleter> data_;
    std::size_t size_;
    planche_page_result result_;
};

/* Pixels of the caller's. */
inline planche_pixels pixels(planche_pixel_format format, std::uint32_t width, std::uint32_t height,
                             std::size_t stride, void *data) noexcept
{
    planche_pixels filled = PLANCHE_PIXELS_INIT;
    filled.format = format;
    filled.width = width;
    filled.height = height;
    filled.stride = stride;
    filled.data = data;
    return filled;
}

namespace detail
{
/* A progress function while its page runs: no exception passes through C. */
class Watch
{
  public:
    explicit Watch(const PageOptions &options) : raw(options), f_(options.on_progress)
    {
        if (f_) {
            raw.progress = report;
            raw.progress_user = this;
        }
    }
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;
    void rethrow() const
    {
#ifndef PLANCHE_NO_EXCEPTIONS
        if (thrown_)
            std::rethrow_exception(thrown_);
#endif
    }
    planche_page_options raw;

  private:
    static void report(void *user, double done)
    {
        auto *self = static_cast<Watch *>(user);
#ifndef PLANCHE_NO_EXCEPTIONS
        if (self->thrown_)
            return;
        try {
            self->f_(done);
        } catch (...) {
            self->thrown_ = std::current_exception();
        }
#else
        self->f_(done);
#endif
    }
    const std::function<void(double)> &f_;
#ifndef PLANCHE_NO_EXCEPTIONS
    std::exception_ptr thrown_;
#endif
};

/* Bytes that the library has allocated, until a page owns them. */
struct Out {
    void *data = nullptr;
    std::size_t size = 0;
    Out() = default;
    Out(const Out &) = delete;
    Out &operator=(const Out &) = delete;
    ~Out()
    {
        planche_free_bytes(data);
    }
};

using Log = std::function<void(planche_log_level, const char *)>;

inline void log(void *user, planche_log_level level, const char *message)
{
#ifndef PLANCHE_NO_EXCEPTIONS
    try {
        (*static_cast<Log *>(user))(level, message);
    } catch (...) {
        /* Its line is lost. */
    }
#else
    (*static_cast<Log *>(user))(level, message);
#endif
}
} // namespace detail

/* A model filled ready to run. Any number of threads may run pages in it at once. */
class Engine
{
  public:
    static Result<Engine> try_create(const EngineOptions &options = {})
    {
        planche_engine_options raw = options;
        std::unique_ptr<detail::Log> log;
        if (options.on_log) {
            log = std::make_unique<detail::Log>(options.on_log);
            raw.log = detail::log;
            raw.log_user = log.get();
        }
        planche_engine *engine = nullptr;
        Failure failure = detail::call(
            [&](planche_error *error) { return planche_engine_create(&engine, &raw, error); });
        if (failure.status != PLANCHE_OK)
            return failure;
        return Engine(engine, std::move(log));
    }

    /* An image file in memory into another. */
    Result<Page> try_run(const void *data, std::size_t size, const PageOptions &options = {}) const
    {
        detail::Out out;
        auto result = run_with(options, [&](const planche_page_options *page,
                                            planche_page_result *filled, planche_error *error) {
            return planche_engine_run_bytes(get(), data, size, &out.data, &out.size, page, filled,
                                            error);
        });
        if (!result)
            return result.failure();
        return Page(std::exchange(out.data, nullptr), out.size, *result);
    }

    /* A file into another. */
    Result<planche_page_result> try_run_file(const std::string &input, const std::string &output,
                                             const PageOptions &options = {}) const
    {
        return run_with(options, [&](const planche_page_options *page, planche_page_result *filled,
                                     planche_error *error) {
            return planche_engine_run_file(get(), input.c_str(), output.c_str(), page, filled,
                                           error);
        });
    }

    /* Pixels into memory of the caller's. */
    Result<planche_page_result> try_run_pixels(const planche_pixels &in, const planche_pixels &out,
                                               const PageOptions &options = {}) const
    {
        return run_with(options, [&](const planche_page_options *page, planche_page_result *filled,
                                     planche_error *error) {
            return planche_engine_run_pixels(get(), &in, &out, page, filled, error);
        });
    }

    /* What a page of this size becomes. */
    Result<planche_page_result> try_predict(std::uint32_t width, std::uint32_t height,
                                            const PageOptions &options = {}) const
    {
        planche_page_result filled = PLANCHE_PAGE_RESULT_INIT;
        Failure failure = detail::call([&](planche_error *error) {
            return planche_engine_predict(get(), nullptr, width, height, &options, &filled, error);
        });
        if (failure.status != PLANCHE_OK)
            return failure;
        return filled;
    }

    /* Its strings live as long as the engine. */
    Result<planche_engine_info> try_info() const
    {
        planche_engine_info filled = PLANCHE_ENGINE_INFO_INIT;
        Failure failure = detail::call(
            [&](planche_error *error) { return planche_engine_get_info(get(), &filled, error); });
        if (failure.status != PLANCHE_OK)
            return failure;
        return filled;
    }

#ifndef PLANCHE_NO_EXCEPTIONS
    explicit Engine(const EngineOptions &options = {}) : Engine(try_create(options).take())
    {
    }
    Page run(const void *data, std::size_t size, const PageOptions &options = {}) const
    {
        return try_run(data, size, options).take();
    }
    planche_page_result run_file(const std::string &input, const std::string &output,
                                 const PageOptions &options = {}) const
    {
        return try_run_file(input, output, options).take();
    }
    planche_page_result run_pixels(const planche_pixels &in, const planche_pixels &out,
                                   const PageOptions &options = {}) const
    {
        return try_run_pixels(in, out, options).take();
    }
    planche_page_result predict(std::uint32_t width, std::uint32_t height,
                                const PageOptions &options = {}) const
    {
        return try_predict(width, height, options).take();
    }
    planche_engine_info info() const
    {
        return try_info().take();
    }
#endif

    const planche_engine *get() const noexcept
    {
        return raw_.get();
    }

    Engine(Engine &&) noexcept = default;
    /* What this was is destroyed as a whole, the engine before its log. */
    Engine &operator=(Engine &&other) noexcept
    {
        Engine taken(std::move(other));
        log_.swap(taken.log_);
        raw_.swap(taken.raw_);
        return *this;
    }

  private:
    Engine(planche_engine *raw, std::unique_ptr<detail::Log> log) : log_(std::move(log)), raw_(raw)
    {
    }

    template <typename F>
    static Result<planche_page_result> run_with(const PageOptions &options, F &&f)
    {
        detail::Watch watch(options);
        planche_page_result filled = PLANCHE_PAGE_RESULT_INIT;
        Failure failure =
            detail::call([&](planche_error *error) { return f(&watch.raw, &filled, error); });
        watch.rethrow();
        if (failure.status != PLANCHE_OK)
            return failure;
        return filled;
    }

    std::unique_ptr<detail::Log> log_; /* outlives the engine, which may write to it to its end */
    std::unique_ptr<planche_engine, detail::EngineDeleter> raw_;
};

} // inline namespace
} // namespace planche

#endif
