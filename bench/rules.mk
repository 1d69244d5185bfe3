# make bench [EVENTS=1000000] [BENCH_SCALE=1] [BENCH="decode fold stream live answers replay"] [KILLS=3] [RESULTS=bench/RESULTS.md]
# BENCH=jvm: a run of its own
EVENTS ?= 1000000
BENCH_SCALE ?= 1
BENCH ?=
RESULTS ?=
KILLS ?= 3

$(OUT)/bench/bench_decode: $(OUT)/bench/bench_decode.o $(OUT)/libschemas.a
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)

$(OUT)/bench/bench_recommend $(OUT)/bench/bench_rules: $(OUT)/bench/shop.o

# these two are the limits: nothing of aisle is in them
$(OUT)/bench/bench_raw_consume $(OUT)/bench/bench_bare_http: %: %.o
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $< $(ALL_LIBS)

BENCH_COMMAND = make bench$(if $(filter-out 1000000,$(EVENTS)), EVENTS=$(EVENTS))$(if $(filter-out 1,$(BENCH_SCALE)), \
	BENCH_SCALE=$(BENCH_SCALE))$(if $(BENCH), BENCH="$(BENCH)")$(if \
	$(filter-out 3,$(KILLS)), KILLS=$(KILLS))$(if $(RESULTS), RESULTS=$(RESULTS))

bench-run: $(BENCHES) $(OUT)/aisle kafka
	@BENCH_COMMAND='$(BENCH_COMMAND)' BENCH_OUT=$(CURDIR)/$(OUT) $(PYTHON) bench/run.py --events $(EVENTS) \
		--scale $(BENCH_SCALE) --kills $(KILLS) $(if $(RESULTS),--write $(RESULTS)) $(BENCH)

# make quality DATA=DIR [QUALITY="sessions parts learning speed baskets"] [SET=NAME] [EVERY=1] [RESULTS=bench/RESULTS.md]
DATA ?=
QUALITY ?=
SET ?=
EVERY ?= 1
QUALITY_COMMAND = make quality DATA=DIR$(if $(QUALITY), QUALITY="$(QUALITY)")$(if $(SET), SET=$(SET))$(if \
	$(filter-out 1,$(EVERY)), EVERY=$(EVERY))$(if $(RESULTS), RESULTS=$(RESULTS))

quality-run: $(OUT)/aisle $(OUT)/bench/bench_live kafka
	@test -n "$(DATA)" || { echo 'make quality DATA=DIR: the directory with the data sets, see bench/README.md' >&2; exit 1; }
	@BENCH_COMMAND='$(QUALITY_COMMAND)' BENCH_OUT=$(CURDIR)/$(OUT) $(PYTHON) bench/quality.py "$(DATA)" --every $(EVERY) \
		$(if $(QUALITY),--only $(QUALITY)) $(if $(SET),--set $(SET)) $(if $(RESULTS),--write $(RESULTS))
