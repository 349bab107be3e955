# SPDX-License-Identifier: MIT
# The commands of daily work; meson does the building. Each installs what it misses, after saying so.
BUILD ?= build
PREFIX ?= /usr/local
SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.cpp' '*.hpp')

.PHONY: build test check coverage demo bench format check-format dist install uninstall deb static clean

build:
	@scripts/setup.sh build
	@scripts/build.sh $(BUILD) $(MESON_ARGS)

# Tests that need models are skipped when these cannot be fetched, unless PLANCHE_REQUIRE_MODELS=1.
test:
	@scripts/setup.sh build test
	@scripts/build.sh $(BUILD) -Dtests=enabled $(MESON_ARGS)
	@scripts/models.sh $(BUILD) || { test "$$PLANCHE_REQUIRE_MODELS" != 1 && \
	    echo "WITHOUT MODELS: the tests that need them are skipped." >&2; }
	@scripts/test.sh $(BUILD) $(TEST_ARGS)

# What .ci/run checks without running the program.
check: build
	@scripts/check.sh $(BUILD)

coverage:
	@scripts/setup.sh build test
	@scripts/build.sh $(BUILD)-coverage -Dtests=enabled -Db_coverage=true -Dbuildtype=debugoptimized
	@scripts/coverage.sh $(BUILD)-coverage

dist: build
	@scripts/setup.sh build test
	@scripts/dist.sh $(BUILD)

demo:
	@BUILD=$(BUILD) scripts/demo.sh

# FULL=1: larger pages, more models. QUICK=1: a minute. PLANCHE_BENCH_NCNN=FOLDER: ncnn's source, which
# is built and compared with, too. BENCH_ARGS: see bench/run --help.
bench: build
	@scripts/setup.sh bench
	@scripts/models.sh $(BUILD)
	@bench/run $(BUILD) $(BENCH_ARGS)

format:
	@scripts/format.sh $(SOURCES)

check-format:
	@scripts/format.sh --check $(SOURCES)

# Neither tests nor benchmarks are built for it. DESTDIR is honoured.
install:
	@scripts/setup.sh build
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD) $(MESON_ARGS)
	@scripts/install.sh $(BUILD) "$(PREFIX)"

uninstall:
	@scripts/uninstall.sh $(BUILD) "$(PREFIX)"

# Debian's packages of the commit that is checked out, in build/deb.
deb:
	@scripts/deb.sh $(BUILD)/deb $(DEB_ARGS)

# One file for x86-64 or 64-bit Arm, in build/static: docs/packages.md. Takes long at first.
static:
	@scripts/static.sh $(BUILD)/static
	@scripts/static.sh $(BUILD)/static musl

clean:
	rm -rf $(BUILD) demo
