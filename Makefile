# aisle - `make help` lists the targets.
BUILD ?= dev
CC = $(if $(filter fuzz,$(BUILD)),clang,gcc)
PREFIX ?= /usr/local
PYTHON = /usr/bin/python3
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
DEMO ?=
OUT = build/$(BUILD)
.DEFAULT_GOAL := all

# Debian packages: what building and the demo need, and what the tests need besides.
# COMMAND:PACKAGE is needed only where that command is missing.
DEPS_RUN = npm:npm curl help2man gcc libc6-dev make pkg-config python3 python3-yaml librdkafka-dev liblmdb-dev libuv1-dev libh2o-dev \
	libjansson-dev libsodium-dev libxxhash-dev libinih-dev zlib1g-dev libssl-dev
DEPS_TEST = python3-venv libcriterion-dev libmsgpack-dev openjdk-17-jre-headless maven chromium chromium-driver python3-jsonschema \
	clang-format clang-tidy cppcheck pmccabe wrk
DEPS_JVM = javac:openjdk-17-jdk-headless

PKGS = rdkafka lmdb libuv libh2o openssl jansson libsodium libxxhash inih
FLAGS_dev = -O1 -g
# seen through all files, some values look unset that are set where a call did not fail
FLAGS_release = -O3 -g -fno-plt -flto=auto -Wno-maybe-uninitialized
FLAGS_asan = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan = -O1 -g -fsanitize=thread -fno-omit-frame-pointer
FLAGS_crash = -O1 -g -DAISLE_FAULTS
FLAGS_fuzz = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wwrite-strings -Werror

# Empty before `make deps`: targets that install first build in a second make.
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
BASE_CFLAGS = -std=gnu11 $(WARN) -D_GNU_SOURCE -I. $(PKG_CFLAGS)
ALL_CFLAGS = $(FLAGS_$(BUILD)) $(BASE_CFLAGS) $(CFLAGS)
DEP_FLAGS = -MMD -MP
ALL_LIBS = $(PKG_LIBS) -lz -lm -lpthread $(LDFLAGS)

# V=1 prints whole commands
V ?=
Q = $(if $(V),,@echo '  $(if $(filter %.o,$@),CC,LINK) $@';)

LAYERS = schemas config views processor query cmd
SOURCES = $(wildcard $(addsuffix /*.c,$(LAYERS)))
HEADERS = $(wildcard $(addsuffix /*.h,$(LAYERS)))
objs = $(patsubst %.c,$(OUT)/%.o,$(filter-out cmd/main.c,$(wildcard $(1)/*.c)))

ifeq ($(filter $(BUILD),dev release asan tsan crash fuzz),)
$(error BUILD=$(BUILD) is not one of dev, release, asan, tsan, crash, fuzz)
endif

all: $(OUT)/aisle ## build the program (BUILD=dev|release|asan|tsan|crash)

# Another compiler or other flags build anew.
$(OUT)/flags: FORCE
	@mkdir -p $(@D)
	@pkg-config --exists $(PKGS) || { echo 'libraries are missing: make deps' >&2; exit 1; }
	@echo '$(CC) $(ALL_CFLAGS) $(ALL_LIBS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS) $(ALL_LIBS)' >$@

$(OUT)/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEP_FLAGS) -c $< -o $@

# one archive a folder; a test of a folder links the folders below it only
define layer
$(OUT)/lib$(1).a: $(call objs,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@gcc-ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

libs_schemas = schemas
libs_config = config schemas
libs_views = views config schemas
libs_processor = processor views config schemas
libs_query = query views config schemas
libs_cmd = cmd processor query views config schemas
archives = $(patsubst %,$(OUT)/lib%.a,$(libs_$(1)))
lib_objs = $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/lib/$(1)_*.c))
-include $(filter-out bench/rules.mk,$(wildcard */rules.mk tests/*/rules.mk))

$(OUT)/aisle: $(OUT)/cmd/main.o $(call archives,cmd)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)

# tests/FOLDER/test_*.c: one Criterion program each, with tests/lib/FOLDER_*.c; race_*.c have a main of their own
# and no fixtures: Criterion does not start under TSan
define tests
TESTS_$(1) = $$(patsubst %.c,$(OUT)/%,$$(wildcard tests/$(1)/test_*.c))
RACES_$(1) = $$(patsubst %.c,$(OUT)/%,$$(wildcard tests/$(1)/race_*.c))
$(OUT)/tests/$(1)/test_%: $(OUT)/tests/$(1)/test_%.o $(call lib_objs,$(1)) $(call archives,$(1))
	$$(Q)$(CC) $(ALL_CFLAGS) -o $$@ $$^ $(ALL_LIBS) -lcriterion -lmsgpackc
$(OUT)/tests/$(1)/race_%: $(OUT)/tests/$(1)/race_%.o $(call archives,$(1))
	$$(Q)$(CC) $(ALL_CFLAGS) -o $$@ $$^ $(ALL_LIBS)
endef
$(foreach l,$(LAYERS),$(eval $(call tests,$(l))))
UNIT_TESTS = $(foreach l,$(LAYERS),$(TESTS_$(l)))
RACE_TESTS = $(foreach l,$(LAYERS),$(RACES_$(l)))

$(OUT)/bench/bench_%: $(OUT)/bench/bench_%.o $(call archives,cmd)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)
BENCHES = $(patsubst %.c,$(OUT)/%,$(wildcard bench/bench_*.c))
-include bench/rules.mk
unrun: $(BENCHES) $(OUT)/tests/soak/soak # programs that no suite runs still build

# ---- tests; each suite ends with "N passed, N failed", suite.py keeps the counts for the last line ----

SUITE = $(PYTHON) tests/check/suite.py
TEST_SUITES = check unit race cli crash crash-replay powercut powercut-replay flows flows-asan browser

test: deps-test ## install what is missing, build, and run every test
	@rm -rf build/results
	@+$(SUITE) build -- $(MAKE) --no-print-directory -j$(JOBS) BUILD=release all unrun
	@+for suite in $(TEST_SUITES); do $(SUITE) $$suite -- $(MAKE) --no-print-directory run-$$suite; done
	@$(SUITE) --sum

test-unit: deps-test ## the unit tests, with AddressSanitizer and UBSan
	@+$(MAKE) --no-print-directory run-unit

test-flows: deps-test ## the end-to-end flows on real Kafka (FLOWS="spine http": only those)
	@+$(MAKE) --no-print-directory run-flows

run-check:
	@+$(MAKE) --no-print-directory check
run-unit:
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=asan unit
run-race:
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=tsan races
run-cli:
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=release cli
run-flows:
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=release test-flow

run-flows-asan:
	@+FLOW_SLOWER=3 $(MAKE) --no-print-directory -j$(JOBS) BUILD=asan test-flow FLOWS="garbage http transactions"

run-browser:
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=release test-browser

unit: $(UNIT_TESTS) $(FUZZ_PROGRAMS)
	@$(PYTHON) tests/check/units.py $(UNIT_TESTS) $(FUZZ_PROGRAMS)
races: $(RACE_TESTS)
	@$(PYTHON) tests/check/units.py $(RACE_TESTS)

cli: $(OUT)/aisle
	@AISLE=$(OUT)/aisle $(PYTHON) tests/cmd/cli.py

# ---- checks of the source itself ----

CHECKS = headers layers registry size banned settings routes mutants format cppcheck tidy
export SOURCES HEADERS LAYERS BASE_CFLAGS CC JOBS

check: ## headers, layers, registries, sizes, banned calls, settings, routes, mutants, format, cppcheck, clang-tidy
	@$(PYTHON) tests/check/check.py $(CHECKS)

check-%:
	@$(PYTHON) tests/check/check.py $*

format: ## clang-format every source file in place
	clang-format -i $(SOURCES) $(HEADERS) $(wildcard tests/*/*.[ch] bench/*.[ch])

# ---- generated from config/settings.def ----

sample: ## make config/aisle.conf.sample and docs/settings.md again
	$(PYTHON) tests/check/settings.py --write

# ---- running ----

demo: deps ## from a fresh machine to a shop in the browser (DEMO=once: start, check, end)
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=release all
	build/release/aisle demo $(if $(filter once,$(DEMO)),--once)

bench: deps-test $(if $(filter jvm,$(BENCH)),deps-jvm) ## the benchmarks, each beside its limit
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=release bench-run

quality: deps-test ## how good the lists are on the real data in DATA (QUALITY="sessions baskets": only those)
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=release quality-run

# ---- installing ----

deps: ## install the Debian packages for building and the demo
	@deploy/deps.sh $(DEPS_RUN)

deps-test: ## the same and those the tests need
	@deploy/deps.sh $(DEPS_RUN) $(DEPS_TEST)

deps-jvm:
	@deploy/deps.sh $(DEPS_JVM)

VERSION = $(shell sed -n 's/.*AISLE_VERSION "\(.*\)"/\1/p' config/version.h)
COMMANDS = $(shell sed -n 's/^COMMAND(\([a-z_]*\)).*/\1/p' cmd/commands.def | tr _ -)
MAN_PAGES = $(OUT)/man/aisle.1 $(patsubst %,$(OUT)/man/aisle-%.1,$(COMMANDS))

# help2man makes a paragraph of the examples: back to one command a line
MAN_EXAMPLES = sed -i '/^\.SH EXAMPLES/,$$ { /^\.HP/ { N; s/.*\n/    / }; /^\.IP/d; s/^\.SH.*/&\n.nf/ }'

man: $(MAN_PAGES) ## the manual pages, from --help
$(OUT)/man/aisle.1: $(OUT)/aisle
	@mkdir -p $(@D)
	help2man --no-info --section=1 --name='recommendations for a shop from its Kafka log' -o $@ $<
	@$(MAN_EXAMPLES) $@
$(OUT)/man/aisle-%.1: $(OUT)/aisle
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec $(OUT)/aisle $* "$$@"\n' >$(@D)/aisle-$*
	@chmod +x $(@D)/aisle-$*
	help2man --no-info --section=1 --version-string='$(VERSION)' \
		--name="$$($< $* --help | sed -n '2,/^$$/p' | paste -sd ' ' | sed 's/ *$$//')" -o $@ $(@D)/aisle-$*
	@$(MAN_EXAMPLES) $@
	@rm -f $(@D)/aisle-$*

install: ## program, manual, sample settings and systemd units under PREFIX (DESTDIR is honoured)
	@+$(MAKE) --no-print-directory BUILD=release all man
	install -D -m 755 build/release/aisle $(DESTDIR)$(PREFIX)/bin/aisle
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 build/release/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -D -m 644 config/aisle.conf.sample $(DESTDIR)$(PREFIX)/share/doc/aisle/aisle.conf.sample
	install -D -m 644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/aisle/LICENSE
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -D -m 644 deploy/aisle.sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/aisle.conf
	for unit in aisle aisle-process aisle-serve; do \
		sed 's,@PREFIX@,$(PREFIX),' deploy/$$unit.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit.service || exit 1; \
	done

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(filter-out %.d,$(MAKEFILE_LIST)) | expand -t 14

-include $(shell find build/$(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
FORCE:
.PHONY: all unrun test test-unit test-flows run-check run-unit run-race run-cli run-flows run-flows-asan run-browser unit races cli check format sample demo bench \
	bench-run quality quality-run deps deps-test deps-jvm man install clean help FORCE
