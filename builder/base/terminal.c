// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"

#define LOOK_MS 200 /* how often the size is looked at */

struct relay {
	int master;
	int stop; /* readable when the program has ended */
};

/* Whatever there is, from one to the other. Returns false at the end. */
static bool pass(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 ? io_write_all(to, buf, n) == 0 : n < 0 && errno == EINTR;
}

static void follow_size(int master, struct winsize *last)
{
	struct winsize now;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &now) == 0 && memcmp(&now, last, sizeof(now)) != 0) {
		*last = now;
		ioctl(master, TIOCSWINSZ, last);
	}
}

static void *relay(void *arg)
{
	const struct relay *r = arg;
	struct pollfd fds[] = { { r->master, POLLIN, 0 },
				{ STDIN_FILENO, POLLIN, 0 },
				{ r->stop, POLLIN, 0 } };
	struct winsize size = { 0 };

	for (;;) {
		follow_size(r->master, &size);
		if (poll(fds, ARRAY_SIZE(fds), LOOK_MS) < 0 && errno != EINTR)
			return NULL;
		if ((fds[0].revents & (POLLIN | POLLHUP)) && !pass(r->master, STDOUT_FILENO))
			return NULL;
		if ((fds[1].revents & (POLLIN | POLLHUP)) && !pass(STDIN_FILENO, r->master))
			fds[1].fd = -1;
		/* all that it has said is there by now */
		if (fds[2].revents && !(fds[0].revents & POLLIN))
			return NULL;
	}
}

/* Each key as it comes: what it means is for the other terminal to say. */
static int make_raw(struct termios *before)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, before) < 0)
		return -errno;
	raw = *before;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0 ? -errno : 0;
}

/* The program, with the relay beside it. */
static int run_beside(const struct proc *p, struct relay *r)
{
	autofd int hear = -1, tell = -1;
	pthread_t thread;
	int fds[2], status;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	r->stop = hear = fds[0];
	tell = fds[1];
	status = -pthread_create(&thread, NULL, relay, r);
	if (status < 0)
		return status;
	status = proc_run(p);
	close(take_fd(&tell)); /* the end of the pipe is what it waits for */
	pthread_join(thread, NULL);
	return status;
}

int terminal_run(const struct proc *p)
{
	autofd int master = -1, slave = -1;
	struct relay r = { .stop = -1 };
	struct proc on = *p;
	struct termios before;
	int status;

	if (openpty(&master, &slave, NULL, NULL, NULL) < 0 ||
	    fcntl(master, F_SETFD, FD_CLOEXEC) < 0 || fcntl(slave, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	r.master = master;
	on.in = on.out = on.err = slave;
	status = make_raw(&before);
	if (status < 0)
		return status;
	status = run_beside(&on, &r);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	return status;
}
