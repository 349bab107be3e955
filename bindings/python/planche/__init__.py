# SPDX-License-Identifier: MIT
"""Comic and manga pages made larger with neural networks.

    import planche

    engine = planche.Engine()
    page = engine.enlarge(open("page.jpg", "rb").read(), planche.Options(format="png"))
    open("larger.png", "wb").write(page.data)

An engine may be used by any number of threads at once: the interpreter's lock is released while the
library works. What the options mean in detail is said in the C headers, at structs
planche_engine_options and planche_page_options."""
from __future__ import annotations

import os
import sys
import threading
import weakref
from dataclasses import dataclass
from typing import Any, Callable, Optional, Tuple, Union

from ._planche import ffi, lib  # type: ignore

__all__ = ["Cancel", "Cancelled", "DamagedImage", "DeadlinePassed", "Engine", "Error", "Info",
           "OutOfBudget", "Options", "Page", "Report", "version"]

FORMATS = {"auto": lib.PLANCHE_FORMAT_AUTO, "png": lib.PLANCHE_FORMAT_PNG,
           "jpg": lib.PLANCHE_FORMAT_JPEG, "webp": lib.PLANCHE_FORMAT_WEBP,
           "avif": lib.PLANCHE_FORMAT_AVIF, "jxl": lib.PLANCHE_FORMAT_JXL}
FORMAT_NAMES = {value: name for name, value in FORMATS.items()}
PRIORITIES = {"interactive": lib.PLANCHE_PRIORITY_INTERACTIVE,
              "normal": lib.PLANCHE_PRIORITY_NORMAL,
              "background": lib.PLANCHE_PRIORITY_BACKGROUND}
PRECISIONS = {"auto": lib.PLANCHE_PRECISION_AUTO, "f32": lib.PLANCHE_PRECISION_F32,
              "bf16": lib.PLANCHE_PRECISION_BF16, "f16": lib.PLANCHE_PRECISION_F16,
              "int8": lib.PLANCHE_PRECISION_INT8}
FITS = {"box": lib.PLANCHE_FIT_BOX, "screen": lib.PLANCHE_FIT_SCREEN}
# By bytes of a sample and number of channels.
PIXEL_FORMATS = {(1, 1): lib.PLANCHE_PIXELS_GREY8, (1, 2): lib.PLANCHE_PIXELS_GREY_ALPHA8,
                 (1, 3): lib.PLANCHE_PIXELS_RGB8, (1, 4): lib.PLANCHE_PIXELS_RGBA8,
                 (2, 1): lib.PLANCHE_PIXELS_GREY16, (2, 2): lib.PLANCHE_PIXELS_GREY_ALPHA16,
                 (2, 3): lib.PLANCHE_PIXELS_RGB16, (2, 4): lib.PLANCHE_PIXELS_RGBA16}
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


class Error(Exception):
    """What went wrong, where, and what to do about it. name is its kind: "not found"."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.name: str = _text(lib.planche_status_name(status)) or ""
        self.message = message
        super().__init__(f"{self.name}: {message}" if message else self.name)


class Cancelled(Error):
    """It was cancelled."""


class DeadlinePassed(Error):
    """The deadline passed before the page was done."""


class DamagedImage(Error):
    """The image is damaged, cut short or no image."""


class OutOfBudget(Error):
    """The engine's memory budget is too small."""


_ERRORS = {lib.PLANCHE_ERROR_CANCELLED: Cancelled, lib.PLANCHE_ERROR_DEADLINE: DeadlinePassed,
           lib.PLANCHE_ERROR_DATA: DamagedImage, lib.PLANCHE_ERROR_BUDGET: OutOfBudget}


def _text(pointer: Any) -> Optional[str]:
    return None if pointer == ffi.NULL else ffi.string(pointer).decode("utf-8", "replace")


def _check(status: int, error: Any) -> None:
    if status != lib.PLANCHE_OK:
        raise _ERRORS.get(status, Error)(status, _text(error.message) or "")


def _named(what: str, names: "dict[str, int]", name: str) -> int:
    if name not in names:
        raise ValueError(f"{what}: {name!r} is none of {', '.join(map(repr, names))}")
    return names[name]


def _struct(kind: str) -> Any:
    made = ffi.new(f"struct {kind} *")
    made.struct_size = ffi.sizeof(f"struct {kind}")
    return made


def version() -> str:
    """Of the library that is running: "0.1.0"."""
    return _text(lib.planche_version()) or ""


class Cancel:
    """Stops pages that wait or run: give it to the options of any number of them."""

    def __init__(self) -> None:
        out, error = ffi.new("struct planche_cancel **"), ffi.new("struct planche_error *")
        _check(lib.planche_cancel_create(out, error), error)
        self._raw = ffi.gc(out[0], lambda raw: lib.planche_cancel_destroy(
            ffi.new("struct planche_cancel **", raw)))
        self._lock = threading.RLock()  # a signal's handler may request while its thread holds it
        self._children: "weakref.WeakSet[Cancel]" = weakref.WeakSet()

    def request(self) -> None:
        """Cancels, for good. From any thread."""
        with self._lock:
            lib.planche_cancel_request(self._raw)
            children = list(self._children)
        for child in children:
            child.request()

    @property
    def requested(self) -> bool:
        """Whether it was requested."""
        return bool(lib.planche_cancel_requested(self._raw))

    def _child(self) -> "Cancel":
        child = Cancel()
        with self._lock:
            self._children.add(child)
            if self.requested:
                lib.planche_cancel_request(child._raw)
        return child


@dataclass(frozen=True)
class Options:
    """Options of a page."""

    format: str = "auto"  # "png", "jpg", "webp", "avif", "jxl"; "auto": WebP, or by the name
    quality: int = 0  # 1 to 100; 0: as good as WebP with 90
    lossless: bool = False
    effort: int = 0
    overwrite: bool = False
    tta: bool = False
    width: int = 0  # most pixels of the result; 0: any
    height: int = 0
    fit: str = "box"  # or "screen"
    scale: Union[int, str, None] = None  # "auto": as many times as width and height need
    provenance: bool = False
    grey: bool = False  # files without a colour are run and stored as grey
    switch_format: bool = False  # if the result is too large for its format
    priority: str = "normal"  # "interactive", "background"
    deadline: Optional[float] = None  # seconds from the call on
    # Called with 0 to 1, on the thread that called. An exception cancels the page and goes on.
    progress: Optional[Callable[[float], object]] = None
    cancel: Optional[Cancel] = None

    def _raw(self) -> Any:
        raw = _struct("planche_page_options")
        raw.format = _named("format", FORMATS, self.format)
        raw.priority = _named("priority", PRIORITIES, self.priority)
        raw.fit = _named("fit", FITS, self.fit)
        for name in ("quality", "lossless", "effort", "overwrite", "tta", "width", "height",
                     "provenance"):
            setattr(raw, name, int(getattr(self, name)))
        raw.grey = lib.PLANCHE_GREY_AUTO if self.grey else lib.PLANCHE_GREY_KEEP
        raw.on_limit = (lib.PLANCHE_ON_LIMIT_SWITCH if self.switch_format
                        else lib.PLANCHE_ON_LIMIT_FAIL)
        raw.scale = lib.PLANCHE_SCALE_AUTO if self.scale == "auto" else int(self.scale or 0)
        if self.deadline is not None:
            raw.deadline_ms = max(1, int(self.deadline * 1000))
        return raw


class _Watch:
    """A page while it runs. Its progress is always looked at: Python sees an interrupt there."""

    def __init__(self, options: Options) -> None:
        self.progress = options.progress
        self.raised: Optional[BaseException] = None
        self.cancel = options.cancel._child() if options.cancel else Cancel()
        self.handle = ffi.new_handle(self)
        self.raw = options._raw()
        self.raw.progress = lib.planche_py_progress
        self.raw.progress_user = self.handle
        self.raw.cancel = self.cancel._raw
        self.result = _struct("planche_page_result")
        self.error = ffi.new("struct planche_error *")

    def end(self, status: int) -> "Report":
        """What the page has come to."""
        if self.raised is not None:
            raise self.raised
        _check(status, self.error)
        return Report._of(self.result)


def _raised(_kind: Any, raised: BaseException, traceback: Any) -> None:
    """What a progress function raises, or an interrupt that comes while it is called: nothing may be
    raised through C, so the page is cancelled, and it goes on when that has ended."""
    watch: _Watch = ffi.from_handle(traceback.tb_frame.f_locals["user"])
    watch.raised = watch.raised or raised
    watch.cancel.request()


@ffi.def_extern(onerror=_raised)
def planche_py_progress(user: Any, done: float) -> None:
    """Called by the library on the thread that runs the page."""
    watch: _Watch = ffi.from_handle(user)
    if watch.raised is None and watch.progress is not None:
        watch.progress(done)


@ffi.def_extern()
def planche_py_log(user: Any, level: int, message: Any) -> None:
    """cffi prints what is raised, and goes on."""
    levels = {lib.PLANCHE_LOG_TRACE: "trace", lib.PLANCHE_LOG_DEBUG: "debug",
              lib.PLANCHE_LOG_INFO: "info", lib.PLANCHE_LOG_WARNING: "warning"}
    ffi.from_handle(user)(levels.get(level, "error"), _text(message))


@dataclass(frozen=True)
class Report:
    """What is known of a page that was made."""

    input_width: int
    input_height: int
    output_width: int
    output_height: int
    format: str  # "": pixels
    decode_ms: float
    network_ms: float
    encode_ms: float
    peak_bytes: int
    parts: int
    backend: str
    scale: int
    networks: str

    @staticmethod
    def _of(raw: Any) -> "Report":
        return Report(raw.input_width, raw.input_height, raw.output_width, raw.output_height,
                      FORMAT_NAMES.get(raw.format, "") if raw.format else "", raw.decode_ms,
                      raw.network_ms, raw.encode_ms, raw.peak_bytes, raw.parts,
                      _text(raw.backend) or "", raw.scale, _text(raw.networks) or "")


@dataclass(frozen=True)
class Page:
    """A page that was made."""

    data: memoryview  # an image file: the library's own memory, which lives as long as this
    report: Report


@dataclass(frozen=True)
class Info:
    """What an engine is."""

    scale: int
    model: str
    variant: str
    backend: str
    isa: str
    precision: str
    device: Optional[str]
    threads: int
    jobs: int
    memory: int
    weight_bytes: int
    peak_bytes: int


class Engine:
    """A model made ready to run. Pages that run keep it alive, also when it was closed."""

    def __init__(self, model: Optional[str] = None, *, scale: int = 0,
                 denoise: Optional[float] = None, memory: int = 0, threads: int = 0, jobs: int = 0,
                 max_pixels: int = 0, cpu_mask: int = 0, precision: str = "auto",
                 model_directory: Optional[Path] = None, backend: Optional[str] = None,
                 gpu_memory: int = 0, pages: int = 0,
                 log: Optional[Callable[[str, str], object]] = None) -> None:
        """log gets a level ("warning") and a line, on any thread."""
        raw = _struct("planche_engine_options")
        texts = {"model": model, "backend": backend,
                 "model_directory": os.fspath(model_directory) if model_directory else None}
        kept = []
        for name, text in texts.items():
            if text is not None:
                kept.append(ffi.new("char[]", os.fsencode(text)))
                setattr(raw, name, kept[-1])
        for name, value in (("scale", scale), ("memory", memory), ("threads", threads),
                            ("jobs", jobs), ("max_pixels", max_pixels), ("cpu_mask", cpu_mask),
                            ("gpu_memory", gpu_memory), ("pages", pages)):
            setattr(raw, name, value)
        raw.precision = _named("precision", PRECISIONS, precision)
        if denoise is not None:
            raw.has_level, raw.level = 1, denoise
        log_handle = None
        if log is not None:
            log_handle = ffi.new_handle(log)
            raw.log, raw.log_user = lib.planche_py_log, log_handle
        out, error = ffi.new("struct planche_engine **"), ffi.new("struct planche_error *")
        _check(lib.planche_engine_create(out, raw, error), error)

        def destroy(engine: Any, _log: Any = log_handle) -> None:
            lib.planche_engine_destroy(ffi.new("struct planche_engine **", engine))

        self._raw: Any = ffi.gc(out[0], destroy)

    def close(self) -> None:
        """Gives the engine up; pages that run end first."""
        self._raw = None

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _engine(self) -> Any:
        raw = self._raw
        if raw is None:
            raise ValueError("the engine is closed")
        return raw

    def info(self) -> Info:
        """Describes the engine."""
        engine, raw = self._engine(), _struct("planche_engine_info")
        error = ffi.new("struct planche_error *")
        _check(lib.planche_engine_get_info(engine, raw, error), error)
        return Info(raw.scale, _text(raw.model) or "", _text(raw.variant) or "",
                    _text(raw.backend) or "", _text(raw.isa) or "", _text(raw.precision) or "",
                    _text(raw.device), raw.threads, raw.jobs, raw.memory, raw.weight_bytes,
                    raw.peak_bytes)

    def enlarge(self, data: Any, options: Options = Options()) -> Page:
        """Enlarges an image file in memory, anything that has a buffer, into another. Neither is
        copied."""
        engine, watch = self._engine(), _Watch(options)
        out, size = ffi.new("void **"), ffi.new("size_t *")
        with ffi.from_buffer(data) as source:
            status = lib.planche_engine_run_bytes(engine, source, len(source), out, size, watch.raw,
                                                  watch.result, watch.error)
        owned = ffi.gc(out[0], lib.planche_free_bytes)
        report = watch.end(status)
        return Page(memoryview(ffi.buffer(owned, size[0])).toreadonly(), report)

    def enlarge_file(self, input: Path, output: Path, options: Options = Options()) -> Report:
        """Enlarges a file into another, which appears complete under its name or not at all."""
        engine, watch = self._engine(), _Watch(options)
        return watch.end(lib.planche_engine_run_file(
            engine, ffi.new("char[]", os.fsencode(input)), ffi.new("char[]", os.fsencode(output)),
            watch.raw, watch.result, watch.error))

    def output_size(self, width: int, height: int,
                    options: Options = Options()) -> Tuple[int, int]:
        """Width and height of the result of a page of this size."""
        engine, raw, error = self._engine(), options._raw(), ffi.new("struct planche_error *")
        raw.format = lib.PLANCHE_FORMAT_PNG  # pixels have no format, whose limits would count
        result = _struct("planche_page_result")
        _check(lib.planche_engine_predict(engine, ffi.NULL, width, height, raw, result, error),
               error)
        return result.output_width, result.output_height

    def enlarge_pixels(self, pixels: Any, options: Options = Options(), out: Any = None) -> Any:
        """Enlarges pixels: a NumPy array, or anything else that has a buffer, of unsigned bytes or
        16-bit integers with the shape (height, width) or (height, width, 1 to 4 channels). Rows may
        have gaps, of NumPy arrays. Returns `out`, or a new array (a memoryview where NumPy is not
        used). Neither is copied."""
        engine, watch = self._engine(), _Watch(options)
        source = _Pixels(pixels)
        if out is None:
            out = source.like(*self.output_size(source.raw.width, source.raw.height, options))
        target = _Pixels(out, writable=True)
        watch.end(lib.planche_engine_run_pixels(engine, source.raw, target.raw, watch.raw,
                                                watch.result, watch.error))
        return out


class _Pixels:
    """Pixels of Python as the library sees them."""

    def __init__(self, pixels: Any, writable: bool = False) -> None:
        view = memoryview(pixels)
        if writable and view.readonly:
            raise ValueError("the pixels of the result cannot be written")
        shape, strides = view.shape or (), view.strides or ()
        if view.format not in ("B", "H", "<H", ">H", "=H", "@H") or len(shape) not in (2, 3):
            raise ValueError(f"pixels have the shape (height, width[, channels]) and samples of 8 or "
                             f"16 unsigned bits, not {shape} of {view.format!r}")
        if view.format[0] in "<>" and (view.format[0] == "<") != (sys.byteorder == "little"):
            raise ValueError("samples of 16 bits are in the machine's order of bytes")
        channels = shape[2] if len(shape) == 3 else 1
        size = view.itemsize
        if (size, channels) not in PIXEL_FORMATS:
            raise ValueError(f"pixels have 1 to 4 channels, not {channels}")
        if strides[1] != channels * size or (len(shape) == 3 and strides[2] != size):
            raise ValueError("the samples of a row must lie beside each other")
        if strides[0] < shape[1] * channels * size and shape[0] > 1:
            raise ValueError("rows must not overlap, and go from top to bottom")
        self.kept, self.view = pixels, view  # while the view is there nobody resizes the memory
        self.size, self.channels, self.has_channels = size, channels, len(shape) == 3
        interface = getattr(pixels, "__array_interface__", None)
        if interface is None or view.c_contiguous:
            self.buffer = ffi.from_buffer(view)  # fails if it has gaps
            address = ffi.cast("void *", self.buffer)
        else:  # cffi takes no buffer with gaps
            if (tuple(interface["shape"]), interface.get("strides")) != (shape, strides):
                raise ValueError("the pixels' buffer and their __array_interface__ differ")
            address = ffi.cast("void *", interface["data"][0])
        self.raw = _struct("planche_pixels")
        self.raw.format = PIXEL_FORMATS[size, channels]
        self.raw.height, self.raw.width = shape[0], shape[1]
        self.raw.stride = max(strides[0], shape[1] * channels * size)
        self.raw.data = address

    def like(self, width: int, height: int) -> Any:
        """Memory of the same kind for a result."""
        shape = (height, width, self.channels) if self.has_channels else (height, width)
        if hasattr(self.kept, "__array_interface__"):
            import numpy  # pylint: disable=import-outside-toplevel
            return numpy.empty(shape, numpy.uint8 if self.size == 1 else numpy.uint16)
        memory = bytearray(width * height * self.channels * self.size)
        return memoryview(memory).cast("B" if self.size == 1 else "H", shape)
