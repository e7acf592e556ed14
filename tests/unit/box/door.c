// SPDX-License-Identifier: GPL-2.0-or-later
/* The way out of a closed box: to the server that was named, both ways, and gone at the end. */
#include "builder/box/door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "tests/unit/scratch.h"

#define LARGE 300000

/* A server for one client: it reads until a '.', answers with what it got in capitals, hangs up. */
static void answer(int listening)
{
	int fd = accept(listening, NULL, NULL);
	char byte;

	while (read(fd, &byte, 1) == 1 && byte != '.') {
		byte -= 32;
		if (write(fd, &byte, 1) != 1)
			_exit(1);
	}
	_exit(byte != '.');
}

static pid_t start_server(int *port, void (*serve)(int listening))
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pid_t pid;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		serve(fd);
	}
	close(fd);
	return pid;
}

/* Through the door, as a program inside does it: `said` goes in, and stays open until the end. */
static size_t pass(const char *path, const char *said, char *got, size_t size)
{
	int in[2], out[2], status;
	size_t n = 0;
	ssize_t r;
	pid_t pid;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		_exit(door_pass(path) < 0);
	}
	close(in[0]);
	close(out[1]);
	assert_int_equal(write(in[1], said, strlen(said)), strlen(said));
	close(in[1]);
	while (n < size && (r = read(out[0], got + n, size - n)) > 0)
		n += r;
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return n;
}

static void both_ways(void **state)
{
	struct door d;
	autostrv struct strv servers = { 0 };
	autofree char *path = NULL;
	char got[64] = "", *why = NULL;
	int port, status;
	pid_t server = start_server(&port, answer);

	(void)state;
	assert_int_equal(strv_addf(&servers, "red_1 127.0.0.1 %d", port), 0);
	assert_int_equal(door_open(&d, "doors", &servers, &why), 0);
	assert_true(asprintf(&path, "%s/red_1", d.dir) > 0);
	assert_int_equal(pass(path, "hello.", got, sizeof(got)), 5);
	assert_string_equal(got, "HELLO");
	assert_int_equal(waitpid(server, &status, 0), server);
	assert_int_equal(status, 0);
	door_close(&d);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access("doors", F_OK), 0);
}

static void pour(int listening)
{
	int fd = accept(listening, NULL, NULL);
	static char much[LARGE];

	memset(much, 'x', sizeof(much));
	_exit(write(fd, much, sizeof(much)) != sizeof(much));
}

/* More than a pipe holds, after the client has ended what it has to say. */
static void a_long_answer(void **state)
{
	struct door d;
	autostrv struct strv servers = { 0 };
	autofree char *path = NULL, *got = malloc(LARGE + 1);
	char *why = NULL;
	int port;
	pid_t server = start_server(&port, pour);

	(void)state;
	assert_int_equal(strv_addf(&servers, "red 127.0.0.1 %d", port), 0);
	assert_int_equal(door_open(&d, "doors", &servers, &why), 0);
	assert_true(asprintf(&path, "%s/red", d.dir) > 0);
	assert_int_equal(pass(path, "", got, LARGE + 1), LARGE);
	assert_int_equal(waitpid(server, NULL, 0), server);
	door_close(&d);
}

/* A server that is not there hangs up; the next one is not kept waiting. */
static void nobody_there(void **state)
{
	struct door d;
	autostrv struct strv servers = { 0 };
	autofree char *gone = NULL, *there = NULL;
	char got[64], *why = NULL;
	int port;
	pid_t server = start_server(&port, answer);

	(void)state;
	assert_int_equal(strv_add(&servers, "gone 127.0.0.1 1"), 0);
	assert_int_equal(strv_addf(&servers, "there 127.0.0.1 %d", port), 0);
	assert_int_equal(door_open(&d, "doors", &servers, &why), 0);
	assert_true(asprintf(&gone, "%s/gone", d.dir) > 0);
	assert_true(asprintf(&there, "%s/there", d.dir) > 0);
	assert_int_equal(pass(gone, "hello.", got, sizeof(got)), 0);
	assert_int_equal(pass(there, "hello.", got, sizeof(got)), 5);
	assert_int_equal(waitpid(server, NULL, 0), server);
	door_close(&d);
}

/* The builder is killed: nobody is left behind the door. */
static void ends_with_the_builder(void **state)
{
	autostrv struct strv servers = { 0 };
	int ready[2], r = 0;
	char path[64], byte;
	pid_t builder;

	(void)state;
	assert_int_equal(strv_add(&servers, "red 127.0.0.1 1"), 0);
	assert_int_equal(pipe(ready), 0);
	builder = fork();
	if (builder == 0) {
		struct door d;
		char *why = NULL;

		if (door_open(&d, "doors", &servers, &why) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		alarm(20);
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "doors/%d/red", builder);
	assert_int_equal(kill(builder, SIGKILL), 0);
	assert_int_equal(waitpid(builder, NULL, 0), builder);
	for (int i = 0; i < 1000 && r != -ECONNREFUSED; i++) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };
		autofd int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		strcpy(address.sun_path, path);
		r = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
		usleep(10000);
	}
	assert_int_equal(r, -ECONNREFUSED);
	close(ready[0]);
	close(ready[1]);
}

static void what_was_killed_is_cleared_away(void **state)
{
	struct door d;
	autostrv struct strv servers = { 0 };
	char *why = NULL, name[64];
	pid_t dead = fork();

	(void)state;
	if (dead == 0)
		_exit(0);
	assert_int_equal(waitpid(dead, NULL, 0), dead);
	snprintf(name, sizeof(name), "doors/%d/red", dead);
	scratch_text(name, "");
	assert_int_equal(door_open(&d, "doors", &servers, &why), 0);
	assert_int_equal(access(name, F_OK), -1);
	door_close(&d);
	assert_int_equal(strv_add(&servers, "../out 127.0.0.1 1"), 0);
	assert_int_equal(door_open(&d, "doors", &servers, &why), -EINVAL);
	free(why);
	door_close(&d);
	assert_int_equal(door_pass("doors/none"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(a_long_answer),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(ends_with_the_builder),
		cmocka_unit_test(what_was_killed_is_cleared_away),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
