// SPDX-License-Identifier: GPL-2.0-or-later
/* What is copied up: the file that somebody has open, under the names that it has now. */
#include "fs/view/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/engine.h"

/* Show the first `n` packages. */
static void show_packages(struct world *w, size_t n)
{
	autolayerset struct layerset *set = world_below(w, n, true);

	view_set_below(w->view, set);
}

static int write_byte(struct node *node)
{
	struct file *file = NULL;
	int r = view_open(node, true, &file);

	if (r < 0)
		return r;
	assert_int_equal(pwrite(file->fd, "V", 1, 0), 1);
	data_close(file);
	return 0;
}

static int change_mode(struct node *node)
{
	struct stat st, want = { .st_mode = 0600 };

	return view_setattr(node, VIEW_SET_MODE, &want, NULL, &st);
}

static int change_times(struct node *node)
{
	const struct timespec times[2] = { { 5, 0 }, { 6, 0 } };
	struct stat st;

	return view_setattr(node, VIEW_SET_TIMES, NULL, times, &st);
}

static int change_xattr(struct node *node)
{
	return view_setxattr(node, "user.color", "red", 3, 0);
}

/* A file that was open before an upgrade is changed after it, through what is open. */
static void a_file_of_before_an_upgrade_stays_out_of_the_way(void **state)
{
	static int (*const changes[])(struct node * node) = { write_byte, change_mode, change_times,
							      change_xattr };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		bool known = i % 2; /* the new file has been looked up */
		struct node *old, *now = NULL;
		struct world w;
		struct stat st;

		put("p1/d/f", "version 1");
		put("p2/d/f", "version 2");
		world_open(&w, "p1 p2");
		show_packages(&w, 1);
		old = at(&w, "d/f");
		show_packages(&w, 2);
		if (known)
			now = at(&w, "d/f");
		assert_int_equal(changes[i](old), 0);
		assert_false(is_there("local/d/f"));
		assert_text(&w, "d/f", "version 2");
		assert_node(old, changes[i] == write_byte ? "Version 1" : "version 1");
		assert_int_equal(view_getattr(old, &st), 0);
		assert_int_equal(st.st_nlink, 0);
		assert_int_equal(look(&w, "d/f", &st), 0);
		assert_int_equal(st.st_nlink, 1);
		if (known)
			drop(&w, now);
		drop(&w, old);
		world_close(&w);
		assert_file("p1/d/f", "version 1");
		assert_file("p2/d/f", "version 2");
	}
}

static void a_file_of_a_removed_package_does_not_come_back(void **state)
{
	struct node *f;
	struct world w;
	struct stat st;

	(void)state;
	put("p1/d/f", "version 1");
	world_open(&w, "p1");
	f = at(&w, "d/f");
	show_packages(&w, 0);
	assert_int_equal(write_byte(f), 0);
	assert_node(f, "Version 1");
	assert_int_equal(look(&w, "d", &st), -ENOENT);
	drop(&w, f);
	world_reopen(&w, "");
	assert_names(&w, "", "");
	world_close(&w);
}

/* It has no name any more, but it can get one: linkat(2) of what is open. */
static void what_has_lost_its_name_can_be_linked(void **state)
{
	struct node *old, *root;
	struct world w;
	struct stat st;

	(void)state;
	put("p1/f", "version 1");
	put("p2/f", "version 2");
	world_open(&w, "p1 p2");
	show_packages(&w, 1);
	old = at(&w, "f");
	root = at(&w, "");
	show_packages(&w, 2);
	assert_int_equal(view_link(old, root, "saved", &st), 0);
	assert_text(&w, "saved", "version 1");
	assert_text(&w, "f", "version 2");
	drop(&w, old);
	drop(&w, root);
	world_reopen(&w, "p1 p2");
	assert_text(&w, "saved", "version 1");
	assert_text(&w, "f", "version 2");
	world_close(&w);
}

/* The name by which it is known is another file's now, but it has another that shows. */
static void a_linked_file_is_changed_at_the_name_that_is_left(void **state)
{
	struct node *f, *again;
	struct world w;

	(void)state;
	put("base/f", "base");
	put_hard_link("base/f", "base/d/g");
	put("p1/f", "p1");
	world_open(&w, "p1");
	show_packages(&w, 0);
	f = at(&w, "f");
	show_packages(&w, 1);
	assert_int_equal(node_write(f, "new"), 0);
	assert_text(&w, "f", "p1");
	assert_text(&w, "d/g", "new");
	again = at(&w, "d/g");
	assert_ptr_equal(again, f);
	drop(&w, again);
	drop(&w, f);
	world_reopen(&w, "p1");
	assert_text(&w, "f", "p1");
	assert_text(&w, "d/g", "new");
	assert_file("base/f", "base");
	world_close(&w);
}

/* Nothing has changed to see in the directories of its names. */
static void a_linked_file_s_copy_keeps_the_times_of_its_directories(void **state)
{
	static const struct timespec times[2] = { { 1000, 1 }, { 2000, 2 } };
	static const char *const dirs[] = { "", "d", "d/e" };
	struct node *f;
	struct stat st;
	struct world w;

	(void)state;
	put("base/f", "base");
	put_hard_link("base/f", "base/g");
	put_hard_link("base/f", "base/d/g");
	put_hard_link("base/f", "base/d/e/g");
	world_open(&w, "");
	assert_int_equal(utimensat(AT_FDCWD, "base/d/e", times, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, "base/d", times, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, "local", times, 0), 0);
	f = at(&w, "d/g");
	assert_int_equal(node_write(f, "new"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		assert_int_equal(look(&w, dirs[i], &st), 0);
		assert_int_equal(st.st_mtim.tv_sec, 2000);
		assert_int_equal(st.st_mtim.tv_nsec, 2);
	}
	assert_text(&w, "g", "new");
	assert_text(&w, "d/e/g", "new");
	drop(&w, f);
	world_close(&w);
}

/* Where there is room for nothing more than is asked for. */
static void a_truncated_copy_is_no_longer_than_it_has_to_be(void **state)
{
	static const off_t sizes[] = { 0, 3, 100 };
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct stat st, old, want = { .st_size = sizes[i] };
		struct rlimit limit = { 0 }, small = { 0 };
		struct node *f;
		int r;

		put("base/f", "0123456789");
		assert_int_equal(truncate("base/f", 1 << 20), 0);
		world_open(&w, "");
		assert_int_equal(look(&w, "f", &old), 0);
		f = at(&w, "f");
		getrlimit(RLIMIT_FSIZE, &limit);
		small = limit;
		small.rlim_cur = 4096;
		setrlimit(RLIMIT_FSIZE, &small);
		r = view_setattr(f, VIEW_SET_SIZE, &want, NULL, &st);
		setrlimit(RLIMIT_FSIZE, &limit);
		assert_int_equal(r, 0);
		assert_int_equal(st.st_size, sizes[i]);
		assert_int_equal(st.st_ino, old.st_ino);
		assert_true(st.st_mtim.tv_sec > old.st_mtim.tv_sec ||
			    st.st_mtim.tv_nsec > old.st_mtim.tv_nsec);
		assert_node(f, sizes[i] == 0 ? "" : sizes[i] == 3 ? "012" : "0123456789");
		drop(&w, f);
		world_close(&w);
		remove_path("local");
	}
}

enum { DEEP = 20, LONG = 240 };

/* DEEP directories of LONG characters each, and in the last a file "f" that has the name "g" too:
 * no system call takes the whole path. Returns the last one. */
static int make_deep(const char *where)
{
	char name[LONG + 1];
	int dir, next;

	memset(name, 'd', LONG);
	name[LONG] = '\0';
	make_dirs(where);
	dir = open(where, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < DEEP; i++) {
		assert_int_equal(mkdirat(dir, name, 0755), 0);
		next = openat(dir, name, O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(dir);
		dir = next;
	}
	return dir;
}

static struct node *child(struct node *dir, const char *name)
{
	struct node *node = NULL;

	assert_int_equal(view_lookup(dir, name, &node, NULL), 0);
	return node;
}

static void a_path_may_be_longer_than_one_call_takes(void **state)
{
	struct node *dir, *f, *g;
	char name[LONG + 1];
	struct world w;
	struct stat st;
	int fd = make_deep("base");
	autofd int file = openat(fd, "f", O_WRONLY | O_CREAT, 0644);

	(void)state;
	assert_int_equal(write(file, "deep", 4), 4);
	assert_int_equal(linkat(fd, "f", fd, "g", 0), 0);
	close(fd);
	memset(name, 'd', LONG);
	name[LONG] = '\0';
	world_open(&w, "");
	dir = at(&w, "");
	for (int i = 0; i < DEEP; i++) {
		struct node *next = child(dir, name);

		drop(&w, dir);
		dir = next;
	}
	f = child(dir, "f");
	assert_int_equal(view_link(f, dir, "h", &st), 0);
	assert_int_equal(st.st_nlink, 3);
	assert_int_equal(node_write(f, "new"), 0);
	g = child(dir, "g");
	assert_ptr_equal(g, f);
	drop(&w, g);
	g = child(dir, "h");
	assert_ptr_equal(g, f);
	drop(&w, g);
	drop(&w, f);
	drop(&w, dir);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(a_file_of_before_an_upgrade_stays_out_of_the_way),
		temp_test(a_file_of_a_removed_package_does_not_come_back),
		temp_test(what_has_lost_its_name_can_be_linked),
		temp_test(a_linked_file_is_changed_at_the_name_that_is_left),
		temp_test(a_linked_file_s_copy_keeps_the_times_of_its_directories),
		temp_test(a_truncated_copy_is_no_longer_than_it_has_to_be),
		temp_test(a_path_may_be_longer_than_one_call_takes),
	};

	signal(SIGXFSZ, SIG_IGN);
	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
