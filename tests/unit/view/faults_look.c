// SPDX-License-Identifier: GPL-2.0-or-later
/* Each system call of who looks fails in turn: what he sees then is true, or an error. Nothing that
 * is gone comes back, and nothing of the error stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/store/conflict.h"
#include "fs/store/meta.h"
#include "fs/store/tree.h"
#include "tests/unit/view/faults.h"

static const int errors[] = { EIO, ENOMEM, EPERM, EMFILE };

/* FAULTS_ERROR: of these, the one to look at. */
static bool is_wanted(int error)
{
	const char *only = getenv("FAULTS_ERROR");

	return !only || atoi(only) == error;
}

/* In a world that is opened anew. Returns false when there are fewer calls than `n`. */
static bool look_with_fault(struct world *w, unsigned n, int error, const struct strv *expected)
{
	struct sight s = { .w = w, .numbers = true };
	bool struck;

	fault_arm(FAULT_CALLS, n, error);
	see_node(&s, w->view->root, "");
	struck = fault_disarm();
	if (!has_lines("is not so: ", &s.lines, expected))
		fail_msg("where %s fails with %s, something else shows", fault_what(),
			 strerror(error));
	strv_release(&s.lines);
	return struck;
}

static void see_again(struct world *w, const char *expected, int error)
{
	autofree char *now = see(w, true);

	if (strcmp(now, expected) != 0)
		fail_msg("after %s has failed with %s, something else shows", fault_what(),
			 strerror(error));
}

static void look_at_all(const char *packages, int error)
{
	autostrv struct strv lines = { 0 };
	autofree char *expected = NULL;
	struct world w;
	bool more = true;

	world_open(&w, packages);
	expected = see(&w, true);
	assert_int_equal(strv_split(&lines, expected, "\n"), 0);
	for (unsigned n = 1; more; n++) {
		world_reopen(&w, packages);
		more = look_with_fault(&w, n, error, &lines);
		see_again(&w, expected, error);
	}
	world_close(&w);
}

static void what_shows_is_true(void **state)
{
	struct world w;

	(void)state;
	prepare(&w);
	world_close(&w);
	put("q/mid", "upper"); /* so many layers have an index */
	put("r/lower/r", "r");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (is_wanted(errors[i]))
			look_at_all("p q r", errors[i]);
}

static void what_shows_is_true_on_an_overlay(void **state)
{
	fault_poor(true);
	what_shows_is_true(state);
	fault_poor(false);
}

/* ---- without a mount ---- */

static void a_layer_has_its_id(void **state)
{
	char hex[DIGEST_HEX], other[DIGEST_HEX];
	uint64_t files, bytes;
	struct world w;

	(void)state;
	prepare(&w);
	assert_int_equal(tree_hash(w.upper, hex, &files, &bytes), 0);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		bool more = true;

		for (unsigned n = 1; more; n++) {
			int r;

			fault_arm(FAULT_CALLS, n, errors[i]);
			r = tree_hash(w.upper, other, &files, &bytes);
			more = fault_disarm();
			if (r == 0 && strcmp(hex, other) != 0)
				fail_msg("where %s fails with %s, the id is another", fault_what(),
					 strerror(errors[i]));
		}
	}
	world_close(&w);
}

static void a_conflict_is_seen(void **state)
{
	struct layer *new, *old;

	(void)state;
	put_opaque("new/d");
	put("old/d/file", "hidden");
	new = open_layer(ORIGIN_PACKAGE, "new", "new");
	old = open_layer(ORIGIN_PACKAGE, "old", "old");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		bool more = true;

		for (unsigned n = 1; more; n++) {
			autostrv struct strv problems = { 0 };
			int r;

			fault_arm(FAULT_CALLS, n, errors[i]);
			r = conflict_find(new, &old, 1, &problems);
			more = fault_disarm();
			if (r == 0 && problems.n != 1)
				fail_msg("where %s fails with %s, there is no conflict",
					 fault_what(), strerror(errors[i]));
		}
	}
	layer_unref(new);
	layer_unref(old);
}

/* Whose mark cannot be read is not one without notes. */
static void a_layer_knows_its_notes(void **state)
{
	struct layer *layer = NULL;
	struct world w;
	int fd;

	(void)state;
	prepare(&w);
	assert_int_equal(w.upper->notes, NOTE_SOME);
	world_close(&w);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		fd = open("local", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fault_arm(FAULT_CALLS, 1, errors[i]);
		assert_int_equal(layer_new(ORIGIN_LOCAL, "local", fd, NULL, &layer), -errors[i]);
		assert_true(fault_disarm());
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(what_shows_is_true),	    temp_test(what_shows_is_true_on_an_overlay),
		temp_test(a_layer_has_its_id),	    temp_test(a_conflict_is_seen),
		temp_test(a_layer_knows_its_notes),
	};

	go_to_memory();
	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
