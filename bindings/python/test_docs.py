# SPDX-License-Identifier: MIT
"""The Python of docs/bindings.md."""
import planche
from test_planche import png

file = png(40, 30)

engine = planche.Engine("small")  # any number of threads may use it
options = planche.Options(format="png", progress=lambda done: print(f"{done:.0%}"))
page = engine.enlarge(file, options)
assert page.data[:4] == b"\x89PNG" and page.report.output_width == 80

import numpy

pixels = numpy.zeros((300, 200, 3), numpy.uint8)
larger = engine.enlarge_pixels(pixels)  # neither is copied
assert larger.shape == (600, 400, 3)
