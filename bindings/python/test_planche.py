# SPDX-License-Identifier: MIT
"""The installed module, against the library that is in LD_LIBRARY_PATH."""
import gc
import os
import signal
import struct
import tempfile
import threading
import time
import unittest
import zlib

import planche
from planche import Options

try:
    import numpy
except ImportError:
    numpy = None


def png(width, height):
    def chunk(name, data):
        return (struct.pack(">I", len(data)) + name + data +
                struct.pack(">I", zlib.crc32(name + data)))
    rows = b"".join(bytes([0] + [(x * 7 + y * 5) % 256 for x in range(width)])
                    for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = planche.Engine("small", threads=2, backend="cpu")

    def test_bytes(self):
        page = self.engine.enlarge(png(40, 30), Options(format="png"))
        self.assertEqual(bytes(page.data[:4]), b"\x89PNG")
        self.assertEqual(struct.unpack(">II", page.data[16:24]), (80, 60))
        report = page.report
        self.assertEqual((report.input_width, report.output_height), (40, 60))
        self.assertEqual((report.format, report.backend, report.scale), ("png", "cpu", 2))
        # Any buffer, and the same bytes; the result outlives all else.
        data = self.engine.enlarge(memoryview(bytearray(png(40, 30))), Options(format="png")).data
        gc.collect()
        self.assertEqual(data, page.data)
        self.assertTrue(data.readonly)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "é.png"), os.path.join(folder, "larger.webp")
            with open(source, "wb") as file:
                file.write(png(20, 20))
            report = self.engine.enlarge_file(source, target)
            self.assertEqual((report.format, report.output_width), ("webp", 40))
            with self.assertRaises(planche.Error) as caught:
                self.engine.enlarge_file(source, target)
            self.assertEqual(caught.exception.name, "output exists")

    def test_errors(self):
        with self.assertRaises(planche.DamagedImage):
            self.engine.enlarge(png(20, 20)[:50])
        with self.assertRaises(planche.Error) as caught:
            planche.Engine("nope")
        self.assertIn("nope", str(caught.exception))
        self.assertEqual(caught.exception.name, "not found")
        with self.assertRaises(planche.OutOfBudget):
            planche.Engine("small", memory=1)
        with self.assertRaises(ValueError):
            self.engine.enlarge(png(4, 4), Options(format="docx"))
        closed = planche.Engine("small", backend="cpu")
        closed.close()
        self.assertRaises(ValueError, closed.info)

    def test_progress_and_exceptions(self):
        seen = []
        self.engine.enlarge(png(64, 64), Options(progress=seen.append))
        self.assertEqual((seen, seen[-1]), (sorted(seen), 1))

        def fail(done):
            seen.append(done)
            raise KeyError("on purpose")
        del seen[:]
        with self.assertRaises(KeyError):
            self.engine.enlarge(png(64, 64), Options(progress=fail))
        self.assertEqual(len(seen), 1)

    def test_cancel_and_deadline(self):
        large = bytearray(1000 * 1000)
        pixels = memoryview(large).cast("B", (1000, 1000))
        cancel = planche.Cancel()
        with self.assertRaises(planche.Cancelled):
            self.engine.enlarge_pixels(
                pixels, Options(cancel=cancel, progress=lambda _: cancel.request()))
        self.assertTrue(cancel.requested)
        with self.assertRaises(planche.Cancelled):
            self.engine.enlarge(png(4, 4), Options(cancel=cancel))
        with self.assertRaises(planche.DeadlinePassed):
            self.engine.enlarge_pixels(pixels, Options(deadline=0.001))

    def test_interrupt(self):
        # As Control-C does, in the main thread while it is in the library. A shell starts what runs in
        # the background with the signal ignored.
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))
        large = memoryview(bytearray(2500 * 2500)).cast("B", (2500, 2500))
        main = threading.get_ident()
        with self.assertRaises(KeyboardInterrupt):
            threading.Timer(0.05, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
            self.engine.enlarge_pixels(large)
            time.sleep(5)  # a machine on which the page was done before

    def test_other_threads_run_meanwhile(self):
        steps, done = [0], threading.Event()

        def count():
            while not done.is_set():
                steps[0] += 1
                time.sleep(0.001)
        thread = threading.Thread(target=count)
        thread.start()
        before = steps[0]
        quiet = planche.Engine("small", threads=1, backend="cpu")
        quiet.enlarge_pixels(memoryview(bytearray(700 * 700)).cast("B", (700, 700)))
        after = steps[0]
        done.set()
        thread.join()
        self.assertGreater(after - before, 3)

    def test_pixels_without_numpy(self):
        source = memoryview(bytearray(range(200)) * 3).cast("B", (20, 10, 3))
        result = self.engine.enlarge_pixels(source)
        self.assertEqual((result.shape, result.format), ((40, 20, 3), "B"))
        words = memoryview(bytearray(2 * 16 * 16)).cast("H", (16, 16))
        self.assertEqual(self.engine.enlarge_pixels(words).format, "H")
        self.assertEqual(self.engine.output_size(10, 20, Options(width=15)), (15, 30))
        for bad in (b"flat", memoryview(bytearray(50)).cast("B", (5, 2, 5)),
                    memoryview(bytearray(16)).cast("f", (2, 2))):
            self.assertRaises(ValueError, self.engine.enlarge_pixels, bad)
        with self.assertRaises(planche.Error):  # too small
            self.engine.enlarge_pixels(source, out=memoryview(bytearray(300)).cast("B", (10, 10, 3)))
        with self.assertRaises(ValueError):
            self.engine.enlarge_pixels(source, out=memoryview(bytes(2400)).cast("B", (40, 20, 3)))

    @unittest.skipIf(numpy is None, "there is no numpy")
    def test_numpy(self):
        whole = (numpy.arange(30 * 60 * 3) % 251).astype(numpy.uint8).reshape(30, 60, 3)
        left = whole[:, :20]  # rows with gaps
        self.assertFalse(left.flags["C_CONTIGUOUS"])
        result = self.engine.enlarge_pixels(left)
        self.assertEqual((result.shape, result.dtype), ((60, 40, 3), numpy.uint8))
        dense = self.engine.enlarge_pixels(numpy.ascontiguousarray(left))
        self.assertTrue((result == dense).all())
        frame = numpy.full((64, 50, 3), 7, numpy.uint8)
        out = frame[2:62, 5:45]  # into the middle of another picture
        self.assertIs(self.engine.enlarge_pixels(left, out=out), out)
        self.assertTrue((out == dense).all() and (frame[:2] == 7).all())
        self.assertTrue((frame[:, :5] == 7).all() and (frame[:, 45:] == 7).all())
        deep = numpy.zeros((8, 8), numpy.uint16)
        self.assertEqual(self.engine.enlarge_pixels(deep).dtype, numpy.uint16)
        for bad in (whole[::-1], whole[:, ::2], whole.astype(">u2"), whole.astype(float)):
            self.assertRaises(ValueError, self.engine.enlarge_pixels, bad)

    @unittest.skipIf(numpy is None, "there is no numpy")
    def test_pixels_whose_descriptions_differ(self):
        class Other(numpy.ndarray):
            """Says that it lies elsewhere, and is larger."""
            @property
            def __array_interface__(self):
                return {"version": 3, "shape": (4000, 4000), "typestr": "|u1", "data": (16, False),
                        "strides": (4000, 1)}

        other = numpy.full((8, 16), 9, numpy.uint8).view(Other)
        self.assertEqual(self.engine.enlarge_pixels(other).shape, (16, 32))
        self.assertRaises(ValueError, self.engine.enlarge_pixels, other[:, :8])

    def test_cancel_from_a_signal_handler(self):
        cancel = planche.Cancel()
        with cancel._lock:  # where a handler may interrupt
            cancel.request()
        self.assertTrue(cancel.requested and cancel._child().requested)

    def test_log_and_info(self):
        lines = []
        with planche.Engine("small", backend="cpu", threads=1,
                            log=lambda *line: lines.append(line)) as engine:
            engine.enlarge(png(8, 8))
            info = engine.info()
        self.assertEqual((info.model, info.scale, info.threads, info.device), ("small", 2, 1, None))
        self.assertTrue(lines and all(level and text for level, text in lines), lines)
        self.assertRegex(planche.version(), r"^\d+\.\d+\.\d+$")


if __name__ == "__main__":
    unittest.main()
