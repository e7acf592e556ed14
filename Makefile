# SPDX-License-Identifier: GPL-2.0-or-later
# make              build xsysfs and xsysfs-build into out/
# make demo         the whole road, step by step, from a toolchain to programs that run on the Pi
# make check        everything that proves it       [T=fs/copyup] [SAN=address,undefined|thread]
# make check-threads  what happens at once, under ThreadSanitizer
# make stress       stress-ng and fio, for some minutes
# make FUSE=DIR     the same with the libfuse in DIR, into out/fuse: see tests/libfuse
# make bench        how fast it is, beside what else there is: see tests/bench/README.md
#                   [W=rm,walk] [P=kernel,xsysfs] [N=5]
# make fuzz         fuzzers, for SECONDS=60 each   [F=model]
# make crash        SIGKILL and power cuts at random moments  [ROUNDS=200] [SEED=1]
#                   [CRASH_FS=btrfs]
# make lint         cppcheck, shellcheck, clang-format, layering
# make deps         install what building and testing need (Debian's packages)
# make install      [PREFIX=/usr/local] [DESTDIR=]

PREFIX  ?= /usr/local
DESTDIR ?=
SAN     ?=
FUSE    ?=
CC      ?= gcc
VERSION := 0.1.0

comma := ,
OUT   := out$(if $(FUSE),/fuse)$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))

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
	fs/base/message.c \
	fs/base/name.c \
	fs/base/strv.c \

# The file system without FUSE: unit tests, fuzzers and the offline commands use it.
ENGINE_SRC := \
	fs/attr.c \
	fs/begun.c \
	fs/change.c \
	fs/conflict.c \
	fs/copyup.c \
	fs/data.c \
	fs/diff.c \
	fs/dirs.c \
	fs/handover.c \
	fs/install.c \
	fs/layer.c \
	fs/layerset.c \
	fs/lookup.c \
	fs/meta.c \
	fs/names.c \
	fs/node.c \
	fs/note.c \
	fs/open.c \
	fs/orphan.c \
	fs/parts.c \
	fs/reads.c \
	fs/rename.c \
	fs/requests.c \
	fs/resume.c \
	fs/roster.c \
	fs/special.c \
	fs/stack.c \
	fs/staging.c \
	fs/state.c \
	fs/tag.c \
	fs/texts.c \
	fs/tree.c \
	fs/view.c \
	fs/virtual.c \
	fs/whiteout.c \
	fs/xattr.c \
	fs/xs.c \

# The only files that speak to the kernel.
DAEMON_SRC := \
	fs/control_server.c \
	fs/daemon.c \
	fs/fuse_uring.c \
	fs/keeper.c \
	fs/ops_again.c \
	fs/ops_data.c \
	fs/ops_dir.c \
	fs/ops_name.c \
	fs/ops_node.c \
	fs/ops_privileges.c \
	fs/ops_statx.c \
	fs/ops_tmpfile.c \
	fs/ops_xattr.c \
	fs/session.c \

# The command `xsysfs`.
COMMAND_SRC := \
	fs/cmd.c \
	fs/cmd_builder.c \
	fs/cmd_change.c \
	fs/cmd_diff.c \
	fs/cmd_mount.c \
	fs/cmd_parts.c \
	fs/cmd_run.c \
	fs/cmd_show.c \
	fs/cmd_staging.c \
	fs/cmd_upgrade.c \
	fs/control_client.c \
	fs/help.c \
	fs/lease.c \
	fs/main.c \
	fs/mounts.c \
	fs/owners.c \
	fs/record.c \
	fs/sandbox.c \
	fs/tarball.c \
	fs/where.c \

# The builder, `xsysfs-build`.
BUILDER_SRC := \
	builder/aptlist.c \
	builder/aptsource.c \
	builder/board.c \
	builder/box.c \
	builder/build.c \
	builder/bump.c \
	builder/check.c \
	builder/child.c \
	builder/cores.c \
	builder/crossenv.c \
	builder/crossfiles.c \
	builder/dot.c \
	builder/door.c \
	builder/elf.c \
	builder/env.c \
	builder/fetch.c \
	builder/fetch_shown.c \
	builder/fetch_verb.c \
	builder/fixup.c \
	builder/fixup_elf.c \
	builder/fixup_text.c \
	builder/git.c \
	builder/gitsource.c \
	builder/graph.c \
	builder/graph_verb.c \
	builder/guess.c \
	builder/guess_about.c \
	builder/guess_licence.c \
	builder/guess_make.c \
	builder/guess_needs.c \
	builder/guess_system.c \
	builder/history.c \
	builder/html.c \
	builder/ini.c \
	builder/ini_check.c \
	builder/ini_overlay.c \
	builder/installed.c \
	builder/job.c \
	builder/jobserver.c \
	builder/key.c \
	builder/known.c \
	builder/launcher.c \
	builder/launcher_distcc.c \
	builder/layout.c \
	builder/lint.c \
	builder/lint_built.c \
	builder/lint_verb.c \
	builder/main.c \
	builder/mount.c \
	builder/newrecipe.c \
	builder/newsource.c \
	builder/options.c \
	builder/package.c \
	builder/patch.c \
	builder/phase.c \
	builder/phase_env.c \
	builder/places.c \
	builder/proc.c \
	builder/recipe.c \
	builder/recipe_source.c \
	builder/recipeset.c \
	builder/recipetext.c \
	builder/report_data.c \
	builder/report_graph.c \
	builder/report_log.c \
	builder/report_page.c \
	builder/report_sizes.c \
	builder/report_staging.c \
	builder/report_table.c \
	builder/report_time.c \
	builder/report_verb.c \
	builder/report_warnings.c \
	builder/request.c \
	builder/schedule.c \
	builder/scratch.c \
	builder/screen.c \
	builder/screen_lines.c \
	builder/shelf.c \
	builder/signature.c \
	builder/sonames.c \
	builder/source.c \
	builder/source_toolchain.c \
	builder/story.c \
	builder/subpackages.c \
	builder/supply.c \
	builder/system.c \
	builder/tally.c \
	builder/text.c \
	builder/toolchain.c \
	builder/treemap.c \
	builder/unpack.c \
	builder/warnings.c \
	builder/why.c \

# One program per file, cmocka.
UNIT_SRC := \
	tests/unit/aptsource.c \
	tests/unit/base_io.c \
	tests/unit/base_kv.c \
	tests/unit/base_strv.c \
	tests/unit/conflict.c \
	tests/unit/crossenv.c \
	tests/unit/door.c \
	tests/unit/graph.c \
	tests/unit/guess.c \
	tests/unit/history.c \
	tests/unit/html.c \
	tests/unit/ini.c \
	tests/unit/install.c \
	tests/unit/key.c \
	tests/unit/launcher.c \
	tests/unit/layer.c \
	tests/unit/layout.c \
	tests/unit/names.c \
	tests/unit/note.c \
	tests/unit/parts.c \
	tests/unit/recipe.c \
	tests/unit/recipetext.c \
	tests/unit/resume.c \
	tests/unit/screen.c \
	tests/unit/signature.c \
	tests/unit/stack.c \
	tests/unit/staging.c \
	tests/unit/threads.c \
	tests/unit/treemap.c \
	tests/unit/unpack.c \
	tests/unit/view_change.c \
	tests/unit/view_look.c \
	tests/unit/view_rename.c \
	tests/unit/warnings.c \
	tests/unit/why.c \
	tests/unit/xs.c \

# One program per file, libFuzzer; FUZZ_COMMON is in each.
FUZZ_SRC := \
	tests/fuzz/control.c \
	tests/fuzz/leftovers.c \
	tests/fuzz/model.c \
	tests/fuzz/state.c \
	tests/fuzz/strangers.c \
	tests/fuzz/texts.c \
	tests/fuzz/unpack.c \

FUZZ_COMMON_SRC := \
	tests/fuzz/fault.c \
	tests/fuzz/fuzz.c \
	tests/fuzz/plain.c \
	tests/fuzz/walk.c \

BASE_LIBS    := $(shell pkg-config --libs libcrypto 2>/dev/null)
FUSE_PC      := $(if $(FUSE),PKG_CONFIG_PATH=$(FUSE)/lib/pkgconfig pkg-config --static,pkg-config)
FUSE_CFLAGS  := $(shell $(FUSE_PC) --cflags fuse3 2>/dev/null)
FUSE_LIBS    := $(shell $(FUSE_PC) --libs fuse3 2>/dev/null)
TAR_LIBS     := $(shell pkg-config --libs libarchive 2>/dev/null)
JSON_LIBS    := $(shell pkg-config --libs jansson 2>/dev/null)
BUILDER_LIBS := $(shell pkg-config --libs libcurl libarchive jansson libelf 2>/dev/null) -liniparser -lm
UNIT_LIBS    := $(shell pkg-config --libs cmocka 2>/dev/null) $(JSON_LIBS)

objects = $(patsubst %.c,$(OUT)/%.o,$(1))
UNITS  := $(patsubst %.c,$(OUT)/%,$(UNIT_SRC))
FUZZERS := $(patsubst %.c,$(OUT)/%,$(FUZZ_SRC))

all: $(OUT)/xsysfs $(OUT)/xsysfs-build

$(OUT)/xsysfs: $(call objects,$(COMMAND_SRC) $(DAEMON_SRC)) $(OUT)/libengine.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $^ $(FUSE_LIBS) $(JSON_LIBS) $(TAR_LIBS) $(BASE_LIBS)

$(OUT)/xsysfs-build: $(call objects,builder/main.c) $(OUT)/libbuilder.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $^ $(BUILDER_LIBS) $(BASE_LIBS)

$(OUT)/libbase.a: $(call objects,$(BASE_SRC))
$(OUT)/libengine.a: $(call objects,$(ENGINE_SRC))
$(OUT)/libbuilder.a: $(call objects,$(filter-out builder/main.c,$(BUILDER_SRC)))
$(OUT)/%.a:
	rm -f $@
	$(AR) rcs $@ $^

$(call objects,$(BUILDER_SRC)): XCFLAGS += -DDATADIR='"$(PREFIX)/share/xsysfs"'
$(call objects,$(DAEMON_SRC)): XCFLAGS += $(FUSE_CFLAGS)

$(OUT)/builder/report_data.o: builder/report.css builder/report.js

$(OUT)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(XCFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(UNITS): $(OUT)/%: $(OUT)/%.o $(OUT)/libbuilder.a $(OUT)/libengine.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $^ $(UNIT_LIBS) $(BUILDER_LIBS) $(BASE_LIBS)

clean:
	rm -rf out

-include $(patsubst %.o,%.d,$(call objects,$(BASE_SRC) $(ENGINE_SRC) $(DAEMON_SRC) \
	$(COMMAND_SRC) $(BUILDER_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(FUZZ_COMMON_SRC) \
	tests/bench/floor.c tests/crash/disk.c))

# --- checking, showing and installing

units: $(UNITS) $(OUT)/tests/bench/floor $(OUT)/tests/crash/disk

$(OUT)/tests/bench/floor.o $(OUT)/tests/crash/disk.o: XCFLAGS += $(FUSE_CFLAGS)
$(OUT)/tests/bench/floor $(OUT)/tests/crash/disk: $(OUT)/%: $(OUT)/%.o
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $^ $(FUSE_LIBS)

# Unit programs also run with sanitizers; the promises run with what `make` built. SAN=... builds and
# checks everything with these sanitizers instead.
MEMORY_SAN := address,undefined
CHECK_SAN  := $(if $(SAN)$(FUSE)$(filter-out unit%,$(T)),,out/san-$(subst $(comma),-,$(MEMORY_SAN)))

FUZZ_SAN   := fuzzer-no-link,address,undefined
FUZZ_OUT   := out/san-$(subst $(comma),-,$(FUZZ_SAN))
CHECK_FUZZ := $(if $(SAN)$(FUSE)$(filter-out fuzz%,$(T)),,$(FUZZ_OUT))

check: all units
	$(if $(CHECK_SAN),+$(MAKE) --no-print-directory SAN=$(MEMORY_SAN) units)
	$(if $(CHECK_FUZZ),+$(MAKE) --no-print-directory CC=clang SAN=$(FUZZ_SAN) fuzzers)
	tests/run --out $(OUT) $(if $(CHECK_SAN),--san $(CHECK_SAN)) \
		$(if $(CHECK_FUZZ),--fuzz $(CHECK_FUZZ)) $(if $(LINT),--lint) $(T)

# Where most happens at once, with the engine and the daemon under ThreadSanitizer.
BUSY := fs/changes-are fs/make-j fs/random fs/readers fs/two-installs unit/threads@san unit/xs@san

check-threads: all
	+$(MAKE) --no-print-directory SAN=thread all units
	tests/run --out $(OUT) --san out/san-thread --daemon out/san-thread $(BUSY)

# All of stress-ng's stressors for file systems and fio's ways to read and write, for some minutes.
stress: all
	STRESS=1 tests/run --out $(OUT) fs/stress

bench: all $(OUT)/tests/bench/floor
	tests/bench/run --out $(OUT) --json $(OUT)/bench.json

# What is durable, after SIGKILL and after a power cut, at ROUNDS random moments each.
crash: all units
	CRASH_ROUNDS=$(or $(ROUNDS),200) CRASH_SEED=$(or $(SEED),1) CRASH_STEPS=600 \
		tests/run --out $(OUT) fs/nothing-durable-is-lost fs/power-cut

# Fuzzers, by clang: all of them, or F=name, for SECONDS each. They start from what is kept in
# tests/fuzz/corpus/NAME; what they find on the way stays in out/. SECONDS=0 only replays.
fuzz:
	+$(MAKE) --no-print-directory CC=clang SAN=$(FUZZ_SAN) fuzzers
	tests/fuzz/run --out $(FUZZ_OUT) $(if $(SECONDS),--seconds $(SECONDS)) $(F)

fuzzers: $(FUZZERS)

# The linker gives fault.c the calls that are to fail.
WRAPPED := calloc copy_file_range fchmod fchmodat fchown fsetxattr fstat64 fsync ftruncate64 linkat \
	lsetxattr malloc mkdirat mknodat openat64 pwrite64 realloc renameat renameat2 strdup strndup \
	symlinkat syscall unlinkat write

$(FUZZERS): XLDFLAGS = -pthread -fsanitize=fuzzer,address,undefined $(WRAPPED:%=-Wl,--wrap=%)
$(FUZZERS): $(OUT)/%: $(OUT)/%.o $(call objects,$(FUZZ_COMMON_SRC)) $(OUT)/libbuilder.a \
		$(OUT)/libengine.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $^ $(BUILDER_LIBS) $(BASE_LIBS)

demo:
	tests/demo/demo.sh

lint:
	tests/lint

deps:
	tests/deps

DATA := recipes patches boards mountscripts

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(OUT)/xsysfs $(OUT)/xsysfs-build $(DESTDIR)$(PREFIX)/bin
	install -m 755 mountscripts/mount.xsysfs $(DESTDIR)$(PREFIX)/sbin
	$(OUT)/xsysfs help --man > $(DESTDIR)$(PREFIX)/share/man/man1/xsysfs.1
	for c in $$($(OUT)/xsysfs help | awk '/^  [a-z]/ { print $$1 }'); do \
		$(OUT)/xsysfs help --man $$c > $(DESTDIR)$(PREFIX)/share/man/man1/xsysfs-$$c.1 || exit; done
	for dir in $(DATA); do \
		(cd $$dir && find . -type d) | while read -r d; do \
			install -d "$(DESTDIR)$(PREFIX)/share/xsysfs/$$dir/$$d" || exit; done; \
		(cd $$dir && find . -type f) | while read -r f; do \
			mode=644; test ! -x "$$dir/$$f" || mode=755; \
			install -m $$mode "$$dir/$$f" "$(DESTDIR)$(PREFIX)/share/xsysfs/$$dir/$$f" || exit; done; \
	done
	install -D -m 644 fs/completion/xsysfs.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/xsysfs
	install -D -m 644 fs/completion/_xsysfs $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_xsysfs
	install -D -m 644 mountscripts/xsysfs@.service \
		$(DESTDIR)$(PREFIX)/lib/systemd/user/xsysfs@.service

.PHONY: all bench check check-threads clean demo deps fuzz fuzzers install lint stress units
.DELETE_ON_ERROR:
