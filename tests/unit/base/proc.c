// SPDX-License-Identifier: GPL-2.0-or-later
/* A program gets the descriptors that are named, and no others; a box and all that it
 * has started end together. */
#include "builder/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

/* Which of 3 to 12 the program has: "5 7 ". */
static char *descriptors(const int *keep, size_t n)
{
	static const char look[] = "for i in 3 4 5 6 7 8 9 10 11 12; do "
				   "test ! -e /dev/fd/$i || printf '%s ' $i; done";
	const char *argv[] = { "sh", "-c", look, NULL };
	char *said = NULL;

	assert_int_equal(
		proc_read(&(struct proc){ .argv = argv, .keep = keep, .n_keep = n }, 256, &said),
		0);
	return said;
}

static void only_what_is_named_is_inherited(void **state)
{
	static const int keep[] = { 11, 9 };
	autofree char *none = NULL;
	autofree char *two = NULL;

	(void)state;
	for (int fd = 5; fd < 12; fd++)
		assert_int_equal(dup2(STDOUT_FILENO, fd), fd); /* without FD_CLOEXEC */
	assert_int_equal(fcntl(9, F_SETFD, FD_CLOEXEC), 0);
	none = descriptors(NULL, 0);
	assert_string_equal(none, "");
	two = descriptors(keep, 2);
	assert_string_equal(two, "9 11 ");
}

static void one_that_is_not_open_is_an_error(void **state)
{
	static const int keep[] = { 400 };
	const char *argv[] = { "true", NULL };

	(void)state;
	assert_int_equal(proc_run(&(struct proc){ .argv = argv, .keep = keep, .n_keep = 1 }),
			 -EBADF);
}

/* As bwrap's own child is when bwrap is killed before that child knows its parent. */
static void what_a_killed_box_leaves_behind_is_ended(void **state)
{
	const char *argv[] = { "sh", "-c", "sleep 100 & kill -9 $$", NULL };
	autofree char *said = NULL;
	int status;

	(void)state;
	status = proc_read(&(struct proc){ .argv = argv, .patience = 20, .box = true }, 1, &said);
	assert_true(status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_box_ends_with_us(void **state)
{
	const char *argv[] = { "sh", "-c", "sleep 100 & echo there; wait", NULL };
	struct pollfd end = { .events = POLLIN };
	char said[16];
	int fds[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		_exit(proc_run(&(struct proc){ .argv = argv, .out = fds[1], .box = true }));
	close(fds[1]);
	assert_int_equal(read(fds[0], said, sizeof(said)), 6);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	end.fd = fds[0];
	assert_int_equal(poll(&end, 1, 20000), 1);
	assert_int_equal(read(fds[0], said, sizeof(said)), 0);
	close(fds[0]);
}

static void how_a_box_ends_is_told(void **state)
{
	const char *argv[] = { "sh", "-c", "exit 7", NULL };
	const char *none[] = { "/nowhere/at/all", NULL };
	int status;

	(void)state;
	status = proc_run(&(struct proc){ .argv = argv, .box = true });
	assert_true(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	assert_int_equal(proc_run(&(struct proc){ .argv = none, .box = true }), -ENOENT);
}

/* What is in no folder of PATH is not there, though one of these may not be looked into; root may
 * look into all. What is there and may not be run is another matter. */
static void a_program_that_is_nowhere_is_not_there(void **state)
{
	static const char *const argv[] = { "no-such-program", NULL };
	static const char *const there[] = { "no-program", NULL };
	autofree char *before = strdup(getenv("PATH"));
	char dir[] = "/tmp/xsysfs-unit.XXXXXX";
	autofree char *closed = NULL;
	autofree char *file = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_true(asprintf(&closed, "%s/closed", dir) > 0);
	assert_true(asprintf(&file, "%s/no-program", dir) > 0);
	assert_int_equal(mkdir(closed, 0), 0);
	assert_int_equal(close(open(file, O_CREAT | O_WRONLY, 0600)), 0);
	setenv("PATH", closed, 1);
	assert_int_equal(proc_run(&(struct proc){ .argv = argv }), -ENOENT);
	setenv("PATH", dir, 1);
	assert_int_equal(proc_run(&(struct proc){ .argv = there }), -EACCES);
	setenv("PATH", before, 1);
	unlink(file);
	rmdir(closed);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_that_is_nowhere_is_not_there),
		cmocka_unit_test(only_what_is_named_is_inherited),
		cmocka_unit_test(one_that_is_not_open_is_an_error),
		cmocka_unit_test(what_a_killed_box_leaves_behind_is_ended),
		cmocka_unit_test(a_box_ends_with_us),
		cmocka_unit_test(how_a_box_ends_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
