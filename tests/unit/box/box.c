// SPDX-License-Identifier: GPL-2.0-or-later
/* Who looks at what strangers made, in a box, sees that and no more. */
#include "builder/box/box.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "builder/base/proc.h"
#include "builder/box/shown.h"
#include "builder/box/syscalls.h"
#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

/* What `script` prints in a box with the folders one, to read, and two, to write. */
static char *said_inside(const char *script)
{
	autofree char *here = getcwd(NULL, 0);
	autofree char *one = NULL;
	autofree char *two = NULL;
	autofree char *why = NULL;
	autostrv struct strv argv = { 0 };
	autofd int filter = syscalls_filter();
	char *said = NULL;
	int status;

	if (box_probe(&why) < 0)
		skip();
	assert_true(filter >= 0);
	assert_true(asprintf(&one, "%s/one", here) > 0);
	assert_true(asprintf(&two, "%s/two", here) > 0);
	const struct box_opening open[] = { { one, "/xsysfs/one", false },
					    { two, "/xsysfs/two", true } };

	assert_int_equal(box_reader(open, ARRAY_SIZE(open), filter, "/xsysfs/two", &argv), 0);
	assert_int_equal(strv_add(&argv, "sh"), 0);
	assert_int_equal(strv_add(&argv, "-c"), 0);
	assert_int_equal(strv_addf(&argv, "outside=%s\n%s", here, script), 0);
	status = proc_read(&(struct proc){ .argv = (const char *const *)argv.v,
					   .err = PROC_SAME_AS_OUT,
					   .keep = &filter,
					   .n_keep = 1 },
			   4096, &said);
	assert_int_equal(status, 0);
	return said;
}

static void test_it_sees_what_it_is_to_look_at(void **state)
{
	autofree char *said = said_inside("cat /xsysfs/one/file; echo mine >made; cat made");
	char made[8] = "";
	int fd;

	(void)state;
	assert_string_equal(said, "of a stranger\nmine\n");
	fd = open("two/made", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, made, sizeof(made)), 5);
	close(fd);
}

static void test_it_sees_nothing_else(void **state)
{
	autofree char *said = NULL;

	(void)state;
	setenv("SECRET", "of who builds", 1);
	said = said_inside("test ! -e \"$outside\" || echo the folder outside\n"
			   "test ! -e /home && test ! -e /root || echo a home\n"
			   "test -z \"$SECRET\" || echo a variable\n"
			   "test \"$(grep -c : /proc/net/dev)\" -le 1 || echo the network\n"
			   "test $$ = 1 || echo other processes\n"
			   "! echo x 2>/dev/null >/xsysfs/one/new || echo a tree to write to\n"
			   "! echo x 2>/dev/null >/xsysfs/new || echo a root to write to\n"
			   "! echo x 2>/dev/null >/usr/xsysfs-new || echo a /usr to write to\n"
			   "! mount -t tmpfs none /tmp 2>/dev/null || echo a way to mount\n"
			   "! unshare -U true 2>/dev/null || echo a new user namespace\n");
	unsetenv("SECRET");
	assert_string_equal(said, "");
}

/* The row by which bwrap has been told so. */
static const struct shown_row *row_of(const char *option, const char *to)
{
	for (size_t i = 0; i < SHOWN_COUNT; i++) {
		const struct shown_row *row = &shown_rows[i];

		if (strcmp(row->option, option) == 0 && (!row->to || strcmp(row->to, to) == 0))
			return row;
	}
	return NULL;
}

/* Each word that makes something be seen, and how many words go with it. */
static void test_all_that_is_shown_is_in_the_table(void **state)
{
	static const struct {
		const char *option;
		size_t words;
	} shows[] = { { "--bind", 2 },	      { "--bind-try", 2 }, { "--dev", 1 },
		      { "--dev-bind", 2 },    { "--proc", 1 },	   { "--ro-bind", 2 },
		      { "--ro-bind-try", 2 }, { "--symlink", 2 },  { "--tmpfs", 1 } };
	char folder[] = "/somewhere";
	const struct box_folders folders = { folder, folder, folder, folder,
					     folder, folder, folder, folder };
	const struct box box = {
		.mountpoint = "/mnt",
		.outside = &folders,
		.self = "/bin/builder",
		.package = "x",
		.network = true,
		.syscalls = 9,
	};
	autostrv struct strv argv = { 0 };
	size_t found = 0;

	(void)state;
	assert_int_equal(box_arguments(&box, &argv), 0);
	for (size_t i = 0; i < argv.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(shows); k++) {
			const char *to;

			if (strcmp(argv.v[i], shows[k].option) != 0)
				continue;
			to = argv.v[i + shows[k].words];
			if (strcmp(to, "/") == 0)
				continue;
			if (!row_of(argv.v[i], to))
				fail_msg("'%s' of '%s' is in no table", argv.v[i], to);
			found++;
		}
	assert_in_range(found, 15, argv.n);
}

static int setup(void **state)
{
	int r = scratch_setup(state);

	scratch_text("one/file", "of a stranger\n");
	scratch_text("two/there", "");
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_sees_what_it_is_to_look_at),
		cmocka_unit_test(test_it_sees_nothing_else),
		cmocka_unit_test(test_all_that_is_shown_is_in_the_table),
	};

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
