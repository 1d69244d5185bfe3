# Years in minutes: does the store follow what is alive, is memory flat? See soak.c.
DAYS ?= 400
EVENTS_A_DAY ?= 20000
YOUNG_KB ?= 1024

$(OUT)/tests/soak/soak: $(OUT)/tests/soak/soak.o $(OUT)/tests/soak/soak_shop.o $(call archives,processor)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)

.PHONY: soak
soak: ## DAYS=400 of a shop, EVENTS_A_DAY=20000, in young levels of YOUNG_KB=1024 (0: none): the store's size follows what is alive, memory is flat
	@+$(MAKE) --no-print-directory -j$(JOBS) BUILD=release build/release/tests/soak/soak
	@build/release/tests/soak/soak $(DAYS) $(EVENTS_A_DAY) $(YOUNG_KB)
