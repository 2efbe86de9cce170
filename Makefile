# nac-lua. `make help` lists what can be made.
#
# Settings, all overridable on the command line.
PREFIX    ?= /usr/local
DESTDIR   ?=
# One folder a flavour: make BUILD=build-clang CC=clang
BUILD     ?= build
OPT       ?= -O2 -g
# Kernels (src/kern) only; files named *_avx2.c and *_avx512.c get their flags below.
KERN_OPT  ?= -O3 -fno-trapping-math
# Empty to build with a compiler that knows more warnings than ours.
WERROR    ?= -Werror
# The name of Lua 5.4 in pkg-config: lua5.4 on Debian, lua or lua-5.4 elsewhere.
LUA_PC    ?= lua5.4
# Debian's plain `busted` starts Lua 5.1; its script is run inside our interpreter.
BUSTED    ?= /usr/bin/busted
# Which specs `make test` runs.
SPEC      ?= spec
# DEPS=no: never look for system packages (they were installed by other means).
DEPS      ?= yes
JOBS      ?= $(shell nproc 2>/dev/null || echo 2)
ifeq ($(origin CC),default)
CC        := gcc
endif

# System packages, named here and nowhere else.
# To build and to run:
PACKAGES  := gcc g++ libc6-dev pkg-config lua5.4 liblua5.4-dev libedit-dev zlib1g-dev libopenblas0 \
             lua-yaml lua-dkjson lua-argparse lua-dbi-sqlite3 lua-filesystem gnuplot-nox libhdf5-103-1
# Full data sets, where they are wanted:
DATA_PACKAGES  := dataset-fashion-mnist
# To test:
TEST_PACKAGES  := lua-busted
# For `make check`:
CHECK_PACKAGES := clang clang-tidy libclang-rt-14-dev lua-check
# For `make docs`:
DOC_PACKAGES   := lua-ldoc
# For `make bench`:
BENCH_PACKAGES := time
# For `make test-interop`:
INTEROP_PACKAGES := python3-venv
# For the peers' columns of `make bench-peers`:
PEER_PACKAGES  := python3-venv libdnnl2 libxsmm-dev
# ---------------------------------------------------------------------------
LUA_CFLAGS := $(shell pkg-config --cflags $(LUA_PC) 2>/dev/null)
LUA_LIBS   := $(shell pkg-config --libs $(LUA_PC) 2>/dev/null)
MACHINE    := $(shell $(CC) -dumpmachine 2>/dev/null)

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wcast-qual -Wwrite-strings -Wvla $(WERROR)
CFLAGS   += -std=c11 $(OPT) -fno-math-errno -fPIC $(WARN)
CPPFLAGS += -Isrc $(LUA_CFLAGS) -MMD -MP
LIBS     := -lz -ldl -lm

SRC := $(wildcard src/core/*.c src/core/igraph/*.c src/core/layer/*.c src/core/loss/*.c src/core/quant/*.c src/kern/*.c src/bind/*.c)
OBJ := $(SRC:src/%.c=$(BUILD)/obj/%.o)
# Naive twins are written once over nac_real and compiled for both precisions.
REF := $(wildcard src/kern/ref/*.c)
OBJ += $(REF:src/%.c=$(BUILD)/obj/%_f32.o) $(REF:src/%.c=$(BUILD)/obj/%_f64.o)

LIB_OBJ := $(filter-out $(BUILD)/obj/bind/%,$(OBJ))

.PHONY: all lib demo test check bench bench-peers experiments data docs install uninstall clean deps help
.DELETE_ON_ERROR:

all: $(BUILD)/nac-lua $(BUILD)/nac.so ## build/nac-lua and build/nac.so (the engine for a stock lua5.4)

# --- building --------------------------------------------------------------
$(BUILD)/nac-lua: $(BUILD)/obj/main.o $(OBJ)
	@echo "$(CC) -o $@"
	@$(CC) $(CFLAGS) -Wl,-E -o $@ $^ $(LDFLAGS) $(LUA_LIBS) $(LIBS)

$(BUILD)/nac.so: $(OBJ)
	@echo "$(CC) -shared -o $@"
	@$(CC) $(CFLAGS) -shared -o $@ $^ $(LDFLAGS) $(LIBS)

lib: $(BUILD)/libnac.a ## build/libnac.a: the engine for C programs, without Lua (src/nac.h)

$(BUILD)/libnac.a: $(LIB_OBJ)
	@echo "$(AR) $@"
	@rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/obj/kern/%: CFLAGS += $(KERN_OPT)
ifneq ($(filter x86_64%,$(MACHINE)),)
$(BUILD)/obj/kern/%_avx2.o: CFLAGS += -mavx2 -mfma
$(BUILD)/obj/kern/%_avx512.o: CFLAGS += -mavx512f -mavx512vl -mavx512bw -mavx512dq -mfma
endif
$(BUILD)/obj/kern/ref/%_f32.o: CPPFLAGS += -DNAC_REAL_IS_FLOAT

COMPILE = @mkdir -p $(@D) && echo "$(CC) $<" && $(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/obj/kern/ref/%_f32.o: src/kern/ref/%.c $(BUILD)/flags
	$(COMPILE)

$(BUILD)/obj/kern/ref/%_f64.o: src/kern/ref/%.c $(BUILD)/flags
	$(COMPILE)

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	$(COMPILE)

# Everything is compiled anew when a setting changes, and nothing starts
# without a compiler and Lua's headers.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(KERN_OPT) $(LDFLAGS)
$(BUILD)/flags: FORCE
	@command -v $(firstword $(CC)) >/dev/null || { echo "$(CC) is missing: make deps"; exit 1; }
	@pkg-config --exists $(LUA_PC) || { echo "pkg-config or Lua's headers ($(LUA_PC)) are missing: make deps"; exit 1; }
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' > $@
FORCE:

-include $(OBJ:.o=.d) $(BUILD)/obj/main.d

# --- system packages -------------------------------------------------------
# $(call ensure,PACKAGES): installs what is missing of them, or prints the list
# and fails. Where nothing is missing it costs one dpkg-query.
define ensure
	@[ "$(DEPS)" = no ] && exit 0; \
	missing=$$(for p in $(1); do \
	  [ "$$(dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null)" = installed ] || echo $$p; done); \
	[ -z "$$missing" ] && exit 0; \
	list=$$(echo $$missing); \
	if ! command -v apt-get >/dev/null; then \
	  echo "These packages (Debian's names) are needed: $$list"; \
	  echo "Install them, then run make with DEPS=no."; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; \
	elif sudo -n true 2>/dev/null; then sudo="sudo -n"; \
	else echo "These packages are missing; install them with"; \
	  echo "  sudo apt-get install --no-install-recommends $$list"; exit 1; fi; \
	echo "installing $$list"; \
	$$sudo apt-get update -q && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
	  -o Acquire::Retries=3 $$list
endef

deps: ## install the system packages that are missing (apt)
	$(call ensure,$(PACKAGES) $(TEST_PACKAGES))

# --- using -----------------------------------------------------------------
# pkg-config has been asked when make started, before packages were installed:
# what follows an installation runs in a second make.
AGAIN = +@$(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))

demo: ## search MNIST networks, 30 trials of 10 epochs: about a minute
	$(call ensure,$(PACKAGES))
	$(AGAIN) run-demo

test: ## run the specs; ends with "N passed, N failed"
	$(call ensure,$(PACKAGES) $(TEST_PACKAGES))
	$(AGAIN) run-test

.PHONY: run-demo run-test
run-demo: all
	@$(BUILD)/nac-lua experiments/t1.lua

run-test: all
	@$(BUILD)/nac-lua $(BUSTED) $(SPEC)

# What other tools read: onnxruntime, qonnx and hls4ml, in an own Python environment. Minutes, and no part of `make test`.
INTEROP_VENV ?= .interop

test-interop: ## ONNX and QONNX files read by onnxruntime, qonnx and hls4ml (installs them from PyPI)
	$(call ensure,$(PACKAGES) $(INTEROP_PACKAGES))
	@[ -x $(INTEROP_VENV)/bin/python ] || python3 -m venv $(INTEROP_VENV)
	@$(INTEROP_VENV)/bin/python -m pip install -q -r spec/interop/requirements.txt
	$(AGAIN) run-interop

.PHONY: test-interop run-interop
run-interop: all
	@rm -rf $(BUILD)/interop
	@$(BUILD)/nac-lua spec/interop/write.lua $(BUILD)/interop
	@$(INTEROP_VENV)/bin/python spec/interop/check.py $(BUILD)/interop

# --- checking --------------------------------------------------------------
# The sanitizer flavour runs the same specs. Lua and the C modules of other
# packages are not instrumented; what they keep to the end is in the list of
# suppressions. A child that a spec forks is checked as well; one spec has a
# child die of SIGSEGV, which the sanitizer must leave alone.
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
SAN_ENV   = ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:allocator_may_return_null=1:handle_segv=0 \
            LSAN_OPTIONS=suppressions=spec/support/lsan.supp:print_suppressions=0 UBSAN_OPTIONS=print_stacktrace=1

check: ## lint, clang, sanitizers, fuzzing of the file readers, size budget
	$(call ensure,$(PACKAGES) $(TEST_PACKAGES) $(CHECK_PACKAGES))
	$(AGAIN) -k --output-sync=target run-check

.PHONY: run-check check-size check-lua check-c check-clang check-sanitizers check-specs check-fuzz
run-check: check-size check-lua check-c check-clang check-sanitizers
	@echo "make check: clean"

check-sanitizers:
	+@$(MAKE) --no-print-directory -k BUILD=build-san OPT="$(SANITIZE)" KERN_OPT= check-specs check-fuzz

check-size: all
	@$(BUILD)/nac-lua spec/support/budget.lua

check-lua:
	@luacheck -q --no-color .

check-c:
	@command -v clang-tidy >/dev/null
	@printf '%s\n' src/main.c $(SRC) $(REF) | xargs -P$(JOBS) -n1 sh -c \
	  'clang-tidy --quiet $$1 -- -std=c11 -Isrc $(LUA_CFLAGS) $$(case $$1 in \
	     *_avx2.c) echo -mavx2 -mfma ;; *_avx512.c) echo -mavx512f -mavx512vl -mavx512bw -mavx512dq -mfma ;; esac) \
	   2>/dev/null | grep -E "(error|warning):" && exit 1 || exit 0' sh
	@echo "clang-tidy: nothing found"

check-clang:
	+@$(MAKE) --no-print-directory BUILD=build-clang CC=clang all

check-specs: all
	@echo "specs under AddressSanitizer, LeakSanitizer and UBSan"
	@$(SAN_ENV) $(BUILD)/nac-lua $(BUSTED) $(SPEC)

check-fuzz: all
	@for f in spec/fuzz/*.lua; do $(SAN_ENV) timeout 900 $(BUILD)/nac-lua $$f || { echo "$$f failed"; exit 1; }; done

# --- measuring -------------------------------------------------------------
# Peers live in an own Python environment, made only when they are asked for.
PEER_VENV   ?= .peers
PEER_PYTHON ?= $(PEER_VENV)/bin/python

bench: ## print the published numbers (bench/*.lua); bench-peers adds the peers' columns
	$(call ensure,$(PACKAGES) $(BENCH_PACKAGES))
	$(AGAIN) run-bench

bench-peers: ## the same with PyTorch beside it, in a Python environment made for it
	$(call ensure,$(PACKAGES) $(BENCH_PACKAGES) $(PEER_PACKAGES))
	@[ -x $(PEER_PYTHON) ] || python3 -m venv $(PEER_VENV)
	@$(PEER_PYTHON) -c 'import torch, numpy, hls4ml, brevitas' 2>/dev/null || $(PEER_PYTHON) -m pip install -r bench/peers/requirements.txt
	$(AGAIN) run-bench PEERS=$(PEER_PYTHON)

.PHONY: run-bench
run-bench: all
	@$(BUILD)/nac-lua bench/run.lua $(PEERS)

experiments: ## searches, baselines and compression of every tutorial, under an hour; writes docs/results.md
	$(call ensure,$(PACKAGES) $(DATA_PACKAGES))
	$(AGAIN) run-experiments

.PHONY: run-experiments
run-experiments: all
	@$(BUILD)/nac-lua experiments/results.lua

data: all ## fetch the full data sets into data/full
	@$(BUILD)/nac-lua data/fetch.lua

# LDoc runs in our interpreter; headers are read by a script of our own.
docs: ## the reference, from the comments of the sources, into BUILD/docs
	$(call ensure,$(PACKAGES) $(DOC_PACKAGES))
	$(AGAIN) run-docs

.PHONY: run-docs
run-docs: all
	@mkdir -p $(BUILD)/docs
	@$(BUILD)/nac-lua /usr/bin/ldoc -q -c docs/config.ld -d $(abspath $(BUILD)/docs) .
	@$(BUILD)/nac-lua docs/gen.lua $(BUILD)/docs/c.md $(wildcard src/nac.h) $(sort $(filter-out src/nac.h,$(wildcard src/*/*.h src/*/*/*.h)))
	@echo "$(BUILD)/docs/index.html $(BUILD)/docs/c.md"

# --- installing ------------------------------------------------------------
SHARE   := $(DESTDIR)$(PREFIX)/share/nac-lua
LUA_DIR := $(DESTDIR)$(PREFIX)/share/lua/5.4
LUA_LIB := $(DESTDIR)$(PREFIX)/lib/lua/5.4

install: all ## install below PREFIX (/usr/local), for nac-lua and for a stock lua5.4
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE) $(LUA_DIR) $(LUA_LIB)
	install -m 755 $(BUILD)/nac-lua $(DESTDIR)$(PREFIX)/bin/nac-lua
	install -m 755 $(BUILD)/nac.so $(LUA_LIB)/nac.so
	rm -rf $(SHARE)/lua $(SHARE)/experiments $(SHARE)/data $(SHARE)/src
	cp -R lua $(SHARE)/lua
	mkdir $(SHARE)/src && cp -R src/hls $(SHARE)/src/hls
	[ ! -d experiments ] || cp -R experiments $(SHARE)/experiments
	[ ! -d data ] || { mkdir $(SHARE)/data && tar -C data --exclude=./full -cf - . | tar -C $(SHARE)/data -xf -; }
	chmod -R u=rwX,go=rX $(SHARE)
	install -m 644 lua/stock.lua $(LUA_DIR)/nac.lua

uninstall: ## remove what install put there
	rm -rf $(DESTDIR)$(PREFIX)/bin/nac-lua $(LUA_LIB)/nac.so $(LUA_DIR)/nac.lua $(SHARE)

clean: ## remove what was built
	rm -rf build build-*

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14
