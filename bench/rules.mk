# make bench [EVENTS=1000000] [BENCH_SCALE=1] [BENCH="decode fold stream live answers"] [RESULTS=bench/RESULTS.md]
EVENTS ?= 1000000
BENCH_SCALE ?= 1
BENCH ?=
RESULTS ?=

$(OUT)/bench/bench_decode: $(OUT)/bench/bench_decode.o $(OUT)/libschemas.a
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)

# these two are the limits: nothing of aisle is in them
$(OUT)/bench/bench_raw_consume $(OUT)/bench/bench_bare_http: %: %.o
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $< $(ALL_LIBS)

BENCH_COMMAND = make bench$(if $(filter-out 1000000,$(EVENTS)), EVENTS=$(EVENTS))$(if $(filter-out 1,$(BENCH_SCALE)), \
	BENCH_SCALE=$(BENCH_SCALE))$(if $(BENCH), BENCH="$(BENCH)")$(if $(RESULTS), RESULTS=$(RESULTS))

bench-run: $(BENCHES) $(OUT)/aisle kafka
	@BENCH_COMMAND='$(BENCH_COMMAND)' BENCH_OUT=$(CURDIR)/$(OUT) $(PYTHON) bench/run.py --events $(EVENTS) \
		--scale $(BENCH_SCALE) $(if $(RESULTS),--write $(RESULTS)) $(BENCH)
