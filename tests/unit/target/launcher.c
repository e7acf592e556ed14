// SPDX-License-Identifier: GPL-2.0-or-later
/* What is put in front of compilers: which links, which settings, and what is refused. */
#include "builder/target/launcher.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

static char here[4096];
static struct places places = { .home = here };
static char tools[4200];
static struct toolchain toolchain = { .dir = tools,
				      .cross = (char *)"x-",
				      .identity = "0123456789abcdef0123" };

static void program(const char *name, const char *text)
{
	scratch_text(name, text);
	assert_int_equal(chmod(name, 0755), 0);
}

static int setup(void **state)
{
	int r = scratch_setup(state);

	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(tools, sizeof(tools), "%s/tools", here);
	program("tools/bin/x-gcc", "#!/bin/sh\n");
	program("tools/bin/x-g++", "#!/bin/sh\n");
	program("bin/ccache", "#!/bin/sh\n");
	program("bin/distcc", "#!/bin/sh\n[ \"$1\" = -j ] && echo 6 || cat \"${0%/*}/hosts\"\n");
	return r;
}

static int open_one(struct launcher *l, const char *name, bool boxed, char **why)
{
	autofree char *path = NULL;

	assert_true(asprintf(&path, "%s/bin:/usr/bin:/bin", here) > 0);
	setenv("PATH", path, 1);
	return launcher_open(l, name, &places, &toolchain, boxed, why);
}

static void names(void **state)
{
	struct launcher l;
	char *why = NULL;

	(void)state;
	assert_true(launcher_is_name("ccache"));
	assert_true(launcher_is_name("none"));
	assert_false(launcher_is_name(""));
	assert_false(launcher_is_name("CCACHE"));
	assert_int_equal(open_one(&l, "none", true, &why), 0);
	assert_null(l.name);
	assert_int_equal(open_one(&l, "../bin/ccache", true, &why), -EINVAL);
	free(why);
}

static void links_are_the_compilers_that_are_there(void **state)
{
	cleanup(launcher_release) struct launcher l = { 0 }, again = { 0 };
	char *why = NULL;
	struct stat before, after;
	autofree char *target = NULL;

	(void)state;
	assert_int_equal(open_one(&l, "ccache", true, &why), 0);
	assert_int_equal(chdir(l.links), 0);
	assert_int_equal(access("x-gcc", X_OK), 0);
	assert_int_equal(access("x-g++", X_OK), 0);
	assert_int_equal(access("x-c++", F_OK), -1);
	assert_int_equal(access("gcc", F_OK), -1);
	target = realpath("x-gcc", NULL);
	assert_string_equal(target, l.program);
	assert_int_equal(lstat("x-gcc", &before), 0);
	assert_int_equal(unlink("x-g++"), 0);
	assert_int_equal(symlink("/nowhere", "x-g++"), 0);
	assert_int_equal(open_one(&again, "ccache", true, &why), 0);
	assert_int_equal(lstat("x-gcc", &after), 0);
	assert_true(before.st_ino == after.st_ino); /* left alone */
	assert_int_equal(access("x-g++", X_OK), 0); /* mended */
	assert_int_equal(chdir(here), 0);
}

static void settings(void **state)
{
	cleanup(launcher_release) struct launcher l = { 0 };
	cleanup(launcher_share_release) struct launcher_share inside = { 0 }, outside = { 0 };
	autofree char *expected = NULL;
	char *why = NULL;

	(void)state;
	assert_int_equal(open_one(&l, "ccache", true, &why), 0);
	assert_int_equal(launcher_share(&l, "red", true, &inside), 0);
	assert_int_equal(launcher_share(&l, "blue", false, &outside), 0);
	assert_string_equal(inside.env.v[0], "CCACHE_DIR=/xsysfs/launcher/state");
	assert_string_equal(inside.env.v[1], "CCACHE_COMPILERCHECK=string:0123456789abcdef0123");
	assert_string_equal(inside.env.v[2], "CCACHE_CONFIGPATH=/dev/null");
	assert_true(asprintf(&expected, "CCACHE_DIR=%s/launcher/ccache/blue", here) > 0);
	assert_string_equal(outside.env.v[0], expected);
	assert_string_not_equal(inside.state, outside.state);
	assert_false(l.network);
	/* links, state, and a program that is not below /usr */
	assert_true(inside.n_openings == 3);
	assert_false(inside.openings[0].writable);
	assert_true(inside.openings[1].writable);
	assert_string_equal(inside.openings[1].from, inside.state);
	assert_false(inside.openings[2].writable);
}

static void a_user_s_settings_are_not_a_build_s(void **state)
{
	cleanup(launcher_release) struct launcher l = { 0 };
	cleanup(launcher_share_release) struct launcher_share share = { 0 };
	char *why = NULL;

	(void)state;
	scratch_text("launcher/ccache.conf", "max_size = 1G\n");
	assert_int_equal(open_one(&l, "ccache", true, &why), 0);
	assert_int_equal(launcher_share(&l, "red", true, &share), 0);
	assert_string_equal(share.env.v[2], "CCACHE_CONFIGPATH=/xsysfs/launcher/settings");
	assert_true(share.n_openings == 4);
	assert_string_equal(share.openings[2].to, "/xsysfs/launcher/settings");
	assert_false(share.openings[2].writable);
	assert_int_equal(unlink("launcher/ccache.conf"), 0);
}

static void hosts(void **state)
{
	static const struct {
		const char *hosts;
		int boxed, open;
		const char *said;
	} cases[] = {
		{ "10.0.0.1/2\nblue:99,lzo\n", 0, 0, "DISTCC_HOSTS=10.0.0.1/2 blue:99,lzo" },
		{ "10.0.0.1/2\nblue:99,lzo\nlocalhost/3\n[::1]:7/2\nred\nred\n", 1, 0,
		  "DISTCC_HOSTS=@10.0.0.1/2 @blue_99,lzo localhost/3 @__1_7/2 @red @red" },
		{ "\n \n", 1, -ENOENT, "distcc has no hosts" },
		{ "red\nme@pi\n", 1, -EINVAL, "distcc's host 'me@pi' is reached by ssh" },
		{ "red\nme@pi\n", 0, 0, "DISTCC_HOSTS=red me@pi" },
		{ "../red\n", 1, -EINVAL, "cannot understand distcc's host '../red'" },
		{ "..\n", 1, -EINVAL, "cannot understand" },
		{ "red:x\n", 1, -EINVAL, "cannot understand" },
		{ "red:123456\n", 1, -EINVAL, "cannot understand" },
		{ "[::1\n", 1, -EINVAL, "cannot understand" },
		{ "$(reboot)\n", 1, -EINVAL, "cannot understand" },
		{ "a-name-that-is-longer-than-any-that-the-name-of-a-socket-has-room-for\n", 1,
		  -EINVAL, "cannot understand" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup(launcher_release) struct launcher l = { 0 };
		autofree char *why = NULL;
		int r;

		scratch_text("bin/hosts", cases[i].hosts);
		r = open_one(&l, "distcc", cases[i].boxed, &why);
		assert_int_equal(r, cases[i].open);
		if (r < 0) {
			assert_non_null(strstr(why, cases[i].said));
			continue;
		}
		assert_true(strv_has(&l.env, cases[i].said));
		assert_true(l.remote);
		assert_false(l.network);
		assert_true(!cases[i].boxed == !l.door.dir);
		assert_int_equal(l.jobs, 6);
	}
}

static void not_installed(void **state)
{
	struct launcher l = { 0 };
	autofree char *why = NULL;

	(void)state;
	setenv("PATH", "/nowhere", 1);
	assert_int_equal(launcher_open(&l, "icecc", &places, &toolchain, true, &why), -ENOENT);
	assert_string_equal(why, "the launcher 'icecc' is not installed");
	launcher_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(links_are_the_compilers_that_are_there),
		cmocka_unit_test(settings),
		cmocka_unit_test(a_user_s_settings_are_not_a_build_s),
		cmocka_unit_test(hosts),
		cmocka_unit_test(not_installed),
	};

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
