# Lives of a processor that end at fault points and at random moments (crash.py), power cuts (power.py), and mistakes made
# on purpose that both must find (selftest.py); an operator's commands in random order (operations.py). SEED=n SEEDS=1
# repeats one run.
SEEDS ?=
SEED ?=
CRASH_SEEDS = --seeds $(or $(SEEDS),$(1)) $(if $(SEED),--seed $(SEED))
CRASH_PROGRAMS = build/crash/aisle build/crash/tests/crash/crash_player build/crash/tests/crash/recorder

$(OUT)/tests/crash/crash_player: $(OUT)/tests/crash/crash_player.o $(OUT)/tests/crash/log_source.o $(call archives,cmd)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)
$(OUT)/tests/crash/recorder: $(OUT)/tests/crash/recorder.o
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^

.PHONY: crash crash-replay operations powercut powercut-replay crash-selftest crash-programs crash-selftest-run run-crash run-crash-replay run-powercut run-powercut-replay
crash-programs:
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=crash $(CRASH_PROGRAMS)

crash: crash-programs ## kill the processor again and again, compare with the batch program (SEEDS=50, SEED=n)
	@$(PYTHON) tests/crash/crash.py $(call CRASH_SEEDS,50)

crash-replay: crash-programs ## kill a replay at each of its steps and at random ones (SEED=n)
	@$(PYTHON) tests/crash/replay.py $(if $(SEED),--seed $(SEED))

operations: crash-programs ## an operator's commands in random order on real Kafka (SEEDS=20, SEED=n, V=1 prints them)
	@$(PYTHON) tests/lib/kafka.py install
	@$(PYTHON) tests/crash/operations.py $(call CRASH_SEEDS,20) $(if $(V),-v)

powercut: crash-programs ## cut the power at many moments of what was written (SEEDS=20, SEED=n)
	@$(PYTHON) tests/crash/power.py $(call CRASH_SEEDS,20)

powercut-replay: crash-programs ## the same for what a replay writes (SEEDS=20, SEED=n)
	@$(PYTHON) tests/crash/power_replay.py $(call CRASH_SEEDS,20)

crash-selftest: crash-programs ## mistakes made on purpose: crash, powercut and powercut-replay must find each
	@+$(MAKE) --no-print-directory BUILD=crash crash-selftest-run
crash-selftest-run: export ALL_CFLAGS := $(ALL_CFLAGS)
crash-selftest-run: export ALL_LIBS := $(ALL_LIBS)
crash-selftest-run: export CC := $(CC)
crash-selftest-run:
	@$(PYTHON) tests/crash/selftest.py

run-crash: crash
run-crash-replay: crash-replay
run-powercut: powercut
run-powercut-replay: powercut-replay
