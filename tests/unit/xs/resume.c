// SPDX-License-Identifier: GPL-2.0-or-later
/* A worker that goes on where another has died: between two instructions, too.
 *
 * The first one is a child of the test, which does something and is gone, as by SIGKILL: nothing of
 * it is released. What would take luck to hit (it died between a change on disk and its note of it)
 * is made by hand on disk.
 */
#include "fs/xs/xs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "fs/store/handover.h"
#include "fs/store/install.h"
#include "fs/store/note.h"
#include "fs/store/state.h"
#include "fs/view/orphan.h"
#include "tests/fuzz/fault.h"
#include "tests/unit/engine.h"

/* What both workers have. */
static struct {
	int lock, memory;
	uint32_t ids[8]; /* nodes that the kernel knows; shared memory */
	uint64_t moving; /* what a rename has left */
} * both;

/* In the child, where an assert of cmocka's would go on with the next test. */
#define must(what)                                                                           \
	do {                                                                                 \
		if (!(what)) {                                                               \
			fprintf(stderr, "%s:%d: the first worker: %s\n", __FILE__, __LINE__, \
				#what);                                                      \
			_exit(1);                                                            \
		}                                                                            \
	} while (0)

static int setup(void **state)
{
	struct handover *memory = NULL;
	autofree char *problem = NULL;
	struct state *s = NULL;

	if (temp_setup(state) < 0)
		return -1;
	both = mmap(NULL, sizeof(*both), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	make_dirs("base");
	if (handover_new(nodes_record_size, &memory) < 0 ||
	    state_open("state", true, &s, &problem) < 0)
		return -1;
	both->memory = fcntl(memory->fd, F_DUPFD_CLOEXEC, 0);
	both->lock = fcntl(s->lock, F_DUPFD_CLOEXEC, 0);
	handover_free(memory);
	state_close(s);
	return 0;
}

static int teardown(void **state)
{
	close(both->memory);
	close(both->lock);
	munmap(both, sizeof(*both));
	return temp_teardown(state);
}

#define resume_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct xs *open_worker(void)
{
	struct handover *memory = NULL;
	autofree char *problem = NULL;
	struct state *s = NULL;
	struct xs *xs = NULL;

	if (state_open_again("state", dup(both->lock), &s, &problem) < 0 ||
	    state_set_base(s, "base", &problem) < 0 ||
	    handover_attach(dup(both->memory), nodes_record_size, &memory) < 0 ||
	    xs_new(s, memory, &xs) < 0)
		return NULL;
	return xs;
}

static void first_worker(void (*call)(struct xs *xs))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct xs *xs = open_worker();

		must(xs);
		call(xs);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static struct xs *next_worker(void)
{
	struct xs *xs = open_worker();

	assert_non_null(xs);
	return xs;
}

/* The kernel looks it up, and knows it from then on. */
static struct node *known(struct xs *xs, const char *path, unsigned i)
{
	struct node *node = NULL;

	must(view_walk(xs->root, path, &node, NULL) == 0);
	node_give(&xs->nodes, node);
	both->ids[i] = node->id;
	return node;
}

static struct node *node_of(struct xs *xs, unsigned i)
{
	struct node *node = nodes_by_id(&xs->nodes, both->ids[i]);

	assert_non_null(node);
	return node;
}

static void assert_known(struct xs *xs, unsigned i, const char *path, const char *text)
{
	struct node *node = node_of(xs, i);
	autofree char *got = node_path(&xs->nodes, node);

	assert_string_equal(got, path);
	assert_node(node, text);
	node_unref(&xs->nodes, node);
}

static int find(struct xs *xs, const char *path)
{
	struct node *node = NULL;
	int r = view_walk(xs->root, path, &node, NULL);

	if (r == 0)
		node_unref(&xs->nodes, node);
	return r;
}

static nlink_t links_of(struct xs *xs, unsigned i)
{
	struct node *node = node_of(xs, i);
	struct stat st;

	assert_int_equal(view_getattr(node, &st), 0);
	node_unref(&xs->nodes, node);
	return st.st_nlink;
}

static size_t n_left(const char *dir)
{
	autostrv struct strv names = { 0 };
	autodir DIR *d = opendir(dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			assert_int_equal(strv_add(&names, e->d_name), 0);
	return names.n;
}

static void create_in(struct node *dir, const char *name, const char *text)
{
	struct node *node = NULL;
	struct stat st;

	must(view_make(dir, name, S_IFREG | 0644, 0, (struct owner){ 0 }, &node, &st) == 0);
	must(node_write(node, text) == 0);
	node_unref(dir->view->nodes, node);
}

static void create(struct xs *xs, const char *name, const char *text)
{
	create_in(xs->root->root, name, text);
}

/* ---- nodes ---- */

static void do_all_kinds(struct xs *xs)
{
	struct node *root = xs->root->root;

	known(xs, "usr/lib/low", 0);
	create(xs, "high", "high");
	known(xs, "high", 1);
	create(xs, "gone", "gone");
	known(xs, "gone", 2);
	must(view_unlink(root, "gone") == 0);
	known(xs, "lowgone", 3);
	must(view_unlink(root, "lowgone") == 0);
	create(xs, "before", "moved");
	known(xs, "before", 4);
	must(view_rename(root, "before", root, "after", 0, NULL) == 0);
	known(xs, "usr", 5);
	must(view_rename(root, "usr", root, "user", 0, NULL) == 0);
	known(xs, "high", 6);
}

static void nodes_keep_numbers_names_and_contents(void **state)
{
	struct xs *xs;

	(void)state;
	put("base/usr/lib/low", "low");
	put("base/lowgone", "lowgone");
	first_worker(do_all_kinds);
	xs = next_worker();
	assert_int_equal(both->ids[1], both->ids[6]);
	assert_known(xs, 0, "user/lib/low", "low");
	assert_known(xs, 1, "high", "high");
	assert_known(xs, 4, "after", "moved");
	struct node *node = node_of(xs, 2);
	assert_node(node, "gone");
	assert_int_equal(links_of(xs, 2), 0);
	assert_int_equal(node_write(node, "still"), 0);
	assert_node(node, "still");
	/* forgotten, its file goes */
	assert_int_equal(n_left("state/work"), 1);
	node_forget(&xs->nodes, node, 1);
	assert_int_equal(n_left("state/work"), 0);
	node = node_of(xs, 3);
	assert_node(node, "lowgone");
	assert_int_equal(links_of(xs, 3), 0);
	node_unref(&xs->nodes, node);
	assert_int_equal(find(xs, "gone"), -ENOENT);
	assert_int_equal(find(xs, "lowgone"), -ENOENT);
	assert_int_equal(find(xs, "usr"), -ENOENT);
	assert_int_equal(find(xs, "user/lib/low"), 0);
	xs_free(xs);
}

static void do_hold(struct xs *xs)
{
	struct node *node = NULL;

	create(xs, "f", "f");
	must(view_walk(xs->root, "f", &node, NULL) == 0); /* a request is at it */
	both->ids[0] = node->id;
}

static void what_only_a_request_held_is_let_go_of(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_hold);
	xs = next_worker();
	assert_null(nodes_by_id(&xs->nodes, both->ids[0]));
	xs_free(xs);
}

/* ---- it died between a change on disk and its note of it ---- */

static void kept_path(char path[static 64], const struct node *node)
{
	char name[ORPHAN_NAME];

	orphan_name(node, name);
	snprintf(path, 64, "state/work/%s", name);
}

static void do_half_unlink(struct xs *xs)
{
	char kept[64];

	create(xs, "f", "f");
	kept_path(kept, known(xs, "f", 0));
	must(rename("state/layers/local/root/f", kept) == 0);
}

static void unlinked_but_not_noted(void **state)
{
	struct xs *xs;
	struct node *node;

	(void)state;
	first_worker(do_half_unlink);
	xs = next_worker();
	node = node_of(xs, 0);
	assert_true(node_is_unlinked(&xs->nodes, node));
	assert_node(node, "f");
	node_unref(&xs->nodes, node);
	assert_int_equal(find(xs, "f"), -ENOENT);
	xs_free(xs);
}

static void do_half_replace(struct xs *xs)
{
	char kept[64];

	create(xs, "f", "f");
	kept_path(kept, known(xs, "f", 0));
	must(link("state/layers/local/root/f", kept) == 0);
	put("state/work/1.1", "half a copy");
}

static void about_to_be_replaced_but_not_yet(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_half_replace);
	xs = next_worker();
	assert_known(xs, 0, "f", "f");
	assert_int_equal(links_of(xs, 0), 1);
	assert_int_equal(n_left("state/work"), 0);
	xs_free(xs);
}

static void do_half_copyup(struct xs *xs)
{
	const struct note note = { .ino = known(xs, "d/f", 0)->ino };
	struct layer *local = xs->state->local;
	autofd int dir = -1, fd = -1;

	put("state/layers/local/root/d/f", "low");
	dir = layer_open(local, "d", O_RDONLY | O_DIRECTORY);
	fd = layer_open(local, "d/f", O_RDONLY);
	must(note_mark(local, dir) == 0 && note_write(local, fd, &note) == 0);
}

static void copied_up_but_not_noted(void **state)
{
	struct xs *xs;
	struct node *node, *again = NULL;

	(void)state;
	put("base/d/f", "low");
	first_worker(do_half_copyup);
	xs = next_worker();
	node = node_of(xs, 0);
	assert_int_equal(node_write(node, "new"), 0);
	assert_int_equal(view_walk(xs->root, "d/f", &again, NULL), 0);
	assert_ptr_equal(again, node);
	assert_node(again, "new");
	node_unref(&xs->nodes, again);
	node_unref(&xs->nodes, node);
	assert_int_equal(n_left("state/work"), 0);
	xs_free(xs);
}

static void do_names(struct xs *xs)
{
	create(xs, "a", "a");
	create(xs, "b", "b");
	known(xs, "a", 0);
	known(xs, "b", 1);
}

/* As a rename says it of a path in the upper. */
static void tell(const char *path)
{
	struct stat st;

	must(lstat(path, &st) == 0);
	both->moving = st.st_ino;
}

static void do_half_rename(struct xs *xs)
{
	char kept[64];

	do_names(xs);
	tell("state/layers/local/root/a");
	kept_path(kept, known(xs, "b", 2));
	must(link("state/layers/local/root/b", kept) == 0);
	must(rename("state/layers/local/root/a", "state/layers/local/root/b") == 0);
}

static void do_half_exchange(struct xs *xs)
{
	do_names(xs);
	tell("state/layers/local/root/a");
	must(renameat2(AT_FDCWD, "state/layers/local/root/a", AT_FDCWD, "state/layers/local/root/b",
		       RENAME_EXCHANGE) == 0);
}

/* Names in the root. */
static int settle(struct xs *xs, const char *name, const char *to, unsigned flags)
{
	struct node *root = xs->root->root;

	return view_rename_settle(root, name, root, to, flags, both->moving);
}

static void renamed_but_not_noted(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_half_rename);
	xs = next_worker();
	assert_int_equal(settle(xs, "a", "b", 0), 1);
	assert_known(xs, 0, "b", "a");
	struct node *victim = node_of(xs, 1);
	assert_node(victim, "b");
	assert_int_equal(links_of(xs, 1), 0);
	node_unref(&xs->nodes, victim);
	xs_free(xs);
}

/* Whoever cannot look whether it was done may not say that it was not: it would be done again. */
static void an_error_is_not_a_no(void **state)
{
	bool more = true;
	struct xs *xs;

	(void)state;
	first_worker(do_half_rename);
	xs = next_worker();
	for (unsigned n = 1; more; n++) {
		int r;

		fault_arm(FAULT_CALLS, n, EIO);
		r = settle(xs, "a", "b", 0);
		more = fault_disarm();
		if (r != 1 && !(more && r == -EIO))
			fail_msg("where %s fails it is %d", fault_what(), r);
	}
	assert_known(xs, 0, "b", "a");
	xs_free(xs);
}

static void exchanged_but_not_noted(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_half_exchange);
	xs = next_worker();
	assert_int_equal(settle(xs, "a", "b", RENAME_EXCHANGE), 1);
	assert_known(xs, 0, "b", "a");
	assert_known(xs, 1, "a", "b");
	xs_free(xs);
}

static void not_renamed_at_all(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_names);
	xs = next_worker();
	assert_int_equal(settle(xs, "a", "b", 0), 0);
	assert_int_equal(settle(xs, "a", "b", RENAME_EXCHANGE), 0);
	assert_int_equal(settle(xs, "a", "c", 0), 0);
	assert_known(xs, 0, "a", "a");
	assert_known(xs, 1, "b", "b");
	xs_free(xs);
}

static void do_told(struct xs *xs)
{
	do_names(xs);
	tell("state/layers/local/root/a");
}

static void told_but_not_renamed(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_told);
	xs = next_worker();
	assert_int_equal(settle(xs, "a", "b", 0), 0);
	assert_int_equal(settle(xs, "a", "b", RENAME_EXCHANGE), 0);
	assert_int_equal(settle(xs, "a", "b", RENAME_WHITEOUT), 0);
	assert_known(xs, 0, "a", "a");
	assert_known(xs, 1, "b", "b");
	xs_free(xs);
}

static void rename_in_root(struct xs *xs, const char *name, const char *to, unsigned flags)
{
	struct node *root = xs->root->root;

	must(view_rename(root, name, root, to, flags, &both->moving) == 0);
}

static void do_rename(struct xs *xs)
{
	do_names(xs);
	rename_in_root(xs, "a", "b", 0);
}

static void do_exchange(struct xs *xs)
{
	do_names(xs);
	rename_in_root(xs, "a", "b", RENAME_EXCHANGE);
}

static void do_rename_and_leave_device(struct xs *xs)
{
	do_names(xs);
	rename_in_root(xs, "a", "b", RENAME_WHITEOUT);
}

/* All is done but the answer, and the request comes again. */
static void renamed_but_not_answered(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_rename);
	xs = next_worker();
	assert_int_equal(settle(xs, "a", "b", 0), 1);
	assert_known(xs, 0, "b", "a");
	assert_int_equal(find(xs, "a"), -ENOENT);
	xs_free(xs);
}

static void exchanged_but_not_answered(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_exchange);
	xs = next_worker();
	assert_int_equal(settle(xs, "a", "b", RENAME_EXCHANGE), 1);
	assert_known(xs, 0, "b", "a");
	assert_known(xs, 1, "a", "b");
	xs_free(xs);
}

static void assert_device(struct xs *xs, const char *path)
{
	struct node *node = NULL;

	assert_int_equal(view_walk(xs->root, path, &node, NULL), 0);
	assert_true(S_ISCHR(node->type));
	node_unref(&xs->nodes, node);
}

static void a_device_left_but_not_answered(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_rename_and_leave_device);
	xs = next_worker();
	assert_int_equal(settle(xs, "a", "b", RENAME_WHITEOUT), 1);
	assert_known(xs, 0, "b", "a");
	assert_device(xs, "a");
	xs_free(xs);
}

static void a_device_not_left_yet(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_half_rename);
	xs = next_worker();
	assert_int_equal(settle(xs, "a", "b", RENAME_WHITEOUT), 1);
	assert_known(xs, 0, "b", "a");
	assert_device(xs, "a");
	assert_int_equal(n_left("state/work"), 1); /* what was b */
	xs_free(xs);
}

/* A file that is known by another of its names, and the directory of that. */
static void do_half_exchange_of_a_link(struct xs *xs)
{
	struct node *root = xs->root->root, *dir = NULL, *file;
	struct stat st;

	must(view_make(root, "d", S_IFDIR | 0755, 0, (struct owner){ 0 }, &dir, &st) == 0);
	create_in(dir, "f", "file");
	file = known(xs, "d/f", 0);
	must(view_link(file, root, "g", &st) == 0);
	known(xs, "d", 1);
	tell("state/layers/local/root/g");
	must(renameat2(AT_FDCWD, "state/layers/local/root/g", AT_FDCWD, "state/layers/local/root/d",
		       RENAME_EXCHANGE) == 0);
}

static void a_link_exchanged_but_not_noted(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_half_exchange_of_a_link);
	xs = next_worker();
	assert_int_equal(settle(xs, "g", "d", RENAME_EXCHANGE), 1);
	assert_known(xs, 0, "d", "file");
	struct node *dir = node_of(xs, 1), *file = NULL;
	autofree char *path = node_path(&xs->nodes, dir);
	assert_string_equal(path, "g");
	assert_int_equal(view_walk(xs->root, "g/f", &file, NULL), 0);
	assert_int_equal(file->id, both->ids[0]);
	node_unref(&xs->nodes, file);
	node_unref(&xs->nodes, dir);
	xs_free(xs);
}

/* ---- installs ---- */

static struct sight *begin(struct xs *xs, const char *package)
{
	const struct install_request q = { .package = package,
					   .version = "1",
					   .key = "k",
					   .needs = "",
					   .replaces = "",
					   .token = "t1" };
	autofree char *problem = NULL;
	struct sight *sight = NULL;

	must(xs_begin(xs, &q, &sight, &problem) == 0);
	return sight;
}

static void do_begin(struct xs *xs)
{
	begin(xs, "p");
	put("state/pending/p/root/f", "p");
}

static void an_install_is_gone_on_with(void **state)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	autofree char *problem = NULL;
	struct sight *sight = NULL;
	struct xs *xs;

	(void)state;
	put("base/x", "x");
	first_worker(do_begin);
	xs = next_worker();
	assert_int_equal(xs_claim(xs, "p", "other", &sight, &problem), -ENOENT);
	assert_int_equal(xs_claim(xs, "p", "t1", &sight, &problem), 0);
	assert_non_null(sight);
	assert_string_equal(sight->install->layer->meta->version, "1");
	assert_string_equal(sight->install->layer->meta->key, "k");
	assert_int_equal(sight->view->below->n, 1);
	assert_int_equal(xs_commit(xs, sight, &problems, &notes), 0);
	assert_int_equal(find(xs, "f"), 0);
	xs_free(xs);
}

/* All that a build view leaves on disk is folders. */
static void an_open_install_writes_nothing(void **state)
{
	struct xs *xs;

	(void)state;
	xs = next_worker();
	begin(xs, "p");
	assert_int_equal(n_left("state/pending/p"), 1);
	assert_int_equal(n_left("state/pending/p/root"), 0);
	xs_free(xs);
}

static struct roster_view *roster_of(struct xs *xs, const char *package)
{
	struct roster_view *v = NULL;

	for (unsigned i = 1; i <= roster_n_views(xs->nodes.memory); i++) {
		v = roster_view(xs->nodes.memory, i);
		if (v && strcmp(v->package, package) == 0)
			return v;
	}
	return NULL;
}

static void do_half_abort(struct xs *xs)
{
	do_begin(xs);
	must(rename("state/pending/p/root", "state/pending/p/rubbish") == 0);
}

/* It was to be dropped, or refused: what is left of it is no install. */
static void half_an_install_is_not_gone_on_with(void **state)
{
	autofree char *problem = NULL;
	struct sight *sight = NULL;
	struct xs *xs;

	(void)state;
	first_worker(do_half_abort);
	xs = next_worker();
	assert_int_equal(xs_claim(xs, "p", "t1", &sight, &problem), -ENOENT);
	assert_int_equal(n_left("state/pending"), 0);
	xs_free(xs);
}

static void do_half_begin(struct xs *xs)
{
	struct roster_view *v;

	do_begin(xs);
	v = roster_of(xs, "p");
	must(v && v->begun);
	v->begun = 0;
}

static void do_less_of_begin(struct xs *xs)
{
	do_half_begin(xs);
	roster_of(xs, "p")->root = 0;
}

static void assert_not_begun(void (*call)(struct xs *xs))
{
	autofree char *problem = NULL;
	struct sight *sight = NULL;
	struct xs *xs;

	first_worker(call);
	xs = next_worker();
	assert_int_equal(xs_claim(xs, "p", "t1", &sight, &problem), -ENOENT);
	assert_int_equal(n_left("state/pending"), 0);
	xs_abort(xs, begin(xs, "p"));
	assert_null(roster_of(xs, "p"));
	xs_free(xs);
}

static void an_install_half_begun_is_begun_anew(void **state)
{
	(void)state;
	assert_not_begun(do_half_begin);
	assert_not_begun(do_less_of_begin);
}

static void an_install_that_nobody_comes_for_is_dropped(void **state)
{
	autofree char *problem = NULL;
	struct sight *sight = NULL;
	struct xs *xs;

	(void)state;
	first_worker(do_begin);
	xs = next_worker();
	xs_abort_unclaimed(xs);
	assert_int_equal(xs_claim(xs, "p", "t1", &sight, &problem), -ENOENT);
	assert_int_equal(n_left("state/pending"), 0);
	xs_free(xs);
}

static void do_commit(struct xs *xs)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	struct sight *sight = begin(xs, "p");

	put("state/pending/p/root/f", "p");
	must(xs_commit(xs, sight, &problems, &notes) == 0);
}

static void do_half_commit(struct xs *xs)
{
	do_commit(xs);
	must(unlink("state/stack") == 0);
}

static void assert_found_committed(struct xs *xs)
{
	autofree char *problem = NULL;
	struct sight *sight = NULL;

	assert_int_equal(xs_claim(xs, "p", "t1", &sight, &problem), 0);
	assert_null(sight);
	assert_int_equal(find(xs, "f"), 0);
	xs_settled(xs, "p");
	assert_int_equal(xs_claim(xs, "p", "t1", &sight, &problem), -ENOENT);
}

static void committed_but_not_told(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_commit);
	xs = next_worker();
	assert_found_committed(xs);
	xs_free(xs);
}

static void do_commit_again(struct xs *xs)
{
	do_commit(xs);
	do_commit(xs);
}

static void the_same_bytes_committed_again_but_not_told(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_commit_again);
	xs = next_worker();
	assert_found_committed(xs);
	xs_free(xs);
}

static void the_layer_is_there_and_the_stack_does_not_name_it(void **state)
{
	struct xs *xs;

	(void)state;
	first_worker(do_half_commit);
	xs = next_worker();
	assert_found_committed(xs);
	xs_free(xs);
}

/* ---- the memory ---- */

static void texts_given_back_are_used_again(void **state)
{
	static const size_t sizes[] = { 600, 3, 504, 500, 9000, 700, 40, 100000 };
	uint32_t texts[ARRAY_SIZE(sizes)];
	uint64_t used = 0;
	struct xs *xs;

	(void)state;
	xs = next_worker();
	for (unsigned round = 0; round < 20; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			autofree char *text = calloc(1, sizes[i] + 1);

			memset(text, 'a' + i, sizes[i]);
			assert_int_equal(nodes_take_text(&xs->nodes, text, &texts[i]), 0);
		}
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			const char *text = nodes_text(&xs->nodes, texts[i]);

			assert_int_equal(strlen(text), sizes[i]);
			assert_int_equal(strspn(text, (char[]){ 'a' + i, 0 }), sizes[i]);
			nodes_give_back_text(&xs->nodes, texts[i]);
		}
		if (round == 0)
			used = xs->nodes.memory->head->used[HANDOVER_NAMES];
	}
	assert_int_equal(xs->nodes.memory->head->used[HANDOVER_NAMES], used);
	xs_free(xs);
}

static void memory_of_another_version_is_refused(void **state)
{
	const uint32_t other[HANDOVER_POOLS] = { 8, 8, 8, 8 };
	struct handover *memory = NULL;

	(void)state;
	assert_int_equal(handover_attach(dup(both->memory), other, &memory), -EPROTO);
}

static void do_nothing(struct xs *xs)
{
	must(xs->root && xs->staging);
}

static void workers_that_did_nothing(void **state)
{
	struct xs *xs;

	(void)state;
	put("base/x", "x");
	first_worker(do_nothing);
	first_worker(do_nothing);
	xs = next_worker();
	assert_int_equal(find(xs, "x"), 0);
	xs_free(xs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		resume_test(nodes_keep_numbers_names_and_contents),
		resume_test(what_only_a_request_held_is_let_go_of),
		resume_test(unlinked_but_not_noted),
		resume_test(about_to_be_replaced_but_not_yet),
		resume_test(copied_up_but_not_noted),
		resume_test(renamed_but_not_noted),
		resume_test(an_error_is_not_a_no),
		resume_test(exchanged_but_not_noted),
		resume_test(not_renamed_at_all),
		resume_test(told_but_not_renamed),
		resume_test(renamed_but_not_answered),
		resume_test(exchanged_but_not_answered),
		resume_test(a_device_left_but_not_answered),
		resume_test(a_device_not_left_yet),
		resume_test(a_link_exchanged_but_not_noted),
		resume_test(an_install_is_gone_on_with),
		resume_test(an_open_install_writes_nothing),
		resume_test(half_an_install_is_not_gone_on_with),
		resume_test(an_install_half_begun_is_begun_anew),
		resume_test(an_install_that_nobody_comes_for_is_dropped),
		resume_test(committed_but_not_told),
		resume_test(the_same_bytes_committed_again_but_not_told),
		resume_test(the_layer_is_there_and_the_stack_does_not_name_it),
		resume_test(texts_given_back_are_used_again),
		resume_test(memory_of_another_version_is_refused),
		resume_test(workers_that_did_nothing),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
