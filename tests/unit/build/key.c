// SPDX-License-Identifier: GPL-2.0-or-later
/* Whatever a build can see and that could change its result is in its key, by content; nothing else
 * is. Each input is changed in turn. */
#include "builder/build/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "builder/box/hostprograms.h"
#include "builder/box/shown.h"
#include "builder/build/job.h"
#include "builder/run/jobserver.h"
#include "builder/run/phase.h"
#include "builder/target/launcher.h"
#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

#define HASH  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define GIT   "0123456789abcdef0123456789abcdef01234567"

#define HEAD		"[package]\nversion = 1\n"
#define FROM(word, sum) "[source:" word "]\nurl = https://h/x-1.tar.gz\nsha256 = " sum "\n"
#define RECIPE(build)	HEAD FROM("a", HASH) "[build]\n" build
#define PLAIN		RECIPE("system = cmake\noptions = a\n")

/* All that goes into the key of x, as it is at the moment. */
static struct world {
	const char *recipe;
	struct board board;
	struct launcher launcher;
	const char *layer;  /* of the package zlib, which x needs */
	const char *tool;   /* of the package cc, a tool that its build calls */
	const char *unseen; /* of one that it does not need */
	const char *toolchain;
	const char *have; /* the key that is installed */
	bool boxed;
	int jobs;
	struct phase_common *common; /* of a run with more packages; NULL: there is but this one */
} now;

static const struct world plain = {
	.recipe = PLAIN,
	.board = { .cpu = "a53",
		   .cflags = "",
		   .ldflags = "",
		   .prefix = "/usr/local",
		   .libdir = "lib" },
	.layer = "zlib-1-0123456789ab",
	.tool = "cc-1-0123456789ab",
	.unseen = "gdbm-1-0123456789ab",
	.toolchain = "toolchain",
	.have = "",
	.boxed = true,
	.jobs = 2,
};

static void program(const char *path, const char *says)
{
	char text[256];

	snprintf(text, sizeof(text), "#!/bin/sh\necho '%s'\n", says);
	unlink(path); /* it has another inode then, as an upgrade has */
	scratch_text(path, text);
	assert_int_equal(chmod(path, 0755), 0);
}

static void fill_toolchain(struct toolchain *t)
{
	*t = (struct toolchain){ .dir = realpath(now.toolchain, NULL),
				 .cross = "t-",
				 .triple = "t-linux-gnu",
				 .version = "12",
				 .sysroot = realpath("sysroot", NULL),
				 .bits = 64 };
	assert_non_null(t->dir);
	assert_non_null(t->sysroot);
	assert_true(asprintf(&t->cc, "%s/bin/t-gcc", t->dir) > 0);
}

static void fill_installed(struct installed *i)
{
	static const size_t by_name[] = { 0, 1, 2 };

	*i = (struct installed){ .by_name = malloc(sizeof(by_name)) };
	memcpy(i->by_name, by_name, sizeof(by_name));
	assert_int_equal(strv_add(&i->names, "gdbm"), 0);
	assert_int_equal(strv_add(&i->layers, now.unseen), 0);
	assert_int_equal(strv_add(&i->keys, "other"), 0);
	assert_int_equal(strv_add(&i->names, "x"), 0);
	assert_int_equal(strv_add(&i->layers, "x-1-0123456789ab"), 0);
	assert_int_equal(strv_add(&i->keys, now.have), 0);
	assert_int_equal(strv_add(&i->names, "zlib"), 0);
	assert_int_equal(strv_add(&i->layers, now.layer), 0);
	assert_int_equal(strv_add(&i->keys, "other"), 0);
}

/* The job of x in this world, decided. Returns what job_decide does. */
static int decide(struct job *j, size_t source)
{
	static const struct recipe zlib = { .name = "zlib" };
	static const struct recipe cc = { .name = "cc", .is_native = true };
	static struct job need, *needs[] = { &need }, tool, *tools[] = { &tool };
	cleanup(installed_release) struct installed installed = { 0 };
	cleanup(hostprograms_close) struct hostprograms host = { 0 };
	static char *folders[] = { "patches", NULL };
	struct places places = { .home = ".", .patches = { { folders, 1 }, 1 } };
	struct jobserver jobs = { .tokens = now.jobs };
	cleanup(phase_common_release) struct phase_common own = { 0 };
	struct target target = { .board = &now.board, .launcher = now.launcher };
	struct toolchain *toolchain = &target.toolchain;
	struct package_ways ways = {
		.places = &places,
		.target = &target,
		.jobs = &jobs,
		.host = &host,
		.common = now.common ? now.common : &own,
		.boxed = now.boxed,
	};
	struct recipe *recipe = NULL;
	char *why = NULL;
	int r;

	scratch_text("recipes/x/recipe.ini", now.recipe);
	if (recipe_load("recipes", "x", NULL, &recipe, &why) < 0)
		fail_msg("%s", why);
	fill_toolchain(toolchain);
	fill_installed(&installed);
	hostprograms_open(&host, ".");
	host.path = "host";
	assert_int_equal(toolchain_identify(toolchain, &host.known, &why), 0);
	assert_int_equal(
		toolchain_identify_sysroot("sysroot", NULL, &host.known, target.sysroot, &why), 0);
	need.recipe = &zlib;
	assert_int_equal(job_set_layer(&need, now.layer), 0);
	tool.recipe = &cc;
	assert_int_equal(job_set_layer(&tool, now.tool), 0);
	*j = (struct job){
		.recipe = recipe, .sees = needs, .n_sees = 1, .tools = tools, .n_tools = 1
	};
	r = job_decide(j, &ways, &installed);
	if (r == 0)
		assert_int_equal(job_use_source(j, &ways, source), 0);
	free(toolchain->dir);
	free(toolchain->cc);
	free(toolchain->sysroot);
	free(take_ptr(need.line));
	free(take_ptr(tool.line));
	return r;
}

static void forget(struct job *j)
{
	recipe_free((struct recipe *)j->recipe);
	strv_release(&j->patches);
	key_release(&j->key);
	free(j->before);
}

static void key_now(char hex[static DIGEST_HEX])
{
	struct job j;

	assert_int_equal(decide(&j, 0), 0);
	memcpy(hex, j.key.hex, DIGEST_HEX);
	forget(&j);
}

static void set_recipe(const char *text)
{
	now.recipe = text;
}

static void set_mode(const char *path)
{
	assert_int_equal(chmod(path, 0750), 0);
}

static void set_text(const char *path)
{
	scratch_text(path, "another\n");
}

static void set_link(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
}

static void add_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void set_time(const char *path)
{
	const struct timespec times[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000 } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void set_version(const char *path)
{
	program(path, "cmake version 3.99");
}

static void set_cpu(const char *value)
{
	now.board.cpu = (char *)value;
}
static void set_cflags(const char *value)
{
	now.board.cflags = (char *)value;
}
static void set_ldflags(const char *value)
{
	now.board.ldflags = (char *)value;
}
static void set_prefix(const char *value)
{
	now.board.prefix = (char *)value;
}
static void set_libdir(const char *value)
{
	now.board.libdir = (char *)value;
}
static void set_layer(const char *value)
{
	now.layer = value;
}
static void set_tool(const char *value)
{
	now.tool = value;
}
static void set_unseen(const char *value)
{
	now.unseen = value;
}
static void set_toolchain(const char *value)
{
	now.toolchain = value;
}

static void set_jobs(const char *value)
{
	(void)value;
	now.jobs = 7;
}

static void set_unboxed(const char *value)
{
	(void)value;
	now.boxed = false;
}

static void set_launcher(const char *value)
{
	now.launcher.name = value;
}

static void set_remote(const char *value)
{
	now.board.cflags = (char *)value;
	now.launcher.name = "distcc";
	now.launcher.remote = true;
}

/* The world as it was. */
static void put_all(void)
{
	static const char *const files[] = {
		"recipes/x/helper.sh",	"recipes/x/files/config", "recipes/x/.defconfig",
		"recipes/x/list~",	"patches/x/1.patch",	  "toolchain/lib/specs",
		"toolchain/lib/crt1.o", "toolchain/libexec/f951", "sysroot/usr/include/thing.h",
		"sysroot/lib/libm.so",
	};

	now = plain;
	io_remove_tree(AT_FDCWD, "recipes");
	io_remove_tree(AT_FDCWD, "patches");
	io_remove_tree(AT_FDCWD, "toolchain");
	io_remove_tree(AT_FDCWD, "sysroot");
	io_remove_tree(AT_FDCWD, "host");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		scratch_text(files[i], files[i]);
	scratch_text("toolchain/bin/t-gcc", "#!/bin/sh\necho nothing\n");
	assert_int_equal(chmod("toolchain/bin/t-gcc", 0755), 0);
	program("toolchain/bin/t-strip", "one");
	assert_int_equal(symlink("t-strip", "toolchain/bin/t-other"), 0);
	program("host/cmake", "cmake version 3.25");
	program("host/make", "GNU Make 4.3");
	program("host/meson", "1.0.1");
	program("host/tic", "ncurses 6.4");
}

struct change {
	void (*make)(const char *value);
	const char *value;
};

/* One line for each kind of what the box shows or the plan says. */
static const struct change inputs[] = {
	/* the recipe */
	{ set_recipe, RECIPE("system = cmake\noptions = b\n") },
	{ set_recipe, RECIPE("system = make\nmake-options = a\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\nmake-options = x\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\ninstall-options = x\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\nin-tree = yes\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\nsubdir = deeper\n") },
	{ set_recipe, RECIPE("system = cmake\nconfigure = true\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\nmake = true\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\n[cache]\na = b\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\n[env]\nA = b\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\n[fix-ups]\nstrip = yes\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\n[fix-ups]\nhost-paths = no\n") },
	{ set_recipe, RECIPE("system = cmake\noptions = a\n[needs]\nhost = tic\n") },
	{ set_recipe,
	  "[package]\nversion = 2\n" FROM("a", HASH) "[build]\nsystem = cmake\noptions = a\n" },
	{ set_recipe, HEAD FROM("a", OTHER) "[build]\nsystem = cmake\noptions = a\n" },
	{ set_recipe, HEAD "[source]\ngit = https://h/x.git\ncommit = " GIT
			   "\n[build]\nsystem = cmake\noptions = a\n" },
	{ set_recipe,
	  HEAD "replaces = y\n" FROM("a", HASH) "[build]\nsystem = cmake\noptions = a\n" },
	/* the files beside it, and patches */
	{ set_text, "recipes/x/helper.sh" },
	{ set_mode, "recipes/x/helper.sh" },
	{ set_text, "recipes/x/new" },
	{ set_text, "recipes/x/files/config" },
	{ set_mode, "recipes/x/files" },
	{ set_link, "recipes/x/files/config" },
	{ add_folder, "recipes/x/files/empty" },
	{ set_text, "recipes/x/.defconfig" },
	{ set_text, "recipes/x/list~" },
	{ set_text, "patches/x/1.patch" },
	{ set_text, "patches/x/2.patch" },
	/* the board */
	{ set_cpu, "a72" },
	{ set_cflags, "-O3" },
	{ set_ldflags, "-s" },
	{ set_prefix, "/opt" },
	{ set_libdir, "lib/t-linux-gnu" },
	/* the toolchain, and the sysroot under the mount */
	{ set_text, "toolchain/bin/t-strip" },
	{ set_mode, "toolchain/bin/t-strip" },
	{ set_link, "toolchain/bin/t-other" },
	{ set_text, "toolchain/bin/t-objcopy" },
	{ set_text, "toolchain/lib/specs" },
	{ set_text, "toolchain/lib/crt1.o" },
	{ set_text, "toolchain/libexec/f951" },
	{ set_text, "sysroot/usr/include/thing.h" },
	{ set_text, "sysroot/usr/include/new.h" },
	{ set_text, "sysroot/lib/libm.so" },
	/* what it needs */
	{ set_layer, "zlib-1-ba9876543210" },
	{ set_tool, "cc-1-ba9876543210" },
	{ set_version, "host/cmake" },
	{ set_version, "host/make" },
	/* how */
	{ set_unboxed, NULL },
	{ set_remote, "-g" },
};

/* What makes no difference to a build, or cannot be seen by it. */
static const struct change no_inputs[] = {
	{ set_recipe,
	  "# a comment\n" HEAD FROM(
		  "a", HASH) "[build]\n# another\n\nsystem =  cmake\noptions = \"a\"\n" },
	{ set_recipe, HEAD FROM("b", HASH) "[build]\nsystem = cmake\noptions = a\n" },
	{ set_recipe, HEAD "summary = other\nlicense = MIT\n" FROM(
			      "a", HASH) "[build]\nsystem = cmake\noptions = a\n" },
	{ set_time, "recipes/x/helper.sh" },
	{ set_time, "patches/x/1.patch" },
	{ set_time, "toolchain/bin/t-strip" },
	{ set_time, "sysroot/usr/include/thing.h" },
	{ set_text, "patches/y/1.patch" },
	{ set_text, "recipes/y/helper.sh" },
	{ set_toolchain, "elsewhere" },
	{ set_unseen, "gdbm-1-ba9876543210" },
	{ set_version, "host/meson" },
	{ set_version, "host/tic" },
	{ set_jobs, NULL },
	{ set_launcher, "ccache" },
};

static void each_input_is_in_the_key(void **state)
{
	char before[DIGEST_HEX], with[DIGEST_HEX], after[DIGEST_HEX];

	(void)state;
	put_all();
	key_now(before);
	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
		inputs[i].make(inputs[i].value);
		key_now(with);
		if (strcmp(before, with) == 0)
			fail_msg("no input: number %zu, %s", i, inputs[i].value);
		put_all();
	}
	key_now(after);
	assert_string_equal(before, after);
}

/* All that a box shows is in the key, or says why it need not be; and each part of the key that is
 * named has lines. */
static void what_the_box_shows_is_in_the_key(void **state)
{
	static const char *const heads[SHOWN_PARTS] = {
		[SHOWN_SOURCE] = "\nsource ",	[SHOWN_FILES] = "\nfile ",
		[SHOWN_PATCHES] = "\npatch ",	[SHOWN_TOOLCHAIN] = "\ntoolchain ",
		[SHOWN_SYSROOT] = "\nsysroot ", [SHOWN_GIVEN] = "\nwritten ",
		[SHOWN_NEEDS] = "\nneeds ",	[SHOWN_NATIVE] = "\nnative ",
		[SHOWN_HOST] = "\nhost ",
	};
	unsigned parts = 0;
	struct job j;

	(void)state;
	for (size_t i = 0; i < SHOWN_COUNT; i++) {
		const struct shown_row *row = &shown_rows[i];

		if (!row->option)
			fail_msg("number %zu is not in the table", i);
		if (!row->parts == !(row->why && *row->why))
			fail_msg("'%s' is in the key or says why not: number %zu",
				 row->to ? row->to : row->option, i);
		parts |= row->parts;
	}
	put_all();
	assert_int_equal(decide(&j, 0), 0);
	for (size_t part = 0; part < SHOWN_PARTS; part++) {
		assert_true(parts & (1U << part));
		if (!strstr(j.key.text, heads[part]))
			fail_msg("the key has no line '%s': %s", heads[part] + 1, j.key.text);
	}
	forget(&j);
}

/* Words of the board reach several texts; each variable has to say them by itself. */
static void what_the_board_says_is_in_each_variable(void **state)
{
	static const char *const lines[] = {
		"\nenv LDFLAGS=-s\n",	       "\nenv PREFIX=/opt\n",
		"\nenv CFLAGS=-O2 -mfpu=x\n",  "\nenv CXXFLAGS=-O2 -mfpu=x\n",
		"\nenv FCFLAGS=-O2 -mfpu=x\n",
	};
	struct job j;

	(void)state;
	put_all();
	now.board.ldflags = (char *)"-s";
	now.board.prefix = (char *)"/opt";
	now.board.cflags = (char *)"-mfpu=x";
	assert_int_equal(decide(&j, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!strstr(j.key.text, lines[i]))
			fail_msg("not in the key: %s", lines[i]);
	forget(&j);
	put_all();
}

static void nothing_else_is_in_the_key(void **state)
{
	char before[DIGEST_HEX], with[DIGEST_HEX];

	(void)state;
	put_all();
	assert_int_equal(system("cp -a toolchain elsewhere"), 0);
	key_now(before);
	for (size_t i = 0; i < ARRAY_SIZE(no_inputs); i++) {
		no_inputs[i].make(no_inputs[i].value);
		key_now(with);
		if (strcmp(before, with) != 0)
			fail_msg("an input: number %zu, %s", i, no_inputs[i].value);
		put_all();
	}
}

/* What is made once for all packages of a run has nothing of the first one in it. */
static void the_order_of_packages_changes_no_key(void **state)
{
	cleanup(phase_common_release) struct phase_common common = { 0 };
	char alone[DIGEST_HEX], among[DIGEST_HEX];

	(void)state;
	put_all();
	for (size_t i = 0; i < 2 * ARRAY_SIZE(inputs); i++) {
		const struct change *change = &inputs[i % ARRAY_SIZE(inputs)];

		if (change->make != set_recipe)
			continue;
		set_recipe(change->value);
		now.common = NULL;
		key_now(alone);
		now.common = &common;
		key_now(among);
		if (strcmp(alone, among) != 0)
			fail_msg("another key among others: %s", change->value);
	}
	put_all();
}

/* A recipe with two archives is two builds; what is installed is up to date if it is of either. */
static void the_source_that_is_used_counts(void **state)
{
	struct job first, second, again;
	const struct recipe *only;

	(void)state;
	put_all();
	now.recipe =
		HEAD FROM("a", HASH) FROM("b", OTHER) FROM("c", OTHER) "[build]\noptions = a\n";
	assert_int_equal(decide(&first, 0), 0);
	assert_int_equal(decide(&second, 1), 0);
	assert_string_not_equal(first.key.hex, second.key.hex);
	now.have = second.key.hex;
	assert_int_equal(decide(&again, 0), 1);
	assert_int_equal(again.source, 1);
	assert_string_equal(again.key.hex, second.key.hex);
	forget(&again);
	/* what is built once more, to be compared, is built from the same, from any place of it */
	again = (struct job){
		.recipe = second.recipe, .source = 1, .forced = true, .state = JOB_DUE
	};
	only = job_recipe_to_fetch(&again);
	assert_non_null(only);
	assert_int_equal(only->n_sources, 2);
	assert_string_equal(only->sources[0].sha256, OTHER);
	assert_string_equal(only->sources[1].sha256, OTHER);
	job_release(&again);
	forget(&first);
	forget(&second);
}

static void a_program_that_is_named_has_to_be_there(void **state)
{
	struct job j;

	(void)state;
	put_all();
	now.recipe = RECIPE("system = cmake\n[needs]\nhost = nowhere\n");
	assert_int_equal(decide(&j, 0), -ENOENT);
	forget(&j);
}

static void the_difference_can_be_read(void **state)
{
	autofree char *difference = NULL;
	autofree char *kept = NULL;
	struct job a, b;

	(void)state;
	put_all();
	assert_int_equal(decide(&a, 0), 0);
	now.recipe = RECIPE("system = cmake\noptions = a b\n");
	assert_int_equal(decide(&b, 0), 0);
	assert_int_equal(key_store("keys", &a.key), 0);
	kept = key_recall("keys", a.key.hex);
	assert_string_equal(kept, a.key.text);
	assert_null(key_recall("keys", b.key.hex));
	assert_null(key_recall("keys", "../recipes/x/recipe.ini"));
	difference = key_difference(kept, b.key.text, "  ");
	assert_string_equal(difference, "  ~ configure-options a: + b\n");
	forget(&a);
	forget(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_input_is_in_the_key),
		cmocka_unit_test(what_the_box_shows_is_in_the_key),
		cmocka_unit_test(what_the_board_says_is_in_each_variable),
		cmocka_unit_test(nothing_else_is_in_the_key),
		cmocka_unit_test(the_order_of_packages_changes_no_key),
		cmocka_unit_test(the_source_that_is_used_counts),
		cmocka_unit_test(a_program_that_is_named_has_to_be_there),
		cmocka_unit_test(the_difference_can_be_read),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
