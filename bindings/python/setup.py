# SPDX-License-Identifier: MIT
"""Builds the module that calls the library; the rest is in pyproject.toml."""
from setuptools import setup

setup(cffi_modules=["build_cffi.py:ffi"])
