# SPDX-License-Identifier: GPL-2.0-or-later
# make              build xsysfs and xsysfs-build into out/
# make demo         the whole road, step by step, from a toolchain to programs that run on the Pi
# make check        everything that proves it       [T=fs/copyup] [SAN=address,undefined|thread]
# make lint         cppcheck, shellcheck, clang-format, layering
# make deps         install what building and testing need (Debian's packages)
# make install      [PREFIX=/usr/local] [DESTDIR=]

PREFIX  ?= /usr/local
DESTDIR ?=
SAN     ?=
CC      ?= gcc
VERSION := 0.1.0

comma := ,
OUT   := out$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))

CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla
XCFLAGS   = -std=gnu17 $(WARNINGS) -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
            -DVERSION='"$(VERSION)"' -pthread \
            $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
XLDFLAGS  = -pthread $(if $(SAN),-fsanitize=$(SAN))

# What both programs stand on. Includes nothing of ours but itself.
BASE_SRC := \
	fs/base/digest.c \
	fs/base/io.c \
	fs/base/kv.c \
	fs/base/log.c \
	fs/base/name.c \
	fs/base/strv.c \

# The file system without FUSE: unit tests, fuzzers and the offline commands use it.
ENGINE_SRC := \

# The only files that speak to the kernel.
DAEMON_SRC := \

# The command `xsysfs`.
COMMAND_SRC := \

# The builder, `xsysfs-build`.
BUILDER_SRC := \

# One program per file, cmocka.
UNIT_SRC := \

BASE_LIBS    := $(shell pkg-config --libs libcrypto 2>/dev/null)
FUSE_CFLAGS  := $(shell pkg-config --cflags fuse3 2>/dev/null)
FUSE_LIBS    := $(shell pkg-config --libs fuse3 2>/dev/null)
JSON_LIBS    := $(shell pkg-config --libs jansson 2>/dev/null)
BUILDER_LIBS := $(shell pkg-config --libs libcurl libarchive jansson 2>/dev/null) -liniparser
UNIT_LIBS    := $(shell pkg-config --libs cmocka 2>/dev/null) $(JSON_LIBS)

objects = $(patsubst %.c,$(OUT)/%.o,$(1))
UNITS  := $(patsubst %.c,$(OUT)/%,$(UNIT_SRC))

all: $(OUT)/xsysfs $(OUT)/xsysfs-build

$(OUT)/xsysfs: $(call objects,$(COMMAND_SRC) $(DAEMON_SRC)) $(OUT)/libengine.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $^ $(FUSE_LIBS) $(JSON_LIBS) $(BASE_LIBS)

$(OUT)/xsysfs-build: $(call objects,builder/main.c) $(OUT)/libbuilder.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $^ $(BUILDER_LIBS) $(BASE_LIBS)

$(OUT)/libbase.a: $(call objects,$(BASE_SRC))
$(OUT)/libengine.a: $(call objects,$(ENGINE_SRC))
$(OUT)/libbuilder.a: $(call objects,$(filter-out builder/main.c,$(BUILDER_SRC)))
$(OUT)/%.a:
	rm -f $@
	$(AR) rcs $@ $^

$(call objects,$(DAEMON_SRC)): XCFLAGS += $(FUSE_CFLAGS)

$(OUT)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(XCFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(UNITS): $(OUT)/%: $(OUT)/%.o $(OUT)/libbuilder.a $(OUT)/libengine.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $^ $(UNIT_LIBS) $(BUILDER_LIBS) $(BASE_LIBS)

clean:
	rm -rf out

-include $(patsubst %.o,%.d,$(call objects,$(BASE_SRC) $(ENGINE_SRC) $(DAEMON_SRC) \
	$(COMMAND_SRC) $(BUILDER_SRC) $(UNIT_SRC)))

.PHONY: all clean
.DELETE_ON_ERROR:
