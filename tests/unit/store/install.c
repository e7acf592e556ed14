// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of installs on disk: what a commit leaves, and that a refused one leaves nothing. */
#include "fs/store/install.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "fs/store/state.h"
#include "fs/store/tree.h"
#include "tests/unit/engine.h"

static struct state *open_state(void)
{
	autofree char *problem = NULL;
	struct state *s = NULL;
	int r = state_open("state", true, &s, &problem);

	if (r < 0)
		fail_msg("cannot open the state: %s (%s)", strerror(-r), problem ? problem : "");
	make_dirs("base");
	assert_int_equal(state_set_base(s, "base", &problem), 0);
	return s;
}

/* What a request does not say: version "1" and nothing else. */
#define request(p, ...) (&(struct install_request){ .package = p, __VA_ARGS__ })

static int begin(struct state *s, const struct install_request *q, struct install **ret,
		 char **problem)
{
	struct install_request all = *q;

	all.version = q->version ? q->version : "1";
	all.key = q->key ? q->key : "";
	all.needs = q->needs ? q->needs : "";
	all.replaces = q->replaces ? q->replaces : "";
	return install_begin(s, &all, ret, problem);
}

/* Install a package that has one file. Returns what begin or commit does; `*said` (may be NULL)
 * gets the first problem, for the caller to free. */
static int install(struct state *s, const struct install_request *q, const char *path,
		   const char *text, char **said)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	autofree char *problem = NULL;
	autofree char *file = NULL;
	struct install *install = NULL;
	int r = begin(s, q, &install, &problem);

	if (r < 0) {
		if (said)
			*said = take_ptr(problem);
		return r;
	}
	assert_true(asprintf(&file, "state/pending/%s/root/%s", q->package, path) > 0);
	put(file, text);
	r = install_commit(s, install, &problems, &notes);
	install_free(install);
	if (said && problems.n)
		*said = strdup(problems.v[0]);
	return r;
}

static size_t count(const char *path)
{
	autodir DIR *d = opendir(path);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	return n - 2;
}

/* The packages of the stack, bottom first. */
static void assert_stack(const struct state *s, const char *expected)
{
	autostrv struct strv names = { 0 };
	autofree char *got = NULL;

	for (size_t i = 0; i < s->n; i++)
		assert_int_equal(strv_add(&names, s->stack[i]->meta->package), 0);
	got = strv_join(&names, " ");
	assert_string_equal(got, expected);
}

static void a_commit_is_on_disk(void **state)
{
	autofree char *file = NULL;
	autofree char *stack = NULL;
	autofree char *id = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("zlib", .key = "k 1"), "usr/lib/z", "12345", NULL), 0);
	assert_stack(s, "zlib");
	id = strdup(s->stack[0]->id);
	assert_memory_equal(id, "zlib-1-", 7);
	assert_int_equal(count("state/pending"), 0);
	assert_int_equal(count("state/layers"), 2);
	assert_true(asprintf(&file, "state/layers/%s/root/usr/lib/z", id) > 0);
	assert_file(file, "12345");
	assert_true(asprintf(&stack, "xsysfs-stack 1\n%s\n", id) > 0);
	assert_file("state/stack", stack);
	state_close(s);
	s = open_state();
	assert_stack(s, "zlib");
	const struct meta *meta = s->stack[0]->meta;
	assert_string_equal(meta->version, "1");
	assert_string_equal(meta->key, "k 1");
	assert_string_equal(meta->previous, "");
	assert_int_equal(meta->files, 1);
	assert_int_equal(meta->bytes, 5);
	assert_true(meta->when.tv_sec > 0);
	state_close(s);
}

static void the_id_is_the_contents(void **state)
{
	autofree char *first = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("p"), "f", "1", NULL), 0);
	first = strdup(s->stack[0]->id);
	assert_int_equal(install(s, request("p", .key = "again"), "f", "1", NULL), 0);
	assert_string_equal(s->stack[0]->id, first);
	assert_string_equal(s->stack[0]->meta->key, "again");
	assert_string_equal(s->stack[0]->meta->previous, "");
	assert_int_equal(count("state/layers"), 2);
	assert_int_equal(count("state/pending"), 0);
	assert_int_equal(install(s, request("p"), "f", "2", NULL), 0);
	assert_string_not_equal(s->stack[0]->id, first);
	assert_string_equal(s->stack[0]->meta->previous, first);
	assert_int_equal(s->n, 1);
	assert_int_equal(count("state/layers"), 3);
	state_close(s);
}

static void requests_are_judged(void **state)
{
	const struct {
		const struct install_request *q;
		int r;
	} cases[] = {
		{ request("../p"), -EINVAL },
		{ request(""), -EINVAL },
		{ request("local"), -EINVAL },
		{ request("p", .version = "1/2"), -EINVAL },
		{ request("p", .version = ""), -EINVAL },
		{ request("p", .key = "a\nb"), -EINVAL },
		{ request("p", .key = "a\tb"), -EINVAL },
		{ request("p", .key = "a\rb"), -EINVAL },
		{ request("p", .key = "a\033b"), -EINVAL },
		{ request("p", .needs = "../q"), -EINVAL },
		{ request("p", .replaces = "q,.r"), -EINVAL },
		{ request("p", .needs = "missing"), -ENOENT },
		{ request("p", .needs = "p"), -ENOENT },
	};
	char key[130];

	(void)state;
	struct state *s = open_state();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *problem = NULL;
		struct install *install = NULL;
		int r = begin(s, cases[i].q, &install, &problem);

		if (r != cases[i].r || !problem)
			fail_msg("case %zu: %d %s", i, r, problem ? problem : "(nothing said)");
		assert_int_equal(count("state/pending"), 0);
	}
	memset(key, 'k', 129);
	key[129] = '\0';
	assert_int_equal(install(s, request("p", .key = key), "f", "1", NULL), -EINVAL);
	key[128] = '\0';
	assert_int_equal(install(s, request("p", .key = key), "f", "1", NULL), 0);
	assert_string_equal(s->stack[0]->meta->key, key);
	state_close(s);
}

static void a_build_sees_what_it_needs(void **state)
{
	autofree char *problem = NULL;
	struct install *i = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "a", "1", NULL), 0);
	assert_int_equal(install(s, request("b", .needs = "a"), "b", "1", NULL), 0);
	assert_int_equal(install(s, request("c"), "c", "1", NULL), 0);
	assert_int_equal(begin(s, request("d", .needs = "b"), &i, &problem), 0);
	assert_int_equal(i->below->n, 3);
	assert_string_equal(layer_package(i->below->v[0]), "b");
	assert_string_equal(layer_package(i->below->v[1]), "a");
	assert_int_equal(i->below->v[2]->origin, ORIGIN_BASE);
	assert_int_equal(install_abort(s, i), 0);
	install_free(i);
	assert_int_equal(begin(s, request("a", .needs = "b"), &i, &problem), -ELOOP);
	assert_non_null(problem);
	state_close(s);
}

/* What is installed in between is not taken for what was asked for. */
static void needs_can_be_fixed(void **state)
{
	autofree char *fixed = NULL;
	char sees[DIGEST_HEX];
	struct install *i = NULL;
	char *problem = NULL;
	char lines[256];

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "a", "1", NULL), 0);
	assert_int_equal(install(s, request("b", .needs = "a"), "b", "1", NULL), 0);
	assert_true(asprintf(&fixed, "b=%s", state_find(s, "b")->id) > 0);
	snprintf(lines, sizeof(lines), "a %s\nb %s\n", state_find(s, "a")->id,
		 state_find(s, "b")->id);
	assert_int_equal(digest_of_data(lines, strlen(lines), sees), 0);
	assert_int_equal(
		begin(s, request("c", .needs = "b", .layers = fixed, .sees = sees), &i, &problem),
		0);
	assert_int_equal(install_abort(s, i), 0);
	install_free(i);
	/* another a: b is what it was, and what c would see is not */
	assert_int_equal(install(s, request("a"), "a", "2", NULL), 0);
	assert_int_equal(begin(s, request("c", .needs = "b", .layers = fixed), &i, &problem), 0);
	assert_int_equal(install_abort(s, i), 0);
	install_free(i);
	assert_int_equal(begin(s, request("c", .needs = "b", .sees = sees), &i, &problem), -ESTALE);
	assert_non_null(problem);
	free(take_ptr(problem));
	assert_int_equal(install(s, request("b", .needs = "a"), "b", "2", NULL), 0);
	assert_int_equal(begin(s, request("c", .needs = "b", .layers = fixed), &i, &problem),
			 -ESTALE);
	assert_non_null(strstr(problem, fixed + 2));
	free(problem);
	state_close(s);
}

/* What is built to be looked at changes nothing, also when it has the bytes of what is there. */
static void an_install_can_be_put_aside(void **state)
{
	struct install *i = NULL;
	char *problem = NULL;
	autofree char *same = NULL;
	autofree char *other = NULL;
	struct layer *layer = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a", .key = "k"), "a", "1", NULL), 0);
	assert_int_equal(begin(s, request("a", .key = "k"), &i, &problem), 0);
	put("state/pending/a/root/a", "1");
	assert_int_equal(install_aside(s, i, &same), 0);
	install_free(i);
	assert_string_equal(same, state_find(s, "a")->id);
	assert_int_equal(begin(s, request("a", .key = "k"), &i, &problem), 0);
	put("state/pending/a/root/a", "2");
	assert_int_equal(install_aside(s, i, &other), 0);
	install_free(i);
	assert_string_not_equal(same, other);
	assert_int_equal(s->n, 1);
	assert_string_equal(state_find(s, "a")->id, same);
	assert_string_equal(state_find(s, "a")->meta->key, "k");
	assert_int_equal(state_open_layer(s, other, &layer), 0);
	assert_string_equal(layer->meta->key, "");
	layer_unref(layer);
	assert_int_equal(state_reload(s, &problem), 0);
	assert_string_equal(state_find(s, "a")->meta->key, "k");
	state_close(s);
}

/* A layer comes back by its id, also after its package was removed; what it took the place of is
 * one step back. */
static void a_layer_comes_back_by_its_id(void **state)
{
	autofree char *first = NULL;
	autofree char *second = NULL;
	char *problem = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "a", "1", NULL), 0);
	first = strdup(state_find(s, "a")->id);
	assert_int_equal(install(s, request("a"), "a", "2", NULL), 0);
	second = strdup(state_find(s, "a")->id);
	assert_int_equal(state_restore(s, first, &problem), 0);
	assert_string_equal(state_find(s, "a")->id, first);
	assert_int_equal(state_rollback(s, "a", &problem), 0);
	assert_string_equal(state_find(s, "a")->id, second);
	assert_int_equal(state_remove(s, "a", &problem), 0);
	assert_int_equal(state_restore(s, first, &problem), 0);
	assert_string_equal(state_find(s, "a")->id, first);
	assert_int_equal(s->n, 1);
	assert_int_equal(state_restore(s, "a-9-nothing", &problem), -ENOENT);
	assert_non_null(problem);
	free(problem);
	state_close(s);
}

static void an_aborted_install_leaves_nothing(void **state)
{
	autofree char *problem = NULL;
	struct install *one = NULL, *two = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(begin(s, request("p"), &one, &problem), 0);
	assert_int_equal(begin(s, request("p"), &two, &problem), -EBUSY);
	assert_non_null(strstr(problem, "'p'"));
	put("state/pending/p/root/usr/f", "x");
	assert_int_equal(install_abort(s, one), 0);
	install_free(one);
	assert_int_equal(count("state/pending"), 0);
	assert_int_equal(count("state/layers"), 1);
	assert_int_equal(s->n, 0);
	assert_int_equal(install(s, request("p"), "f", "1", NULL), 0);
	state_close(s);
}

static void a_refused_commit_leaves_all_as_it_was(void **state)
{
	autofree char *said = NULL;
	autofree char *before = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "usr/f", "1", NULL), 0);
	assert_int_equal(install(s, request("b"), "usr/g", "1", NULL), 0);
	before = fingerprint("state/layers");
	assert_int_equal(install(s, request("c"), "usr/f", "2", &said), -EEXIST);
	assert_non_null(strstr(said, "'a'"));
	assert_non_null(strstr(said, "'c'"));
	assert_non_null(strstr(said, "'usr/f'"));
	assert_stack(s, "a b");
	assert_untouched("state/layers", before);
	assert_int_equal(count("state/pending"), 0);
	assert_int_equal(install(s, request("c"), "usr/f", "1", NULL), 0); /* the same bytes */
	assert_stack(s, "a b c");
	assert_int_equal(install(s, request("a", .replaces = "c"), "usr/f", "3", NULL), 0);
	assert_stack(s, "b c a");
	state_close(s);
}

/* A circle is noticed last of all: the layer must not have changed by then. */
static void a_circle_leaves_all_as_it_was(void **state)
{
	autofree char *said = NULL;
	autofree char *problem = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "f", "1", NULL), 0);
	assert_int_equal(install(s, request("b", .needs = "a"), "g", "1", NULL), 0);
	assert_int_equal(install(s, request("a", .replaces = "b"), "f", "1", &said), -ELOOP);
	assert_non_null(strstr(said, "a -> b -> a"));
	assert_stack(s, "a b");
	assert_int_equal(count("state/pending"), 0);
	state_close(s);
	s = open_state();
	assert_stack(s, "a b");
	assert_int_equal(s->stack[0]->meta->replaces.n, 0);
	assert_int_equal(install(s, request("c"), "h", "1", &problem), 0);
	state_close(s);
}

static void packages_are_removed(void **state)
{
	autofree char *problem = NULL;
	autofree char *none = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "a", "1", NULL), 0);
	assert_int_equal(install(s, request("b", .needs = "a"), "b", "1", NULL), 0);
	assert_int_equal(state_remove(s, "a", &problem), -EBUSY);
	assert_non_null(strstr(problem, "'b'"));
	assert_stack(s, "a b");
	assert_int_equal(state_remove(s, "zlib", &none), -ENOENT);
	assert_int_equal(state_remove(s, "b", &problem), 0);
	assert_int_equal(state_remove(s, "a", &problem), 0);
	state_close(s);
	s = open_state();
	assert_stack(s, "");
	assert_int_equal(count("state/layers"), 3); /* kept until gc */
	state_close(s);
}

/* The stack never holds a package without what it needs, whatever happens in which order. */
static void needs_cannot_go_while_a_package_installs(void **state)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	autofree char *problem = NULL;
	struct install *i = NULL;
	int removed, committed;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "a", "1", NULL), 0);
	assert_int_equal(begin(s, request("b", .needs = "a"), &i, &problem), 0);
	put("state/pending/b/root/b", "1");
	removed = state_remove(s, "a", &problem);
	committed = install_commit(s, i, &problems, &notes);
	install_free(i);
	assert_true(removed < 0 || committed < 0);
	state_close(s);
}

static void who_installs_nothing_is_told(void **state)
{
	static const char *const files[] = { NULL, "usr/f" };

	(void)state;
	struct state *s = open_state();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		autostrv struct strv problems = { 0 }, notes = { 0 };
		autofree char *problem = NULL;
		struct install *p = NULL;

		assert_int_equal(begin(s, request("p"), &p, &problem), 0);
		make_dirs("state/pending/p/root/usr");
		if (files[i])
			put("state/pending/p/root/usr/f", "1");
		assert_int_equal(install_commit(s, p, &problems, &notes), 0);
		install_free(p);
		assert_int_equal(notes.n, files[i] ? 0 : 1);
		if (!files[i])
			assert_string_equal(notes.v[0], "package 'p' has installed no files");
	}
	state_close(s);
}

static void a_rollback_brings_the_old_layer(void **state)
{
	autofree char *problem = NULL;
	autofree char *old = NULL;
	autofree char *new = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "f", "1", NULL), 0);
	assert_int_equal(state_rollback(s, "a", &problem), -ENOENT);
	assert_non_null(problem);
	old = strdup(s->stack[0]->id);
	assert_int_equal(install(s, request("a", .version = "2"), "f", "2", NULL), 0);
	new = strdup(s->stack[0]->id);
	free(take_ptr(problem));
	assert_int_equal(state_rollback(s, "a", &problem), 0);
	assert_string_equal(s->stack[0]->id, old);
	state_close(s);
	s = open_state();
	assert_string_equal(s->stack[0]->id, old);
	/* what came meanwhile is in the way of the new one's successor, not of the stack */
	assert_int_equal(install(s, request("a", .version = "2"), "f", "2", NULL), 0);
	assert_string_equal(s->stack[0]->id, new);
	assert_int_equal(install(s, request("b"), "f", "2", NULL), 0);
	assert_int_equal(state_rollback(s, "a", &problem), -EEXIST);
	assert_non_null(strstr(problem, "'b'"));
	assert_string_equal(state_find(s, "a")->id, new);
	state_close(s);
}

/* A package that was removed comes back as it was: not one of its other builds, not a namesake. */
static void a_rollback_undoes_a_removal(void **state)
{
	autostrv struct strv gone = { 0 }, keep = { 0 };
	autofree char *problem = NULL;
	autofree char *first = NULL;
	struct state *s = open_state();

	(void)state;
	assert_int_equal(install(s, request("a"), "f", "1", NULL), 0);
	first = strdup(s->stack[0]->id);
	assert_int_equal(install(s, request("a-1", .version = "2"), "g", "1", NULL), 0);
	assert_int_equal(state_remove(s, "a-1", &problem), 0);
	assert_int_equal(install(s, request("a"), "f", "2", NULL), 0);
	assert_int_equal(state_remove(s, "a", &problem), 0);
	/* an older one than that which was removed at last is in the stack again, and removed */
	assert_int_equal(install(s, request("a"), "f", "1", NULL), 0);
	assert_int_equal(install(s, request("b", .needs = "a"), "h", "1", NULL), 0);
	assert_int_equal(state_remove(s, "b", &problem), 0);
	assert_int_equal(state_remove(s, "a", &problem), 0);
	assert_int_equal(state_rollback(s, "b", &problem), -ENOENT);
	assert_non_null(strstr(problem, "needs 'a'"));
	free(take_ptr(problem));
	state_close(s);
	s = open_state();
	assert_int_equal(state_rollback(s, "a", &problem), 0);
	assert_string_equal(state_find(s, "a")->id, first);
	assert_int_equal(state_rollback(s, "b", &problem), 0);
	assert_stack(s, "a b");
	assert_int_equal(state_rollback(s, "a-1", &problem), 0);
	assert_int_equal(state_remove(s, "b", &problem), 0);
	assert_int_equal(state_gc(s, &keep, &gone), 0);
	assert_int_equal(state_rollback(s, "b", &problem), -ENOENT);
	assert_non_null(strstr(problem, "no package 'b'"));
	state_close(s);
}

/* A token that nobody has asked for lies in a layer's folder until gc, or another install of it. */
static void a_token_left_over_does_no_harm(void **state)
{
	autostrv struct strv gone = { 0 }, keep = { 0 };
	autofree char *problem = NULL;
	autofree char *token = NULL;
	autofree char *id = NULL;
	struct layer *layer = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a", .token = "t1"), "f", "1", NULL), 0);
	id = strdup(s->stack[0]->id);
	assert_true(asprintf(&token, "state/layers/%s/token", id) > 0);
	assert_file(token, "t1");
	state_close(s);
	s = open_state();
	assert_stack(s, "a");
	assert_int_equal(install_find_done(s, "a", "t2", &problem), -ENOENT);
	assert_int_equal(install_find_done(s, "a", "", &problem), -ENOENT);
	assert_int_equal(install_find_done(s, "a", "t1", &problem), 0);
	/* the same bytes have the same name, and the newer token */
	assert_int_equal(install(s, request("a", .token = "t22"), "f", "1", NULL), 0);
	assert_string_equal(s->stack[0]->id, id);
	assert_file(token, "t22");
	assert_int_equal(install(s, request("a", .token = "t3"), "f", "1", NULL), 0);
	assert_file(token, "t3");
	install_settled(s, "a");
	assert_int_equal(access(token, F_OK), -1);
	put(token, "t4");
	assert_int_equal(state_open_layer(s, id, &layer), 0);
	layer_unref(layer);
	assert_int_equal(state_remove(s, "a", &problem), 0);
	assert_int_equal(state_gc(s, &keep, &gone), 0);
	assert_int_equal(gone.n, 1);
	assert_int_equal(count("state/layers"), 1);
	state_close(s);
}

static void gc_takes_what_nobody_names(void **state)
{
	autostrv struct strv gone = { 0 }, keep = { 0 };
	autofree char *problem = NULL;
	autofree char *first = NULL;
	autofree char *second = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "f", "1", NULL), 0);
	first = strdup(s->stack[0]->id);
	assert_int_equal(install(s, request("a"), "f", "2", NULL), 0);
	second = strdup(s->stack[0]->id);
	assert_int_equal(install(s, request("a"), "f", "3", NULL), 0);
	assert_int_equal(strv_add(&keep, second), 0);
	assert_int_equal(state_gc(s, &keep, &gone), 0);
	assert_int_equal(gone.n, 1);
	assert_string_equal(gone.v[0], first);
	assert_int_equal(count("state/layers"), 3);
	assert_int_equal(state_rollback(s, "a", &problem), 0);
	assert_int_equal(state_rollback(s, "a", &problem), -ENOENT); /* to what is gone */
	assert_non_null(problem);
	assert_string_equal(s->stack[0]->id, second);
	state_close(s);
}

enum { MANY = 300 };

/* Install `a` with many files: always the same. */
static void install_many(struct state *s)
{
	autostrv struct strv problems = { 0 }, notes = { 0 };
	autofree char *problem = NULL;
	struct install *i = NULL;

	assert_int_equal(begin(s, request("a"), &i, &problem), 0);
	for (unsigned n = 0; n < MANY; n++) {
		char path[64];

		snprintf(path, sizeof(path), "state/pending/a/root/d%u/f%u", n % 7, n);
		put(path, path);
	}
	assert_int_equal(install_commit(s, i, &problems, &notes), 0);
	install_free(i);
}

static void assert_whole(struct state *s, const char *id)
{
	struct layer *layer = NULL;
	uint64_t files, bytes;

	assert_int_equal(state_open_layer(s, id, &layer), 0);
	assert_int_equal(tree_count(layer, &files, &bytes), 0);
	assert_int_equal(files, MANY);
	layer_unref(layer);
}

/* Killed while it deletes: the layer's name stands for all of it or for nothing. */
static void a_gc_that_is_cut_short_leaves_no_half_layer(void **state)
{
	autofree char *folder = NULL;
	autofree char *id = NULL;
	autofree char *problem = NULL;

	(void)state;
	struct state *s = open_state();
	for (unsigned round = 0; round < 10; round++) {
		struct strv gone = { 0 }, keep = { 0 };
		pid_t pid;

		install_many(s);
		if (!id)
			id = strdup(state_find(s, "a")->id);
		assert_string_equal(state_find(s, "a")->id, id);
		assert_whole(s, id);
		assert_int_equal(state_remove(s, "a", &problem), 0);
		pid = fork();
		if (pid == 0)
			_exit(state_gc(s, &keep, &gone) == 0 ? 0 : 1);
		usleep(round * 400);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		if (!folder)
			assert_true(asprintf(&folder, "state/layers/%s", id) > 0);
		if (is_there(folder))
			assert_whole(s, id);
	}
	/* what a gc has begun the next one, or the next mount, ends */
	struct strv gone = { 0 }, keep = { 0 };
	assert_int_equal(state_gc(s, &keep, &gone), 0);
	strv_release(&gone);
	assert_int_equal(count("state/layers"), 1);
	assert_int_equal(count("state/work"), 0);
	state_close(s);
}

/* Whoever took files out of a layer, what is installed is whole. */
static void a_damaged_layer_is_not_taken_again(void **state)
{
	autofree char *problem = NULL;
	autofree char *file = NULL;
	autofree char *id = NULL;
	struct state *s = open_state();
	int held;

	(void)state;
	install_many(s);
	id = strdup(state_find(s, "a")->id);
	assert_true(asprintf(&file, "state/layers/%s/root/d1/f1", id) > 0);
	held = open(file, O_RDONLY | O_CLOEXEC);
	assert_true(held >= 0);
	remove_path(file);
	install_many(s); /* in the stack */
	assert_string_equal(state_find(s, "a")->id, id);
	assert_whole(s, id);
	assert_int_equal(state_remove(s, "a", &problem), 0);
	put(file, "other bytes");
	install_many(s); /* only on disk */
	assert_file(file, "state/pending/a/root/d1/f1");
	assert_int_equal(state_remove(s, "a", &problem), 0);
	strstr(file, "/root")[0] = '\0';
	remove_path(file); /* all of it */
	put(file, "no folder at all");
	install_many(s);
	assert_whole(s, id);
	close(held);
	state_close(s);
	s = open_state();
	assert_int_equal(count("state/work"), 0);
	assert_whole(s, id);
	state_close(s);
}

static void a_rollback_to_a_damaged_layer_is_refused(void **state)
{
	autofree char *problem = NULL;
	autofree char *file = NULL;
	autofree char *now = NULL;
	struct state *s = open_state();

	(void)state;
	install_many(s);
	assert_true(asprintf(&file, "state/layers/%s/root/d1/f1", state_find(s, "a")->id) > 0);
	assert_int_equal(install(s, request("a"), "f", "2", NULL), 0);
	now = strdup(state_find(s, "a")->id);
	remove_path(file);
	assert_int_equal(state_rollback(s, "a", &problem), -EBADMSG);
	assert_non_null(strstr(problem, "299 of 300 files"));
	assert_string_equal(state_find(s, "a")->id, now);
	state_close(s);
}

static void one_changes_a_state_at_a_time(void **state)
{
	autofree char *problem = NULL;
	struct state *other = NULL;

	(void)state;
	struct state *s = open_state();
	assert_int_equal(install(s, request("a"), "f", "1", NULL), 0);
	make_dirs("state/pending/b/root");
	put("state/work/x", "x");
	assert_int_equal(state_open("state", true, &other, &problem), -EBUSY);
	assert_non_null(problem);
	assert_true(is_there("state/pending/b")); /* not his to clear away */
	assert_true(is_there("state/work/x"));
	free(take_ptr(problem));
	assert_int_equal(state_open("state", false, &other, &problem), 0);
	assert_stack(other, "a");
	assert_true(is_there("state/pending/b"));
	state_close(other);
	state_close(s);
	s = open_state(); /* after an unclean end */
	assert_int_equal(count("state/pending"), 0);
	assert_int_equal(count("state/work"), 0);
	assert_stack(s, "a");
	state_close(s);
}

static void other_folders_are_no_state(void **state)
{
	autofree char *problem = NULL;
	struct state *s = NULL;

	(void)state;
	assert_int_equal(state_open("missing", false, &s, &problem), -ENOENT);
	make_dirs("empty");
	assert_int_equal(state_open("empty", false, &s, &problem), -ENOENT);
	assert_non_null(problem);
	assert_true(state_open("empty/a/b", true, &s, &problem) < 0);
	assert_int_equal(state_open("empty", true, &s, &problem), 0);
	state_close(s);
	free(take_ptr(problem));
	put("state/version", "2\n");
	assert_int_equal(state_open("state", true, &s, &problem), -EPROTO);
	free(take_ptr(problem));
	assert_int_equal(state_open("state", false, &s, &problem), -EPROTO);
	assert_false(is_there("state/layers"));
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	if (stat(path, &st) < 0 || (st.st_mode & 07777) != mode)
		fail_msg("'%s' has mode %o, not %o", path, st.st_mode & 07777, mode);
}

/* Nobody else gets to the set-id programs of layers, done or in the making. */
static void a_state_is_its_owners(void **state)
{
	static const char *const folders[] = { "state", "state/layers", "state/pending",
					       "state/work", "state/layers/local" };
	autofree char *problem = NULL;
	autofree char *layer = NULL;
	struct install *i = NULL;
	struct state *s;

	(void)state;
	s = open_state();
	assert_int_equal(install(s, request("a"), "f", "1", NULL), 0);
	assert_int_equal(begin(s, request("b"), &i, &problem), 0);
	for (size_t n = 0; n < ARRAY_SIZE(folders); n++)
		assert_mode(folders[n], 0700);
	assert_mode("state/pending/b", 0700);
	assert_mode("state/layers/local/root", 0755); /* the mount shows it */
	assert_true(asprintf(&layer, "state/layers/%s", s->stack[0]->id) > 0);
	assert_mode(layer, 0700);
	install_free(i);
	state_close(s);
	/* one that an older version has made */
	assert_int_equal(chmod("state", 0755), 0);
	s = open_state();
	assert_mode("state", 0700);
	state_close(s);
}

/* Somebody says --state ~ where a folder "work" has a year of it. */
static void folders_with_something_else_are_spared(void **state)
{
	autofree char *problem = NULL;
	struct state *s = NULL;
	int r;

	(void)state;
	put("home/work/thesis", "text");
	put("home/pending/letter", "text");
	r = state_open("home", true, &s, &problem);
	if (r == 0)
		state_close(s);
	assert_file("home/work/thesis", "text");
	assert_file("home/pending/letter", "text");
	assert_true(r < 0);
}

/* A power cut before the state had any file but the first one's beginning, or in any later write.
 */
static void half_written_files_are_cleared_away(void **state)
{
	struct state *s = NULL;
	autofree char *problem = NULL;

	(void)state;
	put("state/.version.1b2c", "1");
	assert_int_equal(state_open("state", true, &s, &problem), 0);
	state_close(s);
	assert_false(is_there("state/.version.1b2c"));
	put("state/.stack.1b2c", "xsysfs-stack 1\na-1");
	put("state/.base.1b2c", "");
	put("state/.mine", "text");
	assert_int_equal(state_open("state", true, &s, &problem), 0);
	state_close(s);
	assert_false(is_there("state/.stack.1b2c"));
	assert_false(is_there("state/.base.1b2c"));
	assert_file("state/.mine", "text");
}

static void a_hostile_state_is_refused(void **state)
{
	static const char *const stacks[] = {
		"xsysfs-stack 1\n../../evil\n",
		"xsysfs-stack 1\nmissing-1-0\n",
		"xsysfs-stack 1\nlocal\n",
		"xsysfs-stack 2\n",
		"",
	};
	struct state *s = open_state();

	(void)state;
	assert_int_equal(install(s, request("a"), "f", "1", NULL), 0);
	state_close(s);
	put("evil/meta",
	    "package = e\nversion = 1\nfiles = 0\nbytes = 0\nwhen = 0\nwhen-nsec = 0\n");
	make_dirs("evil/root");
	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		autofree char *problem = NULL;

		put("state/stack", stacks[i]);
		if (state_open("state", true, &s, &problem) == 0)
			fail_msg("case %zu was taken", i);
		assert_non_null(problem);
	}
	/* a layer that is a link out of the state */
	autofree char *problem = NULL;
	put_link("../../evil", "state/layers/e-1-0");
	put("state/stack", "xsysfs-stack 1\ne-1-0\n");
	assert_true(state_open("state", true, &s, &problem) < 0);
}

/* The layer that `previous` names is opened by that name. */
static void a_hostile_previous_leads_nowhere(void **state)
{
	autofree char *problem = NULL;
	struct state *s = NULL;
	int r;

	(void)state;
	s = open_state();
	state_close(s);
	put("evil/meta", "package = e\nversion = 1\nkey =\nprevious =\nneeds =\nreplaces =\n"
			 "files = 0\nbytes = 0\nwhen = 0\nwhen-nsec = 0\n");
	make_dirs("evil/root");
	put("state/layers/e-1-0/meta",
	    "package = e\nversion = 1\nkey =\nprevious = ../../evil\nneeds =\nreplaces =\n"
	    "files = 0\nbytes = 0\nwhen = 0\nwhen-nsec = 0\n");
	make_dirs("state/layers/e-1-0/root");
	put("state/stack", "xsysfs-stack 1\ne-1-0\n");
	r = state_open("state", true, &s, &problem);
	if (r == 0) {
		r = state_rollback(s, "e", &problem);
		state_close(s);
	}
	assert_true(r < 0);
}

static void the_base_is_remembered(void **state)
{
	autofree char *problem = NULL;
	autofree char *real = NULL;
	struct state *s = open_state();

	(void)state;
	real = realpath("base", NULL);
	assert_int_equal(state_set_base(s, "missing", &problem), -ENOENT);
	assert_non_null(problem);
	assert_string_equal(s->base_path, real);
	state_close(s);
	free(take_ptr(problem));
	assert_int_equal(state_open("state", false, &s, &problem), 0);
	assert_string_equal(s->base_path, real);
	assert_null(s->base);
	autolayerset struct layerset *all = state_layers(s, true, true, NULL);
	assert_int_equal(all->n, 1);
	assert_ptr_equal(all->v[0], s->local);
	state_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(a_commit_is_on_disk),
		temp_test(the_id_is_the_contents),
		temp_test(requests_are_judged),
		temp_test(a_build_sees_what_it_needs),
		temp_test(needs_can_be_fixed),
		temp_test(an_install_can_be_put_aside),
		temp_test(a_layer_comes_back_by_its_id),
		temp_test(an_aborted_install_leaves_nothing),
		temp_test(a_refused_commit_leaves_all_as_it_was),
		temp_test(a_circle_leaves_all_as_it_was),
		temp_test(packages_are_removed),
		temp_test(needs_cannot_go_while_a_package_installs),
		temp_test(who_installs_nothing_is_told),
		temp_test(a_rollback_brings_the_old_layer),
		temp_test(a_rollback_undoes_a_removal),
		temp_test(a_token_left_over_does_no_harm),
		temp_test(gc_takes_what_nobody_names),
		temp_test(a_gc_that_is_cut_short_leaves_no_half_layer),
		temp_test(a_damaged_layer_is_not_taken_again),
		temp_test(a_rollback_to_a_damaged_layer_is_refused),
		temp_test(one_changes_a_state_at_a_time),
		temp_test(other_folders_are_no_state),
		temp_test(a_state_is_its_owners),
		temp_test(folders_with_something_else_are_spared),
		temp_test(half_written_files_are_cleared_away),
		temp_test(a_hostile_state_is_refused),
		temp_test(a_hostile_previous_leads_nowhere),
		temp_test(the_base_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
