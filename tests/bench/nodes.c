// SPDX-License-Identifier: GPL-2.0-or-later
/* nodes.c - how long the longest operation on the table of nodes takes, with ten million in it.
 *
 * usage: nodes [N [ROUNDS]]
 *
 * What counts is the time of a thread on a processor, page faults included, and for each operation
 * the shortest of so many rounds (3): what a machine takes for itself, a virtual one most of all,
 * comes at another time in each, and what the table does at its own. Where somebody looks at all
 * nodes, another thread asks for single ones meanwhile, and how long that waits is told by the
 * clock; the same without says what the machine does anyway.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/strv.h"
#include "fs/store/layer.h"
#include "fs/store/state.h"
#include "fs/view/node.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"

enum { IN_ONE_DIR = 10000, LONG = 1000000 /* ns */ };

/* The shortest times, in units of 100 ns: by phase and operation. */
enum { PHASES = 4, UNIT = 100 };

struct bench {
	struct xs *xs;
	size_t n;
	struct node **nodes, *dir;
	uint32_t *shortest[PHASES];
};

struct times {
	int64_t all, longest;
	size_t n, too_long;
};

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void count(struct times *times, int64_t ns)
{
	times->n++;
	times->all += ns;
	times->longest = ns > times->longest ? ns : times->longest;
	times->too_long += ns > LONG;
}

static void tell(const char *what, const struct times *times)
{
	printf("%-28s %10zu operations, %6.0f ns each, the longest %8.1f us, %zu over 1 ms\n", what,
	       times->n, (double)times->all / times->n, times->longest / 1e3, times->too_long);
}

_Noreturn static void die(const char *what, int r)
{
	fprintf(stderr, "nodes: %s: %s\n", what, strerror(-r));
	exit(1);
}

/* ---- operations ---- */

static struct node *add(struct bench *b, struct node *dir, size_t i, mode_t type)
{
	struct found found = { .layer = b->xs->state->base, .ino = i + 1 };
	struct node *node = NULL;
	char name[32];
	int r;

	found.st.st_mode = type;
	found.st.st_ino = i + 1;
	snprintf(name, sizeof(name), "name-of-%zu", i);
	r = nodes_get(&b->xs->nodes, dir, name, &found, false, &node);
	if (r < 0)
		die("cannot add a node", r);
	return node;
}

static void add_one(struct bench *b, size_t i)
{
	if (i % IN_ONE_DIR == 0)
		b->dir = b->nodes[i] = add(b, b->xs->root->root, i, S_IFDIR);
	else
		b->nodes[i] = add(b, b->nodes[i - i % IN_ONE_DIR], i, S_IFREG);
}

static void find_one(struct bench *b, size_t i)
{
	struct node *dir = i % IN_ONE_DIR ? b->nodes[i - i % IN_ONE_DIR] : b->xs->root->root;
	struct node *node;
	char name[32];

	snprintf(name, sizeof(name), "name-of-%zu", i);
	node = nodes_find(&b->xs->nodes, dir, name);
	if (node != b->nodes[i])
		die("another node", -ENOENT);
	node_unref(&b->xs->nodes, node);
}

/* But directories, which others hold. */
static void drop_one(struct bench *b, size_t i)
{
	if (i % IN_ONE_DIR == 0)
		return;
	node_unref(&b->xs->nodes, b->nodes[i]);
	b->nodes[i] = NULL;
}

static void add_again(struct bench *b, size_t i)
{
	if (!b->nodes[i])
		add_one(b, i);
}

static const struct phase {
	const char *name;
	void (*f)(struct bench *b, size_t i);
} phases[PHASES] = {
	{ "add", add_one },
	{ "find", find_one },
	{ "forget", drop_one },
	{ "add again", add_again },
};

static void measure(struct bench *b, unsigned phase)
{
	int64_t before = now(CLOCK_THREAD_CPUTIME_ID), after;

	for (size_t i = 0; i < b->n; i++, before = after) {
		uint32_t *shortest = &b->shortest[phase][i];
		int64_t units;

		phases[phase].f(b, i);
		after = now(CLOCK_THREAD_CPUTIME_ID);
		units = (after - before) / UNIT;
		if (!*shortest || units < *shortest)
			*shortest = units ? units : 1;
	}
}

static void tell_phase(const struct bench *b, unsigned phase)
{
	struct times times = { 0 };

	for (size_t i = 0; i < b->n; i++)
		count(&times, (int64_t)b->shortest[phase][i] * UNIT);
	tell(phases[phase].name, &times);
}

/* ---- beside somebody who looks at all ---- */

struct asker {
	struct bench *b;
	bool ended; /* atomic */
	struct times times;
};

static void *ask(void *arg)
{
	struct asker *a = arg;

	for (size_t i = 1; !__atomic_load_n(&a->ended, __ATOMIC_RELAXED); i = i * 7 % a->b->n + 1) {
		int64_t before = now(CLOCK_MONOTONIC);

		node_unref(&a->b->xs->nodes, nodes_by_id(&a->b->xs->nodes, i));
		count(&a->times, now(CLOCK_MONOTONIC) - before);
		usleep(100);
	}
	return NULL;
}

static void look_at_all(struct bench *b)
{
	autostrv struct strv ids = { 0 };
	int64_t before = now(CLOCK_MONOTONIC);
	int r = nodes_layers(&b->xs->nodes, b->xs->root, &ids);

	if (r < 0)
		die("cannot look at all", r);
	printf("%-28s %30.1f ms\n", "look at all", (now(CLOCK_MONOTONIC) - before) / 1e6);
}

static void rest(struct bench *b)
{
	(void)b;
	usleep(500000);
}

static void measure_beside(struct bench *b, const char *what, void (*f)(struct bench *b))
{
	struct asker a = { .b = b };
	pthread_t thread;

	if (pthread_create(&thread, NULL, ask, &a))
		die("no thread", -EAGAIN);
	for (int i = 0; i < 3; i++)
		f(b);
	__atomic_store_n(&a.ended, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	tell(what, &a.times);
}

/* ---- the table ---- */

static void open_in(struct bench *b, const char *folder)
{
	autofree char *problem = NULL;
	struct state *state = NULL;
	int r = chdir(folder) < 0 || mkdir("base", 0755) < 0
			? -errno
			: state_open("state", true, &state, &problem);

	if (r == 0)
		r = state_set_base(state, "base", &problem);
	if (r == 0)
		r = xs_new(state, NULL, &b->xs);
	if (r < 0)
		die(problem ? problem : "cannot make a state", r);
}

static void run_round(struct bench *b, bool last)
{
	char folder[] = "/var/tmp/xsysfs-nodes.XXXXXX";

	if (!mkdtemp(folder))
		die("cannot make a folder", -errno);
	open_in(b, folder);
	measure(b, 0);
	measure(b, 1);
	if (last) {
		measure_beside(b, "one, beside nothing", rest);
		measure_beside(b, "one, beside a look at all", look_at_all);
	}
	measure(b, 2);
	measure(b, 3);
	xs_free(b->xs);
	if (chdir("/") == 0)
		io_remove_tree(AT_FDCWD, folder);
}

int main(int argc, char **argv)
{
	struct bench b = { .n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000000 };
	unsigned rounds = argc > 2 ? atoi(argv[2]) : 3;

	setlinebuf(stdout);
	b.nodes = calloc(b.n, sizeof(*b.nodes));
	for (unsigned i = 0; i < PHASES; i++)
		b.shortest[i] = calloc(b.n, sizeof(**b.shortest));
	if (!b.nodes || !b.shortest[PHASES - 1] || b.n < 2)
		die("cannot begin", -ENOMEM);
	for (unsigned i = 1; i <= rounds; i++)
		run_round(&b, i == rounds);
	for (unsigned i = 0; i < PHASES; i++) {
		tell_phase(&b, i);
		free(b.shortest[i]);
	}
	free(b.nodes);
	return 0;
}
