# Years in minutes: does the store follow what is alive, is memory flat? See soak.c.
DAYS ?= 400
EVENTS_A_DAY ?= 20000

$(OUT)/tests/soak/soak: $(OUT)/tests/soak/soak.o $(call archives,processor)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)

.PHONY: soak
soak: ## DAYS=400 of a shop, EVENTS_A_DAY=20000: the store's size follows what is alive, memory is flat
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=release build/release/tests/soak/soak
	@build/release/tests/soak/soak $(DAYS) $(EVENTS_A_DAY)
