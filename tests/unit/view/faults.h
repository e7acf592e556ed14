// SPDX-License-Identifier: GPL-2.0-or-later
/* faults.h - layers with one of everything, and all that shows of them, for the tests in which each
 * system call fails in turn. To be included after <cmocka.h>.
 */
#pragma once

#include "fs/view/view.h"
#include "tests/fuzz/fault.h"
#include "tests/unit/engine.h"

static const struct owner nobody = { .uid = 1234, .gid = 1234, .umask = 022 };

/* ---- the layers before each change ---- */

static inline void build_layers(void)
{
	put("base/low", "low");
	put("base/lower/in", "in");
	put("base/lower/sub/deep", "deep");
	put("base/emptied/x", "x");
	put("base/emptied/y", "y");
	put("base/one", "linked");
	put_hard_link("base/one", "base/lower/two");
	put_hard_link("base/one", "base/three");
	put_link("target", "base/link");
	put("base/gone", "gone");
	put("base/hidden/old", "old");
	put("base/again/old", "old");
	put("base/alone/old", "old");
	put("base/raised", "raised");
	put("p/mid", "mid");
	put_opaque("p/alone");
	put("p/alone/mid", "mid");
	put("base/over", "base");
	assert_int_equal(chmod("base/low", 04755), 0);
	assert_int_equal(setxattr("base/low", "user.t", "below", 5, 0), 0);
}

static inline int make_at(struct world *w, const char *path, mode_t mode)
{
	const char *name;
	struct node *dir = dir_of(w, path, &name), *node = NULL;
	struct stat st;
	int r = view_make(dir, name, mode, 0, nobody, &node, &st);

	drop(w, dir);
	node_unref(&w->nodes, node);
	return r;
}

static inline void prepare(struct world *w)
{
	build_layers();
	world_open(w, "p");
	assert_int_equal(rm(w, "emptied/x"), 0);
	assert_int_equal(rm(w, "emptied/y"), 0);
	assert_int_equal(rm(w, "gone"), 0);
	assert_int_equal(rm(w, "hidden/old"), 0);
	assert_int_equal(rm_dir(w, "hidden"), 0);
	assert_int_equal(rm(w, "again/old"), 0);
	assert_int_equal(rm_dir(w, "again"), 0);
	assert_int_equal(make_dir(w, "again"), 0);
	assert_int_equal(write_text(w, "raised", "higher"), 0); /* has a note: its number */
	assert_int_equal(make_at(w, "device", S_IFCHR | 0600), 0);
	assert_int_equal(write_text(w, "high", "high"), 0);
	assert_int_equal(write_text(w, "over", "upper"), 0);
	assert_int_equal(make_dir(w, "upper"), 0);
	assert_int_equal(write_text(w, "upper/in", "in"), 0);
	assert_int_equal(make_dir(w, "empty"), 0);
	assert_int_equal(write_text(w, "twin", "twin"), 0);
	assert_int_equal(ln(w, "twin", "upper/twin"), 0);
}

/* ---- what shows ---- */

/* What somebody sees who looks at everything: a line of each thing, and one of what is in each
 * directory. What cannot be seen, for an error, has none. */
struct sight {
	struct world *w;
	bool numbers;
	struct strv lines;
	unsigned errors;
};

static inline void see_node(struct sight *s, struct node *node, const char *path);

static inline int see_contents(struct node *node, char **ret)
{
	struct file *file = NULL;
	int r;

	if (S_ISLNK(node->type))
		return view_readlink(node, ret);
	if (!S_ISREG(node->type)) {
		*ret = strdup("");
		return *ret ? 0 : -ENOMEM;
	}
	r = view_open(node, false, &file);
	if (r < 0)
		return r;
	*ret = calloc(1, 4096);
	if (!*ret || pread(file->fd, *ret, 4095, 0) < 0)
		r = -EIO;
	data_close(file);
	return r;
}

/* The value; `*list` are the names, each with its end turned into a blank. */
static inline int see_xattrs(struct node *node, char value[static 64], char list[static 256])
{
	ssize_t n = view_getxattr(node, "user.t", value, 63);

	if (n < 0 && n != -ENODATA)
		return n;
	value[n > 0 ? n : 0] = '\0';
	n = view_listxattr(node, list, 255);
	for (ssize_t i = 0; i < n; i++)
		list[i] = list[i] ? list[i] : ' ';
	list[n > 0 ? n : 0] = '\0';
	return n < 0 ? n : 0;
}

static inline int see_things(struct sight *s, struct node *node, const char *path)
{
	autofree char *text = NULL;
	char value[64], list[256];
	struct stat st;
	int r = view_getattr(node, &st);

	if (r == 0)
		r = see_contents(node, &text);
	if (r == 0)
		r = see_xattrs(node, value, list);
	if (r < 0)
		return r;
	if (!s->numbers || (S_ISLNK(node->type) && geteuid() != 0)) /* nothing keeps it: note.h */
		st.st_ino = 0;
	return strv_addf(&s->lines, "%s %o %u:%u links %lu number %lu '%s' %s '%s'", path,
			 st.st_mode, st.st_uid, st.st_gid, (unsigned long)st.st_nlink,
			 (unsigned long)st.st_ino, text, list, value);
}

static inline int see_names(struct sight *s, struct node *dir, const char *path)
{
	autonames struct names *names = NULL;
	autostrv struct strv shown = { 0 };
	autofree char *all = NULL;
	int r = view_list(dir, &names);

	if (r < 0)
		return r;
	for (size_t i = 0; i < names->n; i++)
		if (!names->v[i].whiteout)
			strv_add(&shown, names->v[i].text);
	strv_sort(&shown);
	strv_foreach (name, &shown) {
		autofree char *below = NULL;
		struct node *child = NULL;

		assert_true(asprintf(&below, "%s/%s", path, *name) > 0);
		r = view_lookup(dir, *name, &child, NULL);
		assert_int_not_equal(r, -ENOENT);
		if (r == 0)
			see_node(s, child, below);
		else
			s->errors++;
		node_unref(&s->w->nodes, child);
	}
	all = strv_join(&shown, " ");
	return strv_addf(&s->lines, "%s/: %s", path, all);
}

static inline void see_node(struct sight *s, struct node *node, const char *path)
{
	s->errors += see_things(s, node, path) < 0;
	if (node->dir)
		s->errors += see_names(s, node, path) < 0;
}

/* All that shows, for the caller to free. */
static inline char *see(struct world *w, bool numbers)
{
	struct sight s = { .w = w, .numbers = numbers };
	char *all;

	see_node(&s, w->view->root, "");
	assert_int_equal(s.errors, 0);
	strv_sort(&s.lines);
	all = strv_join(&s.lines, "\n");
	assert_non_null(all);
	strv_release(&s.lines);
	return all;
}

/* Which of these lines are not there? They are said. */
static inline bool has_lines(const char *what, const struct strv *lines, const struct strv *in)
{
	bool all = true;

	strv_foreach (line, lines)
		if (!strv_has(in, *line)) {
			fprintf(stderr, "%s%s\n", what, *line);
			all = false;
		}
	return all;
}

/* Thousands of small files come and go: not on a disk, where memory can hold them. */
static inline void go_to_memory(void)
{
	autofree char *where = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
	bool can;

	setenv("TMPDIR", "/dev/shm", 1);
	if (temp_setup(NULL) == 0) {
		can = setxattr(".", "user.t", "y", 1, 0) == 0;
		temp_teardown(NULL);
		if (can)
			return;
	}
	if (where)
		setenv("TMPDIR", where, 1);
	else
		unsetenv("TMPDIR");
}
