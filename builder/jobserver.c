// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/jobserver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TOKEN "+"

void jobserver_release(struct jobserver *j)
{
	if (j->tokens) {
		close(j->read);
		close(j->write);
	}
	*j = (struct jobserver){ .read = -1, .write = -1 };
}

static int put(int fd)
{
	ssize_t n;

	do
		n = write(fd, TOKEN, 1);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int take(int fd)
{
	char token;
	ssize_t n;

	do
		n = read(fd, &token, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	return n < 0 ? -errno : -EAGAIN;
}

int jobserver_init(struct jobserver *j, int tokens)
{
	int pipefd[2];

	/* inherited through the sandbox; make sets the end that it reads to O_NONBLOCK as well */
	if (pipe2(pipefd, O_NONBLOCK) < 0)
		return -errno;
	*j = (struct jobserver){ pipefd[0], pipefd[1], tokens };
	for (int i = 0; i < tokens; i++) {
		int r = put(j->write);

		if (r < 0)
			return r;
	}
	return 0;
}

int jobserver_take(struct jobserver *j)
{
	return take(j->read);
}

void jobserver_put(struct jobserver *j)
{
	put(j->write);
}

void jobserver_settle(struct jobserver *j)
{
	while (take(j->read) == 0)
		;
	for (int i = 0; i < j->tokens; i++)
		put(j->write);
}

int jobserver_environment(const struct jobserver *j, struct strv *env)
{
	return strv_addf(env, "MAKEFLAGS= -j%d --jobserver-auth=%d,%d", j->tokens, j->read,
			 j->write);
}

static int parse(const char *makeflags, int *read, int *write)
{
	const char *at = makeflags ? strstr(makeflags, "--jobserver-auth=") : NULL;

	if (!at || sscanf(at, "--jobserver-auth=%d,%d", read, write) != 2)
		return -ENOENT;
	return fcntl(*read, F_GETFD) < 0 || fcntl(*write, F_GETFD) < 0 ? -EBADF : 0;
}

int jobserver_borrow(const char *makeflags, int most)
{
	int from, to, n = 0;

	if (parse(makeflags, &from, &to) < 0)
		return 0;
	while (n < most && take(from) == 0)
		n++;
	return n;
}

void jobserver_return(const char *makeflags, int count)
{
	int from, to;

	if (parse(makeflags, &from, &to) == 0)
		while (count-- > 0)
			put(to);
}
