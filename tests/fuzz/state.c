// SPDX-License-Identifier: GPL-2.0-or-later
/* state.c - a state as an enemy would write it: every file of it may be anything.
 *
 * The input is a list of things to make in the folder: texts, links that lead out, devices, xattrs,
 * and names that only look right. Then all that the commands and the daemon do with a state is
 * done. Nothing crashes, nothing outside of the folder is read or written, and the base stays as it
 * is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/store/install.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"
#include "fs/view/diff.h"
#include "fs/view/staging.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/walk.h"

static const char *const paths[] = {
	"version",
	"stack",
	"base",
	"lock",
	"layers",
	"pending",
	"work",
	"control",
	"layers/local",
	"layers/local/root",
	"layers/local/root/a",
	"layers/local/root/a/b",
	"layers/local/root/link/x",
	"layers/local/root/w",
	"layers/p-1-x",
	"layers/p-1-x/meta",
	"layers/p-1-x/root",
	"layers/p-1-x/root/a",
	"layers/p-1-x/root/a/b",
	"layers/p-1-x/root/w",
	"layers/p-1-x/root/.xsysfs",
	"layers/p-1-x/root/.xsysfs/staging",
	"layers/p-1-y",
	"layers/p-1-y/meta",
	"layers/p-1-y/root",
	"layers/p-1-y/root/a/b",
	"layers/q-2-x",
	"layers/q-2-x/meta",
	"layers/q-2-x/root",
	"layers/q-2-x/root/a",
	"layers/q-2-x/root/a/c",
	"layers/q-2-x/root/link",
	"pending/p",
	"pending/p/root/a",
	"pending/q",
	"work/x",
	"work/x/y",
	"layers/.hidden",
	"layers/other",
	"layers/other/root/a/b/c/d/e",
};

enum { FIRST_LAYER = 9 }; /* those before are the state's own */

static const char *const targets[] = {
	"canary",
	"../canary",
	"../../canary",
	"../../../canary",
	"../../../../canary",
	"../../../../../canary",
	"../../../../../canary/secret",
	"../canary/secret",
	"/proc/self/fd",
	"a",
	".",
	"..",
	"",
	"/",
	"../../p-1-y/root",
};

static const char *const texts[] = {
	"1\n",
	"2\n",
	"",
	"xsysfs-stack 1\n",
	"xsysfs-stack 1\np-1-x\n",
	"xsysfs-stack 1\np-1-x\nq-2-x\n",
	"xsysfs-stack 1\nq-2-x\np-1-y\np-1-x\n",
	"xsysfs-stack 1\n../../canary\n",
	"xsysfs-stack 1\np-1-x\np-1-x\n",
	"xsysfs-stack 1\nlocal\n",
	"xsysfs-stack 1\nother\n",
	"package = p\nversion = 1\nfiles = 1\nbytes = 1\nwhen = 1\nwhen-nsec = 0\n",
	"package = p\nversion = 1\nprevious = p-1-y\nneeds = q\nfiles = 1\nbytes = 1\nwhen = "
	"1\nwhen-nsec = 0\n",
	"package = q\nversion = 2\nneeds = p q\nreplaces = p\nfiles = 18446744073709551615\nbytes "
	"= 1\n"
	"when = 9223372036854775807\nwhen-nsec = 999999999\n",
	"package = q\nversion = 2\nneeds = nobody\nprevious = q-2-x\nfiles = 0\nbytes = 0\nwhen = "
	"0\n"
	"when-nsec = 0\n",
	"package = local\nversion = ../x\nfiles = -1\nbytes = 99999999999999999999\nwhen = x\n",
	"text of a file\n",
};

static const char *const xattrs[] = {
	"user.overlay.opaque",	 "user.overlay.whiteout", "user.overlay.redirect",
	"user.overlay.metacopy", "user.xsysfs.special",	  "user.xsysfs.note",
	"user.xsysfs.notes",	 "user.xsysfs.package",	  "user.t",
	"trusted.xsysfs.note"
};

static const char *const values[] = { "y",	  "x",	      "",	   "c 0 0",
				      "u0 g0",	  "m104755",  "i99999999", "u4294967295",
				      "i0 i1 i2", "u-1 gx m", "/a",	   "../../../../canary" };

/* Bytes of the input itself, or one of the usual ones. */
static size_t some_bytes(struct choices *c, char *buf, size_t max)
{
	size_t n = choose(c, 64) % max;

	for (size_t i = 0; i < n; i++)
		buf[i] = choose(c, 256);
	return n;
}

static void put_xattr(struct choices *c, const char *path)
{
	const char *name = xattrs[choose(c, ARRAY_SIZE(xattrs))];
	const char *value = values[choose(c, ARRAY_SIZE(values))];
	char raw[64];
	size_t n = choose(c, 4) ? strlen(value) : some_bytes(c, raw, sizeof(raw));

	lsetxattr(path, name, n == strlen(value) ? value : raw, n, 0);
}

static void put_thing(struct choices *c)
{
	unsigned which = choose(c, ARRAY_SIZE(paths));
	autofree char *path = NULL;
	char raw[64];

	if (which < FIRST_LAYER && choose(c, 4)) /* or nothing opens */
		which += FIRST_LAYER;
	if (asprintf(&path, "state/%s", paths[which]) < 0)
		fuzz_fail("no memory");
	fuzz_parent(path);
	if (!fuzz_is_inside(path))
		return;
	if (choose(c, 8) == 0)
		unlink(path);
	switch (choose(c, 12)) {
	case 0:
	case 1:
	case 2:
		fuzz_text(path, texts[choose(c, ARRAY_SIZE(texts))]);
		break;
	case 3:
		fuzz_put(path, raw, some_bytes(c, raw, sizeof(raw)));
		break;
	case 4:
	case 5:
		symlink(targets[choose(c, ARRAY_SIZE(targets))], path);
		break;
	case 6:
		mknod(path, S_IFCHR, makedev(0, choose(c, 2)));
		break;
	case 7:
		mkfifo(path, 0644);
		break;
	case 8:
		fuzz_dirs(path);
		break;
	case 9:
		fchmodat(AT_FDCWD, path, choose(c, 256) << 4, AT_SYMLINK_NOFOLLOW);
		break;
	case 10:
		link("state/version", path);
		break;
	default:
		put_xattr(c, path);
	}
}

/* A whole state to begin with, so that not every input fails at the first file. */
static void put_sound_state(void)
{
	fuzz_text("state/version", "1\n");
	fuzz_text("state/stack", texts[5]);
	fuzz_text("state/layers/p-1-x/meta", texts[11]);
	fuzz_text("state/layers/p-1-x/root/a/b", "p\n");
	fuzz_text("state/layers/p-1-y/meta", texts[11]);
	fuzz_text("state/layers/p-1-y/root/a/b", "old p\n");
	fuzz_text("state/layers/q-2-x/meta", texts[13]);
	fuzz_text("state/layers/q-2-x/root/a/c", "q\n");
	fuzz_dirs("state/layers/local/root");
	fuzz_dirs("state/pending");
	fuzz_dirs("state/work");
}

static int see_change(const struct diff_change *change, void *arg)
{
	(void)change;
	(void)arg;
	return 0;
}

static int see_staged(struct staging_entry *e, void *arg)
{
	(void)e;
	(void)arg;
	return 0;
}

static int see_entry(const struct tree_entry *e, void *arg)
{
	(void)e;
	(void)arg;
	return 0;
}

/* What commands do that only read. */
static void look(struct xs *xs)
{
	autostrv struct strv left_out = { 0 };
	const struct state *s = xs->state;
	char hex[DIGEST_HEX];
	uint64_t files, bytes;

	walk_all(xs);
	diff_views(xs->staging, xs->root, see_change, NULL);
	staging_walk(xs->staging, s, &(struct staging_visitor){ .visit = see_staged });
	staging_left_out(s, &left_out);
	for (size_t i = 0; i < s->n; i++) {
		tree_walk(s->stack[i], see_entry, NULL);
		tree_hash(s->stack[i], hex, &files, &bytes);
	}
}

/* What an ordinary program does in a view that it may write to. */
static void scribble(struct view *view)
{
	static const char *const where[] = { "", "a", "a/b", "w", "link" };
	struct owner owner = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		struct node *node = NULL, *made = NULL;
		struct file *file = NULL;
		struct stat st, want = { .st_mode = 0640 };

		if (view_walk(view, where[i], &node, &st) < 0)
			continue;
		if (view_make(node, "new", S_IFREG | 0644, 0, owner, &made, &st) == 0)
			node_unref(view->nodes, made);
		if (view_open(node, true, &file) == 0) {
			ftruncate(file->fd, 3);
			data_close(file);
		}
		view_setattr(node, VIEW_SET_MODE, &want, NULL, &st);
		view_setxattr(node, "user.t", "v", 1, 0);
		if (node->dir) {
			view_rename(node, "b", node, "moved", 0, NULL);
			view_unlink(node, "w");
			view_rmdir(node, "c");
			view_sync_dir(node);
		}
		node_unref(view->nodes, node);
	}
}

static void install(struct xs *xs, const char *package, const char *needs)
{
	struct install_request q = {
		.package = package, .version = "3", .key = "", .needs = needs, .replaces = "p q"
	};
	autofree char *problem = NULL;
	autostrv struct strv problems = { 0 }, notes = { 0 };
	struct sight *sight = NULL;

	if (xs_begin(xs, &q, &sight, &problem) < 0)
		return;
	walk_view(sight->view);
	scribble(sight->view);
	xs_commit(xs, sight, &problems, &notes);
}

static void change(struct xs *xs)
{
	autofree char *problem = NULL, *more = NULL, *most = NULL;
	autostrv struct strv gone = { 0 };

	scribble(xs->root);
	walk_all(xs);
	install(xs, "new", "p");
	install(xs, "p", "");
	look(xs);
	xs_rollback(xs, "p", &problem);
	xs_remove(xs, "q", &more);
	xs_rollback(xs, "new", &most);
	xs_gc(xs, &gone);
	walk_all(xs);
}

static void with_state(bool writable)
{
	autofree char *problem = NULL;
	struct state *state = NULL;
	struct xs *xs = NULL;
	int r = state_open("state", writable, &state, &problem);

	fuzz_trace("open: %d %s", r, problem ? problem : "");
	if (r < 0)
		return;
	if (state_set_base(state, "base", &problem) < 0) {
		state_close(state);
		return;
	}
	r = xs_new(state, NULL, &xs);
	if (r < 0)
		return;
	look(xs);
	if (writable)
		change(xs);
	xs_free(xs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choices c = { data, data + size };
	uint64_t before;
	unsigned n = 0;

	if (memmem(data, size, WALK_SECRET, strlen(WALK_SECRET)))
		return 0; /* it would give itself away: libFuzzer finds out what is compared with */
	fuzz_enter();
	fuzz_text("canary/secret", WALK_SECRET);
	fuzz_text("canary/a/b", WALK_SECRET);
	fuzz_text("base/a/b", "base\n");
	fuzz_text("base/w", "base\n");
	fuzz_dirs("base/a/c");
	fuzz_dirs("state");
	if (choose(&c, 8))
		put_sound_state();
	while (choices_left(&c) && n++ < 60)
		put_thing(&c);
	before = fuzz_hash("canary") ^ fuzz_hash("base");
	with_state(false);
	with_state(true);
	with_state(true);
	if ((fuzz_hash("canary") ^ fuzz_hash("base")) != before)
		fuzz_fail("something outside of the state was touched");
	fuzz_leave();
	return 0;
}
