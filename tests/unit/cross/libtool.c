// SPDX-License-Identifier: GPL-2.0-or-later
/* Scripts of Debian's libtool name all libraries again, wherever a configure has put them. */
#include "builder/cross/libtool.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

static void is(const char *path, const char *text)
{
	autofree char *got = NULL;

	assert_int_equal(io_read_file(AT_FDCWD, path, 4096, &got, NULL), 0);
	assert_string_equal(got, text);
}

static void scripts_are_mended(void **state)
{
	struct stat st;
	autofd int log = open("log", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)state;
	/* once for each language, and two in a row */
	scratch_text("build/libtool",
		     "#!/bin/sh\na=no\nlink_all_deplibs=no\nlink_all_deplibs=no\nb\n"
		     "link_all_deplibs=no\nlink_all_deplibs=nothing\n");
	assert_int_equal(chmod("build/libtool", 0755), 0);
	scratch_text("build/sub/libtool", "x\nlink_all_deplibs=no\n");
	scratch_text("build/other", "x\nlink_all_deplibs=no\n");
	scratch_text("build/upstream/libtool", "x\nlink_all_deplibs=unknown\n");
	assert_int_equal(symlink("../other", "build/sub/link"), 0);
	assert_int_equal(libtool_mend("build", log), 0);
	is("build/libtool",
	   "#!/bin/sh\na=no\nlink_all_deplibs=unknown\nlink_all_deplibs=unknown\nb\n"
	   "link_all_deplibs=unknown\nlink_all_deplibs=nothing\n");
	is("build/sub/libtool", "x\nlink_all_deplibs=unknown\n");
	is("build/other", "x\nlink_all_deplibs=no\n");
	is("build/upstream/libtool", "x\nlink_all_deplibs=unknown\n");
	assert_int_equal(stat("build/libtool", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(libtool_mend("build", log), 0);
	assert_true(libtool_mend("nowhere", log) <= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(scripts_are_mended) };

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
