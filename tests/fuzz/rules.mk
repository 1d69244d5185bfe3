# Fuzzers: tests/fuzz/fuzz_NAME.c, each linked with the whole program and tests/lib/fuzz_*.c. BUILD=fuzz (clang) makes them libFuzzer's; any
# other build gets replay.c, which runs what is kept in tests/fuzz/corpus/NAME and some mutations of it.
FUZZ_SECONDS ?= 60
FUZZERS ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_PROGRAMS = $(addprefix $(OUT)/tests/fuzz/fuzz_,$(FUZZERS))
DEPS_FUZZ = clang libclang-rt-14-dev
FUZZ = $(PYTHON) tests/fuzz/run.py --programs build/fuzz/tests/fuzz --work build/fuzz

fuzz_main = $(if $(filter fuzz,$(BUILD)),,$(OUT)/tests/fuzz/replay.o)
fuzz_link = $(if $(filter fuzz,$(BUILD)),-fsanitize=fuzzer)

$(OUT)/tests/fuzz/fuzz_%: $(OUT)/tests/fuzz/fuzz_%.o $(call lib_objs,fuzz) $(fuzz_main) $(call archives,cmd)
	$(Q)$(CC) $(ALL_CFLAGS) $(fuzz_link) -o $@ $^ $(ALL_LIBS)

RAW_SECONDS ?= 30
RAW_SEED ?=

.PHONY: fuzz fuzz-build fuzz-corpus fuzz-programs fuzz-raw
fuzz: fuzz-build ## fuzz each parser for FUZZ_SECONDS of CPU (FUZZERS="decode query": only those)
	@$(FUZZ) run --seconds $(FUZZ_SECONDS) $(FUZZERS)

fuzz-corpus: fuzz-build ## keep what fuzzing found: build/fuzz/corpus, minimised, to tests/fuzz/corpus
	@$(FUZZ) keep $(FUZZERS)

fuzz-raw: ## raw bytes at a real server, built with AddressSanitizer (RAW_SECONDS, RAW_SEED)
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=asan all
	@$(PYTHON) tests/fuzz/http_raw.py build/asan/aisle $(RAW_SECONDS) $(RAW_SEED)

fuzz-build:
	@deploy/deps.sh $(DEPS_RUN) $(DEPS_FUZZ)
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=fuzz fuzz-programs

fuzz-programs: $(FUZZ_PROGRAMS)
