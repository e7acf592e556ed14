// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes to the target, and what is different between two views. */
#include "fs/view/staging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/store/install.h"
#include "fs/store/state.h"
#include "fs/view/diff.h"
#include "fs/xs/xs.h"
#include "tests/unit/xs.h"

/* What the walk has said: paths, and directories with how much shows in them. */
struct notes {
	struct strv seen, entered;
};

static int note_entry(struct staging_entry *e, void *arg)
{
	struct notes *notes = arg;

	if (strcmp(e->path, "stop") == 0)
		return -ECANCELED;
	return strv_addf(&notes->seen, "%s%s", e->path, S_ISDIR(e->st.st_mode) ? "/" : "");
}

static void note_enter(const char *path, size_t n, void *arg)
{
	struct notes *notes = arg;

	strv_addf(&notes->entered, "%s=%zu", path, n);
}

static void only_what_the_target_lacks_is_staged(void **state)
{
	struct notes notes = { 0 };
	const struct staging_visitor visitor = { note_entry, note_enter, &notes };
	autostrv struct strv left = { 0 };
	autofree char *entered = NULL;
	autofree char *got = NULL;
	autofree char *said = NULL;

	(void)state;
	put("base/usr/lib/libc.so", "libc");
	put("base/usr/lib/libm.so", "libm");
	put("base/etc/passwd", "root");
	make_dirs("base/usr/empty");
	put("p/usr/lib/libz.so.1", "z");
	put_link("libz.so.1", "p/usr/lib/libz.so");
	put("p/usr/lib/libc.so", "another libc");
	put("p/usr/lib/libm.so", "libm");
	put_whiteout("p/etc/passwd");
	make_dirs("p/var/lib/zlib");
	make_dirs("p/usr/bin");
	make_dirs("p/usr/empty");
	put("p/opt/secret/key", "k");
	assert_int_equal(chmod("p/opt/secret", 0700), 0);
	put("p/usr/lib-a", "");
	put("p/usr/include/z.h", "z");
	struct xs *xs = open_xs_of("p");
	put("state/layers/local/root/usr/local/bin/mine", "x");
	assert_int_equal(staging_walk(xs->staging, xs->state, &visitor), 0);
	got = strv_join(&notes.seen, "\n");
	assert_string_equal(got, "opt/secret/\n"
				 "opt/secret/key\n"
				 "usr/include/z.h\n"
				 "usr/lib/libz.so\n"
				 "usr/lib/libz.so.1\n"
				 "usr/lib-a\n"
				 "usr/local/bin/mine\n"
				 "var/lib/zlib/");
	entered = strv_join(&notes.entered, " ");
	assert_string_equal(entered, "=4 etc=0 opt=1 opt/secret=1 usr=6 usr/bin=0 usr/empty=0 "
				     "usr/include=1 usr/lib=2 usr/local=1 usr/local/bin=1 var=1 "
				     "var/lib=1 var/lib/zlib=0");
	assert_int_equal(staging_left_out(xs->state, &left), 0);
	said = strv_join(&left, "\n");
	assert_int_equal(left.n, 2);
	assert_non_null(strstr(said, "deleted system file 'etc/passwd' (by 'p')"));
	assert_non_null(strstr(said, "modified system file 'usr/lib/libc.so' (by 'p')"));
	/* by hand, through the root view: staging has listed its own root before */
	struct owner me = { geteuid(), getegid(), 0 };
	struct node *stop = NULL;
	struct stat st;
	assert_int_equal(view_make(xs->root->root, "stop", S_IFREG | 0644, 0, me, &stop, &st), 0);
	node_unref(&xs->nodes, stop);
	assert_int_equal(staging_walk(xs->staging, xs->state, &visitor), -ECANCELED);
	strv_release(&notes.seen);
	strv_release(&notes.entered);
	xs_free(xs);
}

static int note_change(const struct diff_change *c, void *arg)
{
	if (strcmp(c->path, "stop") == 0)
		return 7;
	return strv_addf(arg, "%c %s%s%s", c->kind, c->path, *c->new_target ? " -> " : "",
			 c->new_target);
}

/* The differences between the folders old and new over the same base, one a line. */
static char *differences(void)
{
	autostrv struct strv seen = { 0 };
	struct world w;
	struct view *old = NULL;

	world_layers(&w, "old new");
	autolayerset struct layerset *a =
		layerset_new((struct layer *[]){ w.packages[0], w.base }, 2);
	autolayerset struct layerset *b =
		layerset_new((struct layer *[]){ w.packages[1], w.base }, 2);
	struct view_options options = { .read_only = true, .below = a, .work = -1 };
	assert_int_equal(view_new(&w.nodes, &w.files, &options, &old), 0);
	options.below = b;
	assert_int_equal(view_new(&w.nodes, &w.files, &options, &w.view), 0);
	int r = diff_views(old, w.view, note_change, &seen);
	if (r == 0)
		assert_int_equal(diff_views(w.view, w.view, note_change, NULL), 0);
	world_close(&w);
	view_free(old);
	return r ? NULL : strv_join(&seen, "\n");
}

static void each_difference_is_said_once(void **state)
{
	const struct timespec times[2] = { { 5, 0 }, { 6, 0 } };
	autofree char *got = NULL;
	autofree char *none = NULL;

	(void)state;
	put("base/untouched", "x");
	put("base/deleted", "x");
	put("base/back", "x");
	put("old/same", "x"), put("new/same", "x");
	assert_int_equal(utimensat(AT_FDCWD, "new/same", times, 0), 0);
	put("old/bytes", "x"), put("new/bytes", "y");
	put("old/mode", "x"), put("new/mode", "x");
	assert_int_equal(chmod("new/mode", 0755), 0);
	put_link("1", "old/target"), put_link("2", "new/target");
	put_link("1", "old/kind"), put("new/kind", "1");
	put("old/d/gone", "x"), make_dirs("new/d");
	put("old/wholly/gone/1", "x");
	put("new/wholly-new/sub/1", "x");
	make_dirs("new/empty");
	make_dirs("old/dirmode"), make_dirs("new/dirmode");
	assert_int_equal(chmod("new/dirmode", 0700), 0);
	put_whiteout("new/deleted");
	put_whiteout("old/back");
	put("old/became", "x"), put("new/became/dir", "x");
	got = differences();
	assert_string_equal(got, "A back\n"
				 "T became\n"
				 "A became/dir\n"
				 "M bytes\n"
				 "D d/gone\n"
				 "D deleted\n"
				 "M dirmode\n"
				 "A empty\n"
				 "T kind\n"
				 "M mode\n"
				 "M target -> 2\n"
				 "D wholly/gone/1\n"
				 "A wholly-new/sub/1");
	put("new/stop", "x");
	none = differences();
	assert_null(none);
}

static void names_in_the_virtual_folders(void **state)
{
	autofree char *problem = NULL;
	const struct install_request request = {
		.package = "r", .version = "1", .key = "", .needs = "q", .replaces = ""
	};
	struct node *top = NULL, *packages = NULL, *p = NULL, *f = NULL, *build = NULL, *r = NULL;
	struct sight *sight = NULL;
	struct stat st;

	(void)state;
	put("base/usr/b", "b");
	put("p/usr/p", "p");
	put("q/usr/q", "q");
	struct xs *xs = open_xs_of("p q");
	struct node *root = xs->root->root;
	assert_true(xs_is_virtual(xs, root, ".xsysfs"));
	assert_false(xs_is_virtual(xs, root, "usr"));
	assert_int_equal(xs_lookup_virtual(xs, root, ".xsysfs", &top, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(xs_lookup_virtual(xs, top, "packages", &packages, &st), 0);
	assert_int_equal(xs_lookup_virtual(xs, top, "missing", &p, &st), -ENOENT);
	assert_int_equal(xs_lookup_virtual(xs, packages, "missing", &p, &st), -ENOENT);
	assert_int_equal(xs_lookup_virtual(xs, packages, "p", &p, &st), 0);
	assert_int_equal(view_walk(p->view, "usr/p", &f, &st), 0);
	node_unref(&xs->nodes, f);
	assert_int_equal(view_walk(p->view, "usr/b", &f, &st), -ENOENT);
	assert_int_equal(view_unlink(p, "usr"), -EROFS);
	autonames struct names *names = NULL;
	assert_int_equal(xs_list_virtual(xs, packages, &names), 0);
	assert_int_equal(names->n, 3);
	assert_non_null(names_find(names, "local"));
	assert_non_null(names_find(names, "q"));
	assert_int_equal(xs_begin(xs, &request, &sight, &problem), 0);
	assert_int_equal(xs_lookup_virtual(xs, top, "build", &build, &st), 0);
	assert_int_equal(xs_lookup_virtual(xs, build, "r", &r, &st), 0);
	assert_ptr_equal(r, sight->view->root);
	autofree char *seen = NULL;
	struct node *usr = NULL;
	assert_int_equal(view_walk(r->view, "usr", &usr, NULL), 0);
	seen = node_names(usr);
	assert_string_equal(seen, "b q"); /* what it needs, and no more */
	node_unref(&xs->nodes, usr);
	autostrv struct strv pending = { 0 };
	assert_int_equal(xs_pending(xs, &pending), 0);
	assert_int_equal(pending.n, 1);
	assert_string_equal(pending.v[0], "r");
	xs_abort(xs, sight);
	assert_int_equal(view_getattr(r, &st), -ESTALE); /* a shell that stands in it */
	node_unref(&xs->nodes, r);
	assert_int_equal(xs_lookup_virtual(xs, build, "r", &r, &st), -ENOENT);
	assert_false(is_there("state/pending/r"));
	node_unref(&xs->nodes, build);
	node_unref(&xs->nodes, p);
	node_unref(&xs->nodes, packages);
	node_unref(&xs->nodes, top);
	xs_free(xs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		temp_test(only_what_the_target_lacks_is_staged),
		temp_test(each_difference_is_said_once),
		temp_test(names_in_the_virtual_folders),
	};

	temp_needs_marks();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
