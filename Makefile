# A thin front for CMake; every word also installs what it needs (as root) or says what to install.
#   make            build                         make install [PREFIX=/usr/local] [DESTDIR=]
#   make test       build and run all tests       make demo    record a real program and show where its memory went
#   make bench      measure against other tools   make fuzz    fuzz the decoders (clang)
#   make bench-predict    how far `predict` is from the truth, for Debian's programs and small firmwares
#   make debug|asan|tsan|coverage                 the tests in that variant, in build-VARIANT
#   make deb        Debian packages, in build-install/deb
#   make dist       the tracer for firmware as one pair of files, in dist/
PREFIX ?= /usr/local
BUILD ?= build
SETUP ?= tools/setup.sh
FUZZ_SECONDS ?= 60
JOBS ?= $(shell nproc)
PRESETS = debug asan tsan
.PHONY: all build bare test demo install deb dist bench bench-predict fuzz coverage clean help $(PRESETS)
.NOTPARALLEL:

all: build

build:
	@$(SETUP) build test firmware
	@cmake --log-level=WARNING -S . -B $(BUILD) -G Ninja -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null
	@cmake --build $(BUILD) -- --quiet

test: build
	@cd $(BUILD) && ctest --output-on-failure --timeout 600 -j $(JOBS)

# What is to be used, without the tests and the many packages that they need.
bare:
	@$(SETUP) build
	@cmake --log-level=WARNING -S . -B $(BUILD)-install -G Ninja -DCMAKE_INSTALL_PREFIX=$(PREFIX) -DBUILD_TESTING=OFF >/dev/null
	@cmake --build $(BUILD)-install -- --quiet

demo: bare
	@$(SETUP) demo
	@tools/demo.sh $(BUILD)-install

install: bare
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD)-install

deb: PREFIX = /usr
deb: bare
	@$(SETUP) deb
	@cd $(BUILD)-install && cpack -B deb >/dev/null && ls deb/*.deb

dist:
	@tools/dist.py dist

bench: build
	@$(SETUP) bench
	@bench/instructions.py --build $(BUILD)
	@bench/firmware.py --build $(BUILD)
	@bench/sim.py --build $(BUILD)
	@bench/replay.py --build $(BUILD)
	@bench/run.py --build $(BUILD) $(BENCH)

# Fetches and builds some twenty Debian programs twice: half an hour. BENCH names some of them.
bench-predict: build
	@$(SETUP) bench
	@bench/predict_firmware.py --build $(BUILD)
	@bench/predict.py $(BUILD)/heaptracer --work $(BUILD)/predict_bench --store $(BUILD)/bench $(BENCH)

$(PRESETS):
	@$(SETUP) build test firmware
	@cmake --log-level=WARNING --preset $@ >/dev/null
	@cmake --build --preset $@ -- --quiet
	@ctest --preset $@

fuzz:
	@$(SETUP) build test firmware fuzz
	@cmake --log-level=WARNING --preset fuzz >/dev/null
	@cmake --build --preset fuzz -- --quiet
	@tools/fuzz.sh build-fuzz $(FUZZ_SECONDS)

coverage:
	@$(SETUP) build test firmware coverage
	@cmake --log-level=WARNING --preset coverage >/dev/null
	@cmake --build --preset coverage -- --quiet
	@ctest --preset coverage
	@gcovr --root . --filter host/ --filter wire/ build-coverage

clean:
	rm -rf dist $(BUILD) $(BUILD)-install build-debug build-asan build-tsan build-fuzz build-coverage

help:
	@sed -n '2,8s/^# *//p' Makefile
