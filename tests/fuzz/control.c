// SPDX-License-Identifier: GPL-2.0-or-later
/* control.c - what comes in over the control socket, from several connections at a time.
 *
 * The messages are made of the usual verbs and words, or of the input's own bytes; the server's own
 * function answers them (so its file is a part of this program). Every message gets one answer that
 * parses, and what is installed stays a state that opens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fs/fuse/control_server.c"
#include "fs/view/view.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/walk.h"

enum { CONNECTIONS = 3, MAX_MESSAGES = 40 };

static const char *const keys[] = { "verb",	"package", "version", "key",	 "needs",
				    "replaces", "fd",	   "VERB",    "package", "mountpoint" };
static const char *const words[] = {
	"status", "begin",   "commit", "abort",	 "remove", "rollback", "gc",	"base",
	"quit",	  "upgrade", "p",      "q",	 "p q",	   "../x",     "local", "base",
	"",	  "1",	     "1.0/2",  "p,q,,r", "%s%n",   "-1",
};

static void quit(void *arg)
{
	(void)arg;
}

static size_t make_message(struct choices *c, char *buf, size_t max)
{
	unsigned lines = choose(c, 7);
	size_t n = 0;

	if (choose(c, 8) == 0) {
		for (n = 0; n < max && n < 100 && choices_left(c); n++)
			buf[n] = choose(c, 256);
		return n;
	}
	n += snprintf(buf, max, "verb = %s\n", words[choose(c, 10)]);
	for (unsigned i = 1; i < lines; i++)
		n += snprintf(buf + n, max - n, "%s = %s\n", keys[1 + choose(c, 5)],
			      words[choose(c, ARRAY_SIZE(words))]);
	return n;
}

static void check_answer(int socket)
{
	static char buf[MESSAGE_MAX];
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} aux = { 0 };
	struct iovec io = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };
	autokv struct kv reply = { 0 };
	ssize_t n;
	int fd;

	msg.msg_control = aux.space;
	msg.msg_controllen = sizeof(aux.space);
	n = recvmsg(socket, &msg, MSG_DONTWAIT);
	fuzz_check(n > 0);
	if (msg.msg_controllen >= sizeof(aux.space)) {
		memcpy(&fd, CMSG_DATA(&aux.head), sizeof(fd));
		close(fd);
	}
	fuzz_check(kv_parse(&reply, buf, n, NULL) == 0);
	fuzz_check(kv_get(&reply, "errno"));
}

static struct xs *open_xs(void)
{
	autofree char *problem = NULL;
	struct state *state = NULL;
	struct xs *xs = NULL;

	fuzz_check(state_open("state", true, &state, &problem) == 0);
	fuzz_check(state_set_base(state, "base", &problem) == 0);
	fuzz_check(xs_new(state, NULL, &xs) == 0);
	xs->events.quit = quit;
	return xs;
}

/* One turn of serve(). */
static void serve_one(struct connection *c)
{
	autokv struct kv request = { 0 };
	size_t n;
	int r = message_receive(c->socket, &request, NULL, 0, &n);

	fuzz_check(answer(c, &request, r) == 0);
	if (c->settled)
		xs_settled(c->control->xs, c->settled);
	free(c->settled);
	c->settled = NULL;
}

static bool outlives(void)
{
	return false;
}

/* The install's own writes, so that commits have something in them. */
static void write_something(struct choices *c, struct connection *connection)
{
	struct node *node = NULL;
	struct stat st;

	if (connection->sight && view_make(connection->sight->view->root, choose(c, 2) ? "a" : "b",
					   S_IFREG | 0644, 0, (struct owner){ 0 }, &node, &st) == 0)
		node_unref(connection->sight->view->nodes, node);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choices c = { data, data + size };
	struct control control = { 0 };
	struct connection connections[CONNECTIONS] = { 0 };
	int ends[CONNECTIONS][2];
	unsigned n = 0;

	fuzz_enter();
	fuzz_text("base/f", "base\n");
	control.xs = open_xs();
	control.options = (struct control_options){
		.mountpoint = "/mnt", .died = "", .transport = "none", .outlives = outlives
	};
	pthread_mutex_init(&control.lock, NULL);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends[i]) == 0);
		connections[i].control = &control;
		connections[i].socket = ends[i][0];
	}
	while (choices_left(&c) && n++ < MAX_MESSAGES) {
		unsigned i = choose(&c, CONNECTIONS);
		char message[2000];
		size_t len = make_message(&c, message, sizeof(message));

		fuzz_trace("%u: %.*s", i, (int)len, message);
		if (!len) /* that is the end of a connection */
			continue;
		fuzz_check(send(ends[i][1], message, len, 0) == (ssize_t)len);
		serve_one(&connections[i]);
		check_answer(ends[i][1]);
		write_something(&c, &connections[i]);
	}
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (connections[i].sight)
			xs_abort(control.xs, connections[i].sight);
		close(ends[i][0]);
		close(ends[i][1]);
	}
	xs_free(control.xs);
	control.xs = open_xs();
	walk_all(control.xs);
	xs_free(control.xs);
	pthread_mutex_destroy(&control.lock);
	fuzz_leave();
	return 0;
}
