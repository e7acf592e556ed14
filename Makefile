# SPDX-License-Identifier: GPL-2.0-or-later
# make              build xsysfs and xsysfs-build into out/
# make demo         the whole road, step by step, from a toolchain to programs that run on the Pi
# make check        everything that proves it       [T=fs/copyup] [SAN=address,undefined|thread]
# make check-threads  what happens at once, under ThreadSanitizer
# make stress       stress-ng and fio, for some minutes
# make FUSE=DIR     the same with the libfuse in DIR, into out/fuse: see tests/libfuse
# make bench        how fast it is, beside what else there is: see tests/bench/README.md
#                   [W=rm,walk] [P=kernel,xsysfs] [N=5]
# make catalogue    build recipes, build them again, run what they are, and write recipes/CATALOGUE.md
#                   P='xz libuuid' [B=rpi3-aarch64]
# make fuzz         fuzzers, for SECONDS=60 each   [F=model]
# make crash        SIGKILL and power cuts at random moments  [ROUNDS=200] [SEED=1]
#                   [CRASH_FS=btrfs]
# make mutate      break the sources on purpose, one place at a time: tests/mutants.txt [W=key]
# make lint         cppcheck, shellcheck, clang-format, layering
# make deps         install what building and testing need (Debian's packages)
#                   [P=build, demo, check: see tests/deps]; demo and check do it by themselves
# make install      [PREFIX=/usr/local] [DESTDIR=]
# make uninstall    the same: what `install` has put there goes

PREFIX  ?= /usr/local
DESTDIR ?=
SAN     ?=
FUSE    ?=
CC      ?= gcc
VERSION := 0.2.0

comma := ,
OUT   := out$(if $(FUSE),/fuse)$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))

CFLAGS   ?= -O2 -g
# Against what a stranger's bytes might do to us: those flags that this compiler knows. What a
# sanitizer looks for, it wants to find itself; FORTIFY needs an optimising compiler.
# Every object of ours is marked for IBT and SHSTK (CET), but a program only where libc's start files
# are too: on Debian 12 Scrt1.o, crti.o and crtn.o are not (-Wl,-z,cet-report=warning names
# them). Nor have _start and libc the instruction that IBT wants where an indirect jump ends, so
# '-z ibt -z shstk' would be a lie: a kernel that believed it would end the program at its start.
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fcf-protection
HARDEN   := $(if $(SAN),,$(foreach flag,$(HARDEN),$(shell $(CC) -Werror $(flag) -x c -fsyntax-only \
            /dev/null 2>/dev/null && echo $(flag))))
FORTIFY   = $(if $(SAN)$(findstring FORTIFY,$(CPPFLAGS) $(CFLAGS)),,$(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)), \
            -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla
XCFLAGS   = -std=gnu17 $(WARNINGS) -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
            -DVERSION='"$(VERSION)"' -pthread -fPIE $(HARDEN) $(FORTIFY) \
            $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
XLDFLAGS  = -pthread -pie -Wl,-z,relro,-z,now,-z,noexecstack $(if $(SAN),-fsanitize=$(SAN))

# What both programs stand on; fs/base includes nothing of ours but itself.
BASE_SRC := \
	fs/base/armour.c \
	fs/base/command.c \
	fs/base/digest.c \
	fs/base/elf.c \
	fs/base/elf_machine.c \
	fs/base/io.c \
	fs/base/kv.c \
	fs/base/log.c \
	fs/base/message.c \
	fs/base/name.c \
	fs/base/near.c \
	fs/base/size.c \
	fs/base/strv.c \
	fs/base/tame.c \
	fs/base/text.c \
	fs/base/usage.c \
	fs/client/control.c \
	fs/client/mounts.c \
	fs/client/where.c \

# The file system without FUSE: unit tests, fuzzers and the offline commands use it.
ENGINE_SRC := \
	fs/view/ahead.c \
	fs/view/attr.c \
	fs/store/begun.c \
	fs/view/change.c \
	fs/store/conflict.c \
	fs/view/copyup.c \
	fs/view/data.c \
	fs/view/diff.c \
	fs/view/dirs.c \
	fs/store/foreign.c \
	fs/store/handover.c \
	fs/store/history.c \
	fs/store/ids.c \
	fs/store/inode32.c \
	fs/store/install.c \
	fs/store/layer.c \
	fs/store/layerset.c \
	fs/view/lookup.c \
	fs/store/mark.c \
	fs/store/meta.c \
	fs/view/mirror.c \
	fs/store/names.c \
	fs/view/node.c \
	fs/store/note.c \
	fs/view/open.c \
	fs/view/orphan.c \
	fs/store/parts.c \
	fs/view/reads.c \
	fs/view/rename.c \
	fs/xs/requests.c \
	fs/xs/resume.c \
	fs/store/roster.c \
	fs/store/sparse.c \
	fs/store/special.c \
	fs/view/spot.c \
	fs/store/stack.c \
	fs/view/staging.c \
	fs/store/state.c \
	fs/store/tag.c \
	fs/xs/telling.c \
	fs/store/texts.c \
	fs/store/traits.c \
	fs/store/tree.c \
	fs/store/underway.c \
	fs/view/view.c \
	fs/xs/virtual.c \
	fs/store/whiteout.c \
	fs/view/xattr.c \
	fs/xs/xs.c \

# The only files that speak to the kernel.
DAEMON_SRC := \
	fs/fuse/control_server.c \
	fs/fuse/daemon.c \
	fs/fuse/fuse_uring.c \
	fs/fuse/keeper.c \
	fs/fuse/ops_again.c \
	fs/fuse/ops_data.c \
	fs/fuse/ops_dir.c \
	fs/fuse/ops_name.c \
	fs/fuse/ops_node.c \
	fs/fuse/ops_privileges.c \
	fs/fuse/ops_statx.c \
	fs/fuse/ops_tmpfile.c \
	fs/fuse/ops_xattr.c \
	fs/fuse/options.c \
	fs/fuse/privileges.c \
	fs/fuse/session.c \

# The command `xsysfs`.
COMMAND_SRC := \
	fs/cmd/cmd.c \
	fs/cmd/builder.c \
	fs/cmd/change.c \
	fs/cmd/diff.c \
	fs/cmd/files.c \
	fs/cmd/mount.c \
	fs/cmd/parts.c \
	fs/cmd/remount.c \
	fs/cmd/run.c \
	fs/cmd/show.c \
	fs/cmd/staging.c \
	fs/cmd/umount.c \
	fs/cmd/upgrade.c \
	fs/cmd/complete.c \
	fs/cmd/help.c \
	fs/cmd/lease.c \
	fs/cmd/main.c \
	fs/cmd/owners.c \
	fs/cmd/owns.c \
	fs/cmd/primer.c \
	fs/cmd/record.c \
	fs/cmd/sandbox.c \
	fs/cmd/tarball.c \
	fs/cmd/where_open.c \

# The builder, `xsysfs-build`.
BUILDER_SRC := \
	builder/source/apt.c \
	builder/source/aptlist.c \
	builder/source/aptsource.c \
	builder/target/board.c \
	builder/target/board_toolchain.c \
	builder/target/boards.c \
	builder/box/box.c \
	builder/box/shown.c \
	builder/verb/build.c \
	builder/verb/bump.c \
	builder/build/check.c \
	builder/base/child.c \
	builder/verb/clean.c \
	builder/cross/compilers.c \
	builder/base/content.c \
	builder/base/cores.c \
	builder/cross/crossenv.c \
	builder/cross/crossfiles.c \
	builder/cross/crossvars.c \
	builder/target/crosstool.c \
	builder/target/debian.c \
	builder/source/debianlock.c \
	builder/source/debiantree.c \
	builder/base/dot.c \
	builder/box/door.c \
	builder/verb/env.c \
	builder/source/fetch.c \
	builder/story/fetch_shown.c \
	builder/verb/fetch.c \
	builder/fixup/fixup.c \
	builder/fixup/elf.c \
	builder/fixup/machine.c \
	builder/recipe/fixup_rules.c \
	builder/fixup/text.c \
	builder/fixup/words.c \
	builder/source/git.c \
	builder/source/gitsource.c \
	builder/recipe/graph.c \
	builder/verb/graph.c \
	builder/guess/guess.c \
	builder/guess/about.c \
	builder/guess/licence.c \
	builder/guess/make.c \
	builder/guess/needs.c \
	builder/guess/system.c \
	builder/story/history.c \
	builder/box/hostpackages.c \
	builder/box/hostprograms.c \
	builder/report/html.c \
	builder/base/ini.c \
	builder/base/ini_check.c \
	builder/recipe/ini_overlay.c \
	builder/build/hostcheck.c \
	builder/build/installed.c \
	builder/build/job.c \
	builder/build/job_link.c \
	builder/run/jobserver.c \
	builder/build/key.c \
	builder/build/key_difference.c \
	builder/base/known.c \
	builder/base/lay.c \
	builder/target/launcher.c \
	builder/target/launcher_distcc.c \
	builder/report/layout.c \
	builder/base/limits.c \
	builder/cross/libtool.c \
	builder/lint/lint.c \
	builder/lint/built.c \
	builder/verb/lint.c \
	builder/verb/list.c \
	builder/verb/main.c \
	builder/verb/mount.c \
	builder/verb/newboard.c \
	builder/verb/newrecipe.c \
	builder/guess/newboard.c \
	builder/guess/newsource.c \
	builder/verb/options.c \
	builder/build/package.c \
	builder/source/part.c \
	builder/recipe/patch.c \
	builder/run/phase.c \
	builder/run/phase_env.c \
	builder/run/phase_plan.c \
	builder/base/places.c \
	builder/base/proc.c \
	builder/recipe/recipe.c \
	builder/recipe/recipe_env.c \
	builder/recipe/recipe_options.c \
	builder/recipe/recipe_source.c \
	builder/recipe/recipeset.c \
	builder/recipe/recipetext.c \
	builder/report/data.c \
	builder/report/failures.c \
	builder/report/graph.c \
	builder/report/log.c \
	builder/report/page.c \
	builder/report/sizes.c \
	builder/report/staging.c \
	builder/report/table.c \
	builder/report/time.c \
	builder/verb/report.c \
	builder/report/warnings_shown.c \
	builder/report/reason.c \
	builder/build/request.c \
	builder/build/reuse.c \
	builder/build/schedule.c \
	builder/build/schedule_hear.c \
	builder/build/schedule_jobs.c \
	builder/build/schedule_plan.c \
	builder/base/scratch.c \
	builder/base/searchpath.c \
	builder/story/outlook.c \
	builder/story/screen.c \
	builder/story/screen_lines.c \
	builder/source/shelf.c \
	builder/source/signature.c \
	builder/build/site.c \
	builder/build/site_run.c \
	builder/lint/sonames.c \
	builder/source/source.c \
	builder/source/source_git.c \
	builder/source/source_signature.c \
	builder/story/story.c \
	builder/build/subpackages.c \
	builder/build/supply.c \
	builder/box/syscalls.c \
	builder/recipe/system.c \
	builder/recipe/system_data.c \
	builder/base/tally.c \
	builder/target/runtime.c \
	builder/base/terminal.c \
	builder/build/shell.c \
	builder/verb/shell.c \
	builder/target/target.c \
	builder/base/times.c \
	builder/target/toolchain.c \
	builder/target/toolchain_ask.c \
	builder/target/toolchain_fetch.c \
	builder/target/toolchain_machine.c \
	builder/target/toolchain_make.c \
	builder/source/transfer.c \
	builder/box/trial.c \
	builder/source/unpack.c \
	builder/build/wanted.c \
	builder/report/warnings.c \
	builder/base/why.c \
	builder/run/work.c \

# One program per file, cmocka.
UNIT_SRC := \
	tests/unit/base/armour.c \
	tests/unit/base/io.c \
	tests/unit/base/kv.c \
	tests/unit/base/lay.c \
	tests/unit/base/strv.c \
	tests/unit/box/box.c \
	tests/unit/store/conflict.c \
	tests/unit/client/control.c \
	tests/unit/cross/crossenv.c \
	tests/unit/source/debian.c \
	tests/unit/box/door.c \
	tests/unit/box/hostprograms.c \
	tests/unit/base/elf.c \
	tests/unit/view/faults.c \
	tests/unit/view/faults_look.c \
	tests/unit/view/faults_overlay.c \
	tests/unit/fixup/words.c \
	tests/unit/recipe/graph.c \
	tests/unit/guess/guess.c \
	tests/unit/story/history.c \
	tests/unit/report/html.c \
	tests/unit/base/ini.c \
	tests/unit/store/inode32.c \
	tests/unit/store/install.c \
	tests/unit/build/key.c \
	tests/unit/build/key_difference.c \
	tests/unit/run/jobserver.c \
	tests/unit/target/launcher.c \
	tests/unit/store/layer.c \
	tests/unit/report/layout.c \
	tests/unit/cross/libtool.c \
	tests/unit/store/names.c \
	tests/unit/store/note.c \
	tests/unit/store/parts.c \
	tests/unit/base/proc.c \
	tests/unit/report/reason.c \
	tests/unit/recipe/recipe.c \
	tests/unit/recipe/recipetext.c \
	tests/unit/xs/resume.c \
	tests/unit/story/outlook.c \
	tests/unit/story/screen.c \
	tests/unit/base/searchpath.c \
	tests/unit/source/apt.c \
	tests/unit/source/signature.c \
	tests/unit/store/stack.c \
	tests/unit/store/state.c \
	tests/unit/view/staging.c \
	tests/unit/base/tally.c \
	tests/unit/base/tame.c \
	tests/unit/base/text.c \
	tests/unit/view/threads.c \
	tests/unit/base/times.c \
	tests/unit/store/underway.c \
	tests/unit/source/unpack.c \
	tests/unit/view/ahead.c \
	tests/unit/view/change.c \
	tests/unit/view/copyup.c \
	tests/unit/view/keep_times.c \
	tests/unit/view/look.c \
	tests/unit/view/rename.c \
	tests/unit/report/warnings.c \
	tests/unit/base/why.c \
	tests/unit/run/work.c \
	tests/unit/xs/xs.c \

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

# And the rest of one.
FUZZ_MODEL_SRC := \
	tests/fuzz/model_disk.c \
	tests/fuzz/model_kill.c \
	tests/fuzz/model_look.c \
	tests/fuzz/model_ops.c \
	tests/fuzz/model_pick.c \
	tests/fuzz/model_rename.c \
	tests/fuzz/model_same.c \
	tests/fuzz/model_stack.c \

BASE_LIBS    := $(shell pkg-config --libs libcrypto libelf 2>/dev/null)
FUSE_PC      := $(if $(FUSE),PKG_CONFIG_PATH=$(FUSE)/lib/pkgconfig pkg-config --static,pkg-config)
FUSE_CFLAGS  := $(shell $(FUSE_PC) --cflags fuse3 2>/dev/null)
FUSE_LIBS    := $(shell $(FUSE_PC) --libs fuse3 2>/dev/null)
TAR_LIBS     := $(shell pkg-config --libs libarchive 2>/dev/null)
JSON_LIBS    := $(shell pkg-config --libs jansson 2>/dev/null)
BUILDER_LIBS := $(shell pkg-config --libs libcurl libarchive jansson libseccomp 2>/dev/null) -liniparser -lm
UNIT_LIBS    := $(shell pkg-config --libs cmocka 2>/dev/null) $(JSON_LIBS)

objects = $(patsubst %.c,$(OUT)/%.o,$(1))
# A library gives what those before it ask for: every object comes first, whichever rule has named it.
linked  = $(filter-out %.a,$^) $(filter %.a,$^)
UNITS  := $(patsubst %.c,$(OUT)/%,$(UNIT_SRC))
FUZZERS := $(patsubst %.c,$(OUT)/%,$(FUZZ_SRC))

all: $(OUT)/xsysfs $(OUT)/xsysfs-build

$(OUT)/xsysfs: $(call objects,$(COMMAND_SRC) $(DAEMON_SRC)) $(OUT)/libengine.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $(linked) $(FUSE_LIBS) $(JSON_LIBS) $(TAR_LIBS) $(BASE_LIBS)

$(OUT)/xsysfs-build: $(call objects,builder/verb/main.c) $(OUT)/libbuilder.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $(linked) $(BUILDER_LIBS) $(BASE_LIBS)

$(OUT)/libbase.a: $(call objects,$(BASE_SRC))
$(OUT)/libengine.a: $(call objects,$(ENGINE_SRC))
$(OUT)/libbuilder.a: $(call objects,$(filter-out builder/verb/main.c,$(BUILDER_SRC)))
$(OUT)/%.a:
	rm -f $@
	$(AR) rcs $@ $^

$(call objects,$(DAEMON_SRC)): XCFLAGS += $(FUSE_CFLAGS)

$(OUT)/builder/report/data.o: builder/report/report.css builder/report/report.js
$(OUT)/builder/recipe/system_data.o: builder/recipe/board_python.py
# What the assembler defines, link-time optimisation does not see.
$(OUT)/builder/report/data.o $(OUT)/builder/recipe/system_data.o: override CFLAGS += -fno-lto

$(OUT)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(XCFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(UNITS): $(OUT)/%: $(OUT)/%.o $(OUT)/libbuilder.a $(OUT)/libengine.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $(linked) $(UNIT_LIBS) $(BUILDER_LIBS) $(BASE_LIBS)

clean:
	rm -rf out

-include $(patsubst %.o,%.d,$(call objects,$(BASE_SRC) $(ENGINE_SRC) $(DAEMON_SRC) \
	$(COMMAND_SRC) $(BUILDER_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(FUZZ_COMMON_SRC) $(FUZZ_MODEL_SRC) \
	tests/bench/floor.c tests/bench/nodes.c tests/crash/disk.c))

# --- checking, showing and installing

units: $(UNITS) helpers
# Programs that scripts call.
helpers: $(OUT)/tests/bench/floor $(OUT)/tests/bench/nodes $(OUT)/tests/crash/disk

$(OUT)/tests/bench/nodes: $(OUT)/%: $(OUT)/%.o $(OUT)/libengine.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $(linked) $(BASE_LIBS)

$(OUT)/tests/bench/floor.o $(OUT)/tests/crash/disk.o: XCFLAGS += $(FUSE_CFLAGS)
$(OUT)/tests/bench/floor $(OUT)/tests/crash/disk: $(OUT)/%: $(OUT)/%.o
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $(linked) $(FUSE_LIBS)

# Unit programs also run with sanitizers; the promises run with what `make` built. SAN=... builds and
# checks everything with these sanitizers instead.
MEMORY_SAN := address,undefined
CHECK_SAN  := $(if $(SAN)$(FUSE)$(filter-out unit%,$(T)),,out/san-$(subst $(comma),-,$(MEMORY_SAN)))

FUZZ_SAN   := fuzzer-no-link,address,undefined
FUZZ_OUT   := out/san-$(subst $(comma),-,$(FUZZ_SAN))
CHECK_FUZZ := $(if $(SAN)$(FUSE)$(filter-out fuzz%,$(T)),,$(FUZZ_OUT))

# What is missing is installed first; a make of its own then asks pkg-config again.
check:
	$(if $(T),,tests/deps --try check)
	+$(MAKE) --no-print-directory all $(if $(filter-out fs% builder% demo%,$(or $(T),all)),units,helpers)
	$(if $(CHECK_SAN),+$(MAKE) --no-print-directory SAN=$(MEMORY_SAN) units)
	$(if $(CHECK_FUZZ),+$(MAKE) --no-print-directory CC=clang SAN=$(FUZZ_SAN) fuzzers)
	tests/run --out $(OUT) $(if $(CHECK_SAN),--san $(CHECK_SAN)) \
		$(if $(CHECK_FUZZ),--fuzz $(CHECK_FUZZ)) $(if $(LINT),--lint) $(T)

# Where most happens at once, with the engine and the daemon under ThreadSanitizer.
BUSY := fs/changes-are fs/make-j fs/random fs/readers fs/two-installs unit/view/threads@san unit/xs/xs@san

check-threads: all
	+$(MAKE) --no-print-directory SAN=thread all \
		$(patsubst unit/%@san,out/san-thread/tests/unit/%,$(filter unit/%,$(BUSY)))
	tests/run --out $(OUT) --san out/san-thread --daemon out/san-thread $(BUSY)

# All of stress-ng's stressors for file systems and fio's ways to read and write, for some minutes.
stress: all
	STRESS=1 tests/run --out $(OUT) fs/stress

bench: all $(OUT)/tests/bench/floor
	tests/bench/run --out $(OUT) --json $(OUT)/bench.json

catalogue: all
	tests/catalogue $(or $(B),rpi3-aarch64) $(P)

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
WRAPPED := calloc chmod copy_file_range faccessat fallocate64 fchmod fchmodat fchown fchownat \
	fcntl64 fdopendir fgetxattr flistxattr flock fopen64 fremovexattr fsetxattr fstat64 fstatat64 \
	fstatvfs64 fsync ftruncate64 futimens getdents64 getxattr lgetxattr linkat listxattr llistxattr \
	lremovexattr lseek64 lsetxattr malloc mkdir mkdirat mknodat mmap64 openat64 pread64 pwrite64 \
	readdir64 readlinkat realloc realpath removexattr renameat renameat2 setxattr stat64 statx strdup \
	strndup symlinkat syncfs syscall unlinkat utimensat write

# So it does in the unit programs that have each call fail in turn, or something happen before it.
FAULTS := $(addprefix $(OUT)/tests/unit/view/,faults faults_look faults_overlay keep_times) $(OUT)/tests/unit/xs/resume
$(FAULTS): XLDFLAGS += $(WRAPPED:%=-Wl,--wrap=%)
$(FAULTS): $(call objects,tests/fuzz/fault.c tests/fuzz/fuzz.c)

$(FUZZERS): XLDFLAGS = -pthread -fsanitize=fuzzer,address,undefined $(WRAPPED:%=-Wl,--wrap=%)
$(OUT)/tests/fuzz/model: $(call objects,$(FUZZ_MODEL_SRC))
$(FUZZERS): $(OUT)/%: $(OUT)/%.o $(call objects,$(FUZZ_COMMON_SRC)) $(OUT)/libbuilder.a \
		$(OUT)/libengine.a $(OUT)/libbase.a
	$(CC) $(XLDFLAGS) $(LDFLAGS) -o $@ $(linked) $(BUILDER_LIBS) $(BASE_LIBS)

demo:
	tests/demo/demo.sh

# Places that are broken on purpose, each noticed by a test [W=key]
mutate: all units
	tests/mutate $(W)

lint:
	tests/lint

deps:
	tests/deps $(P)

DATA := recipes patches boards mountscripts
MAN   = $(DESTDIR)$(PREFIX)/share/man

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(MAN)/man1 $(MAN)/man5 $(MAN)/man7
	install -m 755 $(OUT)/xsysfs $(OUT)/xsysfs-build $(DESTDIR)$(PREFIX)/bin
	install -m 755 mountscripts/mount.xsysfs $(DESTDIR)$(PREFIX)/sbin
	$(OUT)/xsysfs help --man > $(MAN)/man1/xsysfs.1
	for c in $$($(OUT)/xsysfs help | awk '/^  [a-z]/ { print $$1 }'); do \
		$(OUT)/xsysfs help --man $$c > $(MAN)/man1/xsysfs-$$c.1 || exit; done
	man/to-man -v name=xsysfs-recipe -v section=5 -v about='what a package is made from: recipe.ini' \
		recipes/README.md > $(MAN)/man5/xsysfs-recipe.5
	man/to-man -v name=xsysfs-board -v section=5 -v about='what is built for: boards/NAME.ini' \
		boards/README.md > $(MAN)/man5/xsysfs-board.5
	man/to-man -v name=xsysfs-environment -v section=7 -v about='variables that xsysfs looks at' \
		man/environment.md > $(MAN)/man7/xsysfs-environment.7
	install -d "$(DESTDIR)$(PREFIX)/share/xsysfs"
	cp -R $(DATA) "$(DESTDIR)$(PREFIX)/share/xsysfs"
	chmod -R u=rwX,go=rX "$(DESTDIR)$(PREFIX)/share/xsysfs"
	install -D -m 644 fs/cmd/completion/xsysfs.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/xsysfs
	install -D -m 644 fs/cmd/completion/xsysfs.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/xsysfs.fish
	install -D -m 644 fs/cmd/completion/_xsysfs $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_xsysfs
	install -D -m 644 mountscripts/xsysfs@.service \
		$(DESTDIR)$(PREFIX)/lib/systemd/user/xsysfs@.service

# What `install` would put there, so that nothing is forgotten. Folders that are empty then go, too: those of
# a system, which others have things in, are not.
uninstall: all
	there=$$(mktemp -d) && trap 'rm -rf "$$there"' EXIT && \
		$(MAKE) -s --no-print-directory install DESTDIR="$$there" PREFIX="$(PREFIX)" && cd "$$there" && \
		find . ! -type d -exec sh -c 'for f; do rm -f "$(DESTDIR)/$$f" || exit; done' sh {} + && \
		find . -depth -mindepth 1 -type d -exec sh -c \
			'for d; do rmdir "$(DESTDIR)/$$d" 2>/dev/null; done; :' sh {} +

.PHONY: all bench catalogue check check-threads clean demo deps fuzz fuzzers helpers install lint mutate stress uninstall units
.DELETE_ON_ERROR:
