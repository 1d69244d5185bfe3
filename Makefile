# aisle - `make help` lists the targets.
BUILD ?= dev
CC = gcc
PKGS = rdkafka lmdb libuv libh2o jansson msgpack libsodium libxxhash inih
OUT = build/$(BUILD)

FLAGS_dev = -O1 -g
FLAGS_release = -O2 -g -DNDEBUG_NEVER
FLAGS_asan = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan = -O1 -g -fsanitize=thread -fno-omit-frame-pointer
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wwrite-strings -Werror

PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
ALL_CFLAGS = -std=gnu11 $(FLAGS_$(BUILD)) $(WARN) -D_GNU_SOURCE -I. $(PKG_CFLAGS) -MMD -MP $(CFLAGS)
ALL_LIBS = $(PKG_LIBS) -lz -lm -lpthread $(LDFLAGS)

LAYERS = schemas config views processor query cmd
src = $(wildcard $(1)/*.c)
objs = $(patsubst %.c,$(OUT)/%.o,$(call src,$(1)))

all: $(OUT)/aisle

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@

# one archive a folder; a test of a folder links the folders below it only
define layer
$(OUT)/lib$(1).a: $(call objs,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

libs_schemas = schemas
libs_config = config schemas
libs_views = views config schemas
libs_processor = processor views config schemas
libs_query = query views config schemas
libs_cmd = cmd processor query views config schemas
archives = $(patsubst %,$(OUT)/lib%.a,$(libs_$(1)))

$(OUT)/aisle: $(call archives,cmd)
	$(CC) $(ALL_CFLAGS) -o $@ -Wl,--whole-archive $(OUT)/libcmd.a -Wl,--no-whole-archive $(filter-out %cmd.a,$^) $(ALL_LIBS)

# tests/FOLDER/test_*.c: one Criterion program each, with tests/lib/FOLDER_*.c
define tests
TESTS_$(1) = $$(patsubst %.c,$(OUT)/%,$$(wildcard tests/$(1)/test_*.c))
$(OUT)/tests/$(1)/test_%: $(OUT)/tests/$(1)/test_%.o $$(patsubst %.c,$(OUT)/%.o,$$(wildcard tests/lib/$(1)_*.c)) $(call archives,$(1))
	$(CC) $(ALL_CFLAGS) -o $$@ $$^ $(ALL_LIBS) -lcriterion
endef
$(foreach l,schemas config views processor query,$(eval $(call tests,$(l))))

-include $(shell find build/$(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
.PHONY: all
