# Lives of a processor that end at fault points and at random moments; see crash.py. SEED=n SEEDS=1 repeats one.
SEEDS ?= 50
SEED ?=

$(OUT)/tests/crash/crash_player: $(OUT)/tests/crash/crash_player.o $(OUT)/tests/crash/log_source.o $(call archives,cmd)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)

.PHONY: crash run-crash
crash: ## kill the processor again and again, compare with the batch program (SEEDS=50, SEED=n)
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=crash build/crash/tests/crash/crash_player
	@$(PYTHON) tests/crash/crash.py --seeds $(SEEDS) $(if $(SEED),--seed $(SEED))

run-crash: crash
