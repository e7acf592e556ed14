// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/run/jobserver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TOKEN "+"

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

void jobserver_init(struct jobserver *j, int tokens)
{
	*j = (struct jobserver){ tokens, tokens };
}

int jobpipe_open(struct jobpipe *p)
{
	int pipefd[2];

	/* make sets the end that it reads to O_NONBLOCK as well */
	if (pipe2(pipefd, O_NONBLOCK | O_CLOEXEC) < 0)
		return -errno;
	*p = (struct jobpipe){ .read = pipefd[0], .write = pipefd[1] };
	return 0;
}

void jobpipe_close(struct jobpipe *p, struct jobserver *j)
{
	if (p->read >= 0)
		close(p->read);
	if (p->write >= 0)
		close(p->write);
	j->free += p->given;
	*p = JOBPIPE_NONE;
}

/* Take back one that lies unused; what was never given is nobody's. */
static int take_back(struct jobserver *j, struct jobpipe *p)
{
	while (take(p->read) == 0) {
		if (!p->given)
			continue;
		p->given--;
		j->free++;
		return 0;
	}
	return -EAGAIN;
}

int jobserver_take(struct jobserver *j, struct jobpipe *const *pipes, size_t n)
{
	for (size_t i = 0; i < n && !j->free; i++)
		take_back(j, pipes[i]);
	if (!j->free)
		return -EAGAIN;
	j->free--;
	return 0;
}

void jobserver_put(struct jobserver *j)
{
	j->free++;
}

static int unused(const struct jobpipe *p)
{
	int n = 0;

	return ioctl(p->read, FIONREAD, &n) < 0 ? 0 : n;
}

static void give(struct jobserver *j, struct jobpipe *p)
{
	if (put(p->write) < 0)
		return;
	p->given++;
	j->free--;
}

/* See what lies unused in each, and take away what was never given. Returns how many are empty. */
static size_t look(struct jobpipe *const *pipes, size_t n)
{
	size_t empty = 0;

	for (size_t i = 0; i < n; i++) {
		struct jobpipe *p = pipes[i];

		for (p->unused = unused(p); p->unused > p->given; p->unused--)
			if (take(p->read) < 0)
				break;
		empty += p->unused == 0;
	}
	return empty;
}

void jobserver_deal(struct jobserver *j, struct jobpipe *const *pipes, size_t n)
{
	size_t empty = look(pipes, n);

	for (size_t i = 0; i < n && empty; i++)
		for (int back = (pipes[i]->unused + 1) / 2; back > 0; back--)
			take_back(j, pipes[i]);
	for (int before = j->free + 1; j->free > 0 && j->free < before;) {
		before = j->free;
		for (size_t i = 0; i < n && j->free > 0; i++)
			if (!empty || pipes[i]->unused == 0)
				give(j, pipes[i]);
	}
}

int jobserver_environment(const struct jobserver *j, const struct jobpipe *p, struct strv *env)
{
	return strv_addf(env, "MAKEFLAGS= -j%d --jobserver-auth=%d,%d", j->tokens, p->read,
			 p->write);
}

int jobserver_find(const char *makeflags, int *read, int *write)
{
	const char *at = makeflags ? strstr(makeflags, "--jobserver-auth=") : NULL;

	if (!at || sscanf(at, "--jobserver-auth=%d,%d", read, write) != 2)
		return -ENOENT;
	return fcntl(*read, F_GETFD) < 0 || fcntl(*write, F_GETFD) < 0 ? -EBADF : 0;
}

int jobserver_borrow(const char *makeflags, int most)
{
	int from, to, n = 0;

	if (jobserver_find(makeflags, &from, &to) < 0)
		return 0;
	while (n < most && take(from) == 0)
		n++;
	return n;
}

void jobserver_return(const char *makeflags, int count)
{
	int from, to;

	if (jobserver_find(makeflags, &from, &to) == 0)
		while (count-- > 0)
			put(to);
}
