// SPDX-License-Identifier: GPL-2.0-or-later
/* A copy-up changes no times of the directories that it puts names into, and takes none back that
 * somebody else changes meanwhile: between its change and its putting back, another thread comes.
 */
#include "fs/view/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "tests/unit/view/faults.h"

enum {
	OLD = 1000,	  /* the mtime of all directories below */
	SET = 2000,	  /* what touch(1) sets */
	DEADLINE = 20000, /* ms */
};

/* Somebody else's change of a directory. */
struct other {
	struct world *w;
	const char *dir;
	void (*change)(struct other *o);
	pthread_t thread;
	pid_t tid;    /* atomic; 0: not yet */
	bool is_done; /* atomic */
	struct node *node;
};

static void make_new(struct other *o)
{
	struct node *node = NULL;
	struct stat st;

	if (view_make(o->node, "new", S_IFREG | 0644, 0, nobody, &node, &st) == 0)
		node_unref(&o->w->nodes, node);
}

static void make_new_dir(struct other *o)
{
	struct node *node = NULL;
	struct stat st;

	if (view_make(o->node, "new", S_IFDIR | 0755, 0, nobody, &node, &st) == 0)
		node_unref(&o->w->nodes, node);
}

static void make_again(struct other *o) /* where a whiteout is */
{
	struct node *node = NULL;
	struct stat st;

	if (view_make(o->node, "gone", S_IFREG | 0644, 0, nobody, &node, &st) == 0)
		node_unref(&o->w->nodes, node);
}

static void remove_mine(struct other *o)
{
	view_unlink(o->node, "mine");
}

static void hide_low(struct other *o)
{
	view_unlink(o->node, "low");
}

static void remove_dir(struct other *o)
{
	view_rmdir(o->node, "sub");
}

static void touch(struct other *o)
{
	const struct timespec times[2] = { { SET, 0 }, { SET, 0 } };
	struct stat st = { 0 };

	view_setattr(o->node, VIEW_SET_TIMES, &st, times, &st);
}

static void *run_other(void *arg)
{
	struct other *o = arg;

	__atomic_store_n(&o->tid, gettid(), __ATOMIC_RELEASE);
	o->change(o);
	__atomic_store_n(&o->is_done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Does the thread wait for a lock? proc_pid_syscall(5) */
static bool is_waiting(pid_t tid)
{
	char path[64];
	long call = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	f = tid ? fopen(path, "re") : NULL;
	if (f && fscanf(f, "%ld", &call) != 1) /* "running" */
		call = -1;
	if (f)
		fclose(f);
	return call == SYS_futex;
}

/* The copy-up is between its change and putting the times back: the other comes, and is done, or
 * waits. */
static void let_other_come(void *arg)
{
	struct other *o = arg;
	int waited = 0, in_a_row = 0;

	if (pthread_create(&o->thread, NULL, run_other, o) != 0)
		abort();
	while (!__atomic_load_n(&o->is_done, __ATOMIC_ACQUIRE) && in_a_row < 20) {
		in_a_row =
			is_waiting(__atomic_load_n(&o->tid, __ATOMIC_ACQUIRE)) ? in_a_row + 1 : 0;
		poll(NULL, 0, 1);
		if (++waited > DEADLINE)
			abort();
	}
}

static time_t mtime_of(struct world *w, const char *path)
{
	struct stat st;

	assert_int_equal(look(w, path, &st), 0);
	return st.st_mtim.tv_sec;
}

static void set_old(const char *path)
{
	const struct timespec times[2] = { { OLD, 0 }, { OLD, 0 } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void open_world(struct world *w)
{
	put("base/d/file", "file");
	put("base/d/low", "low");
	put("base/d/gone", "gone");
	put_hard_link("base/d/file", "base/e/other");
	put("base/e/low", "low");
	put("base/e/gone", "gone");
	world_open(w, "p");
	for (size_t i = 0; i < 2; i++) {
		const char *d = i ? "e" : "d";
		char path[64];

		snprintf(path, sizeof(path), "%s/gone", d);
		assert_int_equal(rm(w, path), 0);
		snprintf(path, sizeof(path), "%s/mine", d);
		assert_int_equal(write_text(w, path, "mine"), 0);
		snprintf(path, sizeof(path), "%s/sub", d);
		assert_int_equal(make_dir(w, path), 0);
		snprintf(path, sizeof(path), "local/%s", d);
		set_old(path);
	}
}

/* Copy d/file up, and with it e/other; before it puts back the times of `o->dir`, the other does
 * his change. */
static void copy_up_beside(struct other *o, const char *dir, void (*change)(struct other *o))
{
	struct node *file = at(o->w, "d/file");
	struct file *opened = NULL;

	o->dir = dir;
	o->change = change;
	o->node = at(o->w, dir);
	/* the other names come first */
	fault_meanwhile("utimensat", strcmp(dir, "e") == 0 ? 1 : 2, let_other_come, o);
	assert_int_equal(view_open(file, true, &opened), 0);
	data_close(opened);
	assert_true(o->tid);
	assert_int_equal(pthread_join(o->thread, NULL), 0);
	assert_true(o->is_done);
	drop(o->w, o->node);
	drop(o->w, file);
}

static const struct {
	const char *what;
	void (*change)(struct other *o);
} changes[] = {
	{ "a file is made", make_new },
	{ "a directory is made", make_new_dir },
	{ "a deleted name is made again", make_again },
	{ "a file is removed", remove_mine },
	{ "a lower file is removed", hide_low },
	{ "a directory is removed", remove_dir },
	{ "the times are set", touch },
};

static void times_are_never_set_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(changes); i++) {
		const char *dir = i % 2 ? "e" : "d";
		struct world w;
		struct other o = { .w = &w };
		time_t now;

		make_dirs("t");
		assert_int_equal(chdir("t"), 0);
		open_world(&w);
		copy_up_beside(&o, dir, changes[i / 2].change);
		now = mtime_of(&w, dir);
		if (changes[i / 2].change == touch ? now != SET : now == OLD)
			fail_msg("%s in %s beside a copy-up: its mtime is %ld", changes[i / 2].what,
				 dir, (long)now);
		assert_int_equal(mtime_of(&w, strcmp(dir, "d") == 0 ? "e" : "d"), OLD);
		world_close(&w);
		assert_int_equal(chdir(".."), 0);
		remove_path("t");
	}
}

/* Who looks meanwhile would have the kernel keep what he sees. */
static time_t seen;

static void look_at_it(struct other *o)
{
	struct stat st;

	if (view_getattr(o->node, &st) == 0)
		seen = st.st_mtim.tv_sec;
}

static void nobody_sees_the_time_of_a_copy_up(void **state)
{
	struct world w;
	struct other o = { .w = &w };

	(void)state;
	open_world(&w);
	copy_up_beside(&o, "d", look_at_it);
	assert_int_equal(seen, OLD);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(times_are_never_set_back),
		temp_test(nobody_sees_the_time_of_a_copy_up),
	};

	go_to_memory();
	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
