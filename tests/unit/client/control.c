// SPDX-License-Identifier: GPL-2.0-or-later
/* The server of the control socket: it can be followed by another, and outlives a lack of
 * descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "fs/client/control.c"
#include "fs/fuse/control_server.c"
#include "tests/unit/xs.h"

static bool outlives(void)
{
	return true;
}

static struct control *start(struct xs *xs, int socket)
{
	const struct control_options options = { .mountpoint = "/mnt",
						 .socket = socket,
						 .died = "",
						 .transport = "none",
						 .outlives = outlives };
	struct control *control = NULL;

	assert_int_equal(control_start(xs, &options, &control), 0);
	return control;
}

static int ask(int fd)
{
	autokv struct kv reply = { 0 };

	return control_ask(fd, "status", NULL, NULL, &reply, NULL);
}

static int connect_to(const struct xs *xs)
{
	int fd = control_connect(xs->state->fd, geteuid());

	assert_true(fd >= 0);
	return fd;
}

static void test_next_server_listens_at_the_same_socket(void **state)
{
	struct xs *xs = new_xs();
	int socket = control_listen(xs->state->fd);

	(void)state;
	assert_true(socket >= 0);
	for (int i = 0; i < 3; i++) {
		struct control *control = start(xs, socket);
		int fd = connect_to(xs);

		assert_int_equal(ask(fd), 0);
		control_stop(control);
		assert_int_equal(ask(fd), -EPIPE);
		close(fd);
	}
	close(socket);
	xs_free(xs);
}

/* All that there may be are taken: the only ones to be had are those of callers who have gone. */
static void test_no_descriptors_left_and_then_some(void **state)
{
	struct rlimit limit, few = { .rlim_cur = 64 };
	struct xs *xs = new_xs();
	int socket = control_listen(xs->state->fd);
	struct control *control = start(xs, socket);
	int gone[3], late[2], taken[64], n = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int i = 0; i < 3; i++) {
		gone[i] = connect_to(xs);
		assert_int_equal(ask(gone[i]), 0);
	}
	while ((taken[n] = dup(socket)) >= 0)
		n++;
	for (int i = 0; i < 2; i++) { /* with the last ones; there is none to accept both with */
		close(taken[--n]);
		late[i] = connect_to(xs);
	}
	usleep(100000); /* time for a server to stumble */
	for (int i = 0; i < 3; i++)
		shutdown(gone[i], SHUT_RDWR);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ask(late[i]), 0);
	for (int i = 0; i < 3; i++)
		close(gone[i]);
	while (n-- > 0)
		close(taken[n]);
	close(late[0]);
	close(late[1]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	control_stop(control);
	close(socket);
	xs_free(xs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(test_next_server_listens_at_the_same_socket),
		temp_test(test_no_descriptors_left_and_then_some),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
