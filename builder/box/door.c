// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/box/door.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

#define PIECE	     65536
#define PATIENCE     5	 /* seconds until a server has to answer at all */
#define MOST_AT_ONCE 256 /* connections; the rest waits */

struct server {
	int fd; /* where it is asked for */
	char name[DOOR_NAME_MAX + 1], host[256], port[16];
};

struct guard {
	struct server *servers;
	size_t n;
};

/* ---- carrying ---- */

/* What there is at the moment, from one to the other. Returns whether more may come. */
static bool carry(int from, int to)
{
	char piece[PIECE];
	ssize_t n = read(from, piece, sizeof(piece));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return n > 0 && io_write_all(to, piece, n) == 0;
}

/* Between one who reads `out` and writes `in`, and `peer`, until the peer has no more to say or the
 * first has gone. An end of `in` is not handed on: a distccd takes it for a client that gave up. */
static void carry_both(int in, int out, int peer)
{
	struct pollfd p[] = { { in, POLLIN, 0 }, { peer, POLLIN, 0 }, { out, 0, 0 } };

	for (;;) {
		if (poll(p, 3, -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (p[1].revents && !carry(peer, out))
			return;
		if ((p[0].revents & POLLIN) && !carry(in, peer))
			p[0].fd = -1;
		else if (p[0].revents & (POLLHUP | POLLERR))
			p[0].fd = -1;
		if (p[2].revents & (POLLHUP | POLLERR | POLLNVAL))
			return;
	}
}

static int connect_to(const struct server *s)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const struct timeval patience = { .tv_sec = PATIENCE }, none = { 0 };
	struct addrinfo *list = NULL;
	int fd = -1;

	if (getaddrinfo(s->host, s->port, &hints, &list) != 0)
		return -EHOSTUNREACH;
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
	return fd < 0 ? -ECONNREFUSED : fd;
}

/* ---- outside ---- */

/* In a process of its own. A server that cannot be reached shows as one that hangs up. */
static void serve(const struct server *s, int client, pid_t parent)
{
	autofd int fd = -1;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		return;
	fd = connect_to(s);
	if (fd >= 0)
		carry_both(client, client, fd);
}

static size_t reap(size_t running)
{
	int flags = running < MOST_AT_ONCE ? WNOHANG : 0;

	while (running && waitpid(-1, NULL, flags) > 0) {
		running--;
		flags = WNOHANG;
	}
	return running;
}

static int guard(void *arg, int events)
{
	const struct guard *g = arg;
	autofree struct pollfd *p = calloc(g->n, sizeof(*p));
	pid_t self = getpid();
	size_t running = 0;

	close(events);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; p && i < g->n; i++)
		p[i] = (struct pollfd){ g->servers[i].fd, POLLIN, 0 };
	while (p && (poll(p, g->n, 1000) >= 0 || errno == EINTR)) {
		for (size_t i = 0; i < g->n; i++) {
			autofd int client =
				p[i].revents ? accept4(p[i].fd, NULL, NULL, SOCK_CLOEXEC) : -1;
			pid_t pid = client < 0 ? -1 : fork();

			if (pid == 0) {
				serve(&g->servers[i], client, self);
				_exit(0);
			}
			running += pid > 0;
			running = reap(running);
		}
	}
	return 1;
}

/* A path that fits into an address, however deep the folder is. */
static int listen_at(int dir, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t room = sizeof(address.sun_path);

	if (fd < 0)
		return -errno;
	if ((size_t)snprintf(address.sun_path, room, "/proc/self/fd/%d/%s", dir, name) >= room)
		return -ENAMETOOLONG;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 64) < 0)
		return -errno;
	return take_fd(&fd);
}

/* Of builders that were killed. */
static void clear_away(const char *dir)
{
	autodir DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int pid = atoi(e->d_name);

		if (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
			io_remove_tree(dirfd(d), e->d_name);
	}
}

static int make_folder(struct door *d, const char *dir)
{
	int r = io_mkdir_p(AT_FDCWD, dir, 0700);

	if (r < 0)
		return r;
	clear_away(dir);
	d->dir = text_of("%s/%d", dir, getpid());
	if (!d->dir)
		return -ENOMEM;
	r = io_remove_tree(AT_FDCWD, d->dir);
	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, d->dir, 0700);
	return r < 0 ? r : open(d->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int listen_for(struct guard *g, int dir, const struct strv *servers)
{
	for (size_t i = 0; i < servers->n; i++) {
		struct server *s = &g->servers[i];

		if (sscanf(servers->v[i], "%64s %255s %15s", s->name, s->host, s->port) != 3 ||
		    strchr(s->name, '/') || *s->name == '.')
			return -EINVAL;
		s->fd = listen_at(dir, s->name);
		if (s->fd < 0)
			return s->fd;
		g->n++;
	}
	return 0;
}

int door_open(struct door *d, const char *dir, const struct strv *servers, char **why)
{
	autofree struct server *list = calloc(servers->n + 1, sizeof(*list));
	struct guard g = { list, 0 };
	autofd int fd = -1;
	int r;

	*d = (struct door){ 0 };
	r = fd = list ? make_folder(d, dir) : -ENOMEM;
	if (r >= 0)
		r = listen_for(&g, fd, servers);
	if (r == 0)
		r = child_start(&d->child, guard, &g);
	for (size_t i = 0; i < g.n; i++)
		close(list[i].fd);
	return r < 0 ? why_errno(why, r, "cannot open a door below '%s'", dir) : 0;
}

void door_close(struct door *d)
{
	if (d->child.pid > 0) {
		child_signal(&d->child, SIGTERM);
		waitpid(d->child.pid, NULL, 0);
	}
	child_release(&d->child);
	if (d->dir)
		io_remove_tree(AT_FDCWD, d->dir);
	free(d->dir);
	d->dir = NULL;
}

/* ---- inside ---- */

int door_pass(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	carry_both(STDIN_FILENO, STDOUT_FILENO, fd);
	return 0;
}
