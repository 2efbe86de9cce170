# Settings, all overridable on the command line.
CC      ?= gcc
PREFIX  ?= /usr/local
BUILD   ?= build
# Debian's plain `busted` starts Lua 5.1; run its script inside our interpreter.
BUSTED  ?= /usr/bin/busted
OPT     ?= -O2 -g
WERROR  ?= -Werror
# ---------------------------------------------------------------------------
LUA_CFLAGS := $(shell pkg-config --cflags lua5.4 2>/dev/null)
LUA_LIBS   := $(shell pkg-config --libs lua5.4 2>/dev/null)

WARN   := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla $(WERROR)
CFLAGS += -std=c11 $(OPT) -fPIC $(WARN)
CPPFLAGS += -Isrc $(LUA_CFLAGS) -MMD -MP
LIBS   := -lz -ldl -lm

SRC := $(wildcard src/core/*.c src/core/layer/*.c src/kern/*.c src/bind/*.c)
OBJ := $(SRC:src/%.c=$(BUILD)/obj/%.o)
# Naive twins are written once over nac_real and compiled for both precisions.
REF := $(wildcard src/kern/ref/*.c)
OBJ += $(REF:src/%.c=$(BUILD)/obj/%_f32.o) $(REF:src/%.c=$(BUILD)/obj/%_f64.o)

.PHONY: all test clean
all: $(BUILD)/nac-lua $(BUILD)/nac.so

$(BUILD)/nac-lua: $(BUILD)/obj/main.o $(OBJ)
	$(CC) $(CFLAGS) -Wl,-E -o $@ $^ $(LDFLAGS) $(LUA_LIBS) -ledit $(LIBS)

$(BUILD)/nac.so: $(OBJ)
	$(CC) $(CFLAGS) -shared -o $@ $^ $(LDFLAGS) $(LIBS)

$(BUILD)/obj/kern/ref/%_f32.o: src/kern/ref/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -DNAC_REAL_IS_FLOAT -c -o $@ $<

$(BUILD)/obj/kern/ref/%_f64.o: src/kern/ref/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

test: all
	$(BUILD)/nac-lua $(BUSTED)

clean:
	rm -rf $(BUILD)

-include $(OBJ:.o=.d) $(BUILD)/obj/main.d
