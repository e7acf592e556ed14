// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/box/box.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/box/hostprograms.h"
#include "builder/box/shown.h"
#include "builder/recipe/recipe.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

#define ANSWER_MAX 4096
#define EMPTY	   "empty" /* in the work folder: stands in for what is not to be seen */

/* What programs of the host read of /etc to work at all, and what tells nothing of the user. */
static const char *const host_etc[] = { "alternatives", "ld.so.cache", "ld.so.conf",
					"ld.so.conf.d", "magic",       "perl" };

/* The links into /usr of a merged host, and the folders of one that is not. */
static const char *const host_top[] = {
	"bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"
};

static int add(struct strv *argv, const char *a, const char *b, const char *c)
{
	strv_add(argv, a);
	if (b)
		strv_add(argv, b);
	if (c)
		strv_add(argv, c);
	return strv_error(argv);
}

/* The one way in which something comes to be seen. `from` NULL: nobody has it outside. */
static int show(struct strv *argv, enum shown what, const char *from, const char *to)
{
	const struct shown_row *row = &shown_rows[what];

	if (!from)
		return add(argv, row->option, to ?: row->to, NULL);
	return add(argv, row->option, from, to ?: row->to);
}

static int add_host_top(struct strv *argv, const char *name)
{
	char path[32], target[64];
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "/%s", name);
	if (lstat(path, &st) < 0)
		return 0;
	if (!S_ISLNK(st.st_mode))
		return show(argv, SHOW_TOP_FOLDER, path, path);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return show(argv, SHOW_TOP_LINK, target, path);
}

static int add_host(struct strv *argv)
{
	int r = show(argv, SHOW_USR, "/usr", NULL);

	for (size_t i = 0; i < ARRAY_SIZE(host_top) && r == 0; i++)
		r = add_host_top(argv, host_top[i]);
	for (size_t i = 0; i < ARRAY_SIZE(host_etc) && r == 0; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/etc/%s", host_etc[i]);
		r = show(argv, SHOW_ETC, path, path);
	}
	return r;
}

/* Namespaces, and the empty world in them. */
static int add_walls(struct strv *argv, bool network)
{
	add(argv, "bwrap", "--new-session", NULL);
	add(argv, "--unshare-ipc", "--unshare-pid", "--unshare-uts");
	add(argv, "--unshare-cgroup-try", NULL, NULL);
	add(argv, "--hostname", "xsysfs", network ? NULL : "--unshare-net");
	add(argv, "--clearenv", "--tmpfs", "/");
	show(argv, SHOW_PROC, NULL, NULL);
	/* root need not be privileged to write to /proc/sys */
	add(argv, "--remount-ro", "/proc", NULL);
	show(argv, SHOW_DEV, NULL, NULL);
	return show(argv, SHOW_TMP, NULL, NULL);
}

/* As root, what `make install` may want (capabilities(7)) and no more: nothing that could take the
 * walls down. An ordinary user has none. */
static int add_capabilities(struct strv *argv)
{
	static const char *const kept[] = { "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER",
					    "CAP_FSETID", "CAP_SETFCAP" };

	if (geteuid() != 0)
		return 0;
	add(argv, "--cap-drop", "ALL", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		add(argv, "--cap-add", kept[i], NULL);
	return strv_error(argv);
}

static int add_open(struct strv *argv, const struct box_opening *open, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct box_opening *o = &open[i];

		show(argv, o->writable ? SHOW_OPENING_TO_WRITE : SHOW_OPENING, o->from, o->to);
	}
	return strv_error(argv);
}

/* Names for the numbers that are there: root, for 'install -o root', and who builds. */
int box_prepare(const struct box *box)
{
	autofree char *passwd = NULL;
	autofree char *group = NULL;
	int r;

	passwd = text_of("root:x:0:0:root:/nonexistent:/bin/sh\n"
			 "build:x:%u:%u:build:/nonexistent:/bin/sh\n",
			 geteuid(), getegid());
	group = text_of("root:x:0:\nbuild:x:%u:\n", getegid());
	if (!passwd || !group)
		return -ENOMEM;
	r = places_scratch(box->outside->work, "passwd", passwd);
	if (r == 0)
		r = places_scratch(box->outside->work, "group", group);
	return r == 0 ? places_scratch(box->outside->work, EMPTY, "") : r;
}

static int add_users(struct strv *argv, const char *work)
{
	autofree char *passwd = places_join(work, "passwd");
	autofree char *group = places_join(work, "group");

	if (!passwd || !group)
		return -ENOMEM;
	show(argv, SHOW_PASSWD, passwd, NULL);
	return show(argv, SHOW_GROUP, group, NULL);
}

/* Only what was understood of recipe.ini counts, so nobody reads it. */
static int add_recipe(struct strv *argv, const struct box *box)
{
	autofree char *empty = places_join(box->outside->work, EMPTY);

	if (!empty)
		return -ENOMEM;
	show(argv, SHOW_RECIPE, box->outside->recipe, NULL);
	return show(argv, SHOW_RECIPE_FILE, empty, NULL);
}

/* What is the build's to write in the work folder, and the rest to read; but no logs. */
static int add_work(struct strv *argv, const struct box *box)
{
	const struct box_folders *f = box->outside;
	const struct {
		enum shown what;
		const char *from, *name;
	} own[] = { { SHOW_WORK_SRC, f->src, "src" },
		    { SHOW_WORK_OWN, f->build, "build" },
		    { SHOW_WORK_OWN, f->tmp, "tmp" } };
	autofree char *work = places_join(BOX_WORK, box->package);
	autofree char *log = work ? places_join(work, "log") : NULL;

	if (!log)
		return -ENOMEM;
	show(argv, SHOW_WORK, f->work, work);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		autofree char *to = places_join(work, own[i].name);

		if (!to)
			return -ENOMEM;
		show(argv, own[i].what, own[i].from, to);
	}
	show(argv, SHOW_WORK_LOG, NULL, log);
	return add(argv, "--remount-ro", log, NULL);
}

/* Tools that run here, where they were built for. What is built for here finds itself there. */
static int add_tools(struct strv *argv, const struct box *box)
{
	const char *native = box->outside->native;
	autofree char *prefix = NULL;

	if (!box->native) {
		show(argv, SHOW_TOOLCHAIN, box->outside->toolchain, NULL);
		if (native)
			show(argv, SHOW_NATIVE, native, NULL);
		return strv_error(argv);
	}
	prefix = text_of("%s" BOX_NATIVE, box->mountpoint);
	return prefix ? show(argv, SHOW_PREFIX, prefix, NULL) : -ENOMEM;
}

static int add_folders(struct strv *argv, const struct box *box)
{
	int r;

	show(argv, SHOW_BUILDER, box->self, NULL);
	if ((r = add_tools(argv, box)) < 0 || (r = add_recipe(argv, box)) < 0)
		return r;
	show(argv, SHOW_WRITTEN, box->outside->written, NULL);
	if ((r = add_work(argv, box)) < 0 || (r = add_users(argv, box->outside->work)) < 0)
		return r;
	show(argv, SHOW_VIEW, box->mountpoint, NULL);
	return add(argv, "--setenv", "XSYSFS", BOX_SYSROOT);
}

/* What all boxes have: walls, the filter, the host's programs. */
static int add_house(struct strv *argv, bool network, int syscalls)
{
	char filter[16];

	snprintf(filter, sizeof(filter), "%d", syscalls);
	add_walls(argv, network);
	/* also when we are killed */
	add(argv, "--die-with-parent", NULL, NULL);
	add(argv, "--seccomp", filter, NULL);
	/* bwrap's own first process could be asked for its stdout, and told how all has ended */
	add(argv, "--as-pid-1", NULL, NULL);
	add_capabilities(argv);
	return add_host(argv);
}

/* What is not bound to somewhere else is nobody's to write. */
static int add_end(struct strv *argv, const char *dir)
{
	add(argv, "--remount-ro", "/", NULL);
	return add(argv, "--chdir", dir, "--");
}

int box_arguments(const struct box *box, struct strv *argv)
{
	int r = add_house(argv, box->network, box->syscalls);

	if (box->network) {
		show(argv, SHOW_RESOLVER, "/etc/resolv.conf", "/etc/resolv.conf");
		show(argv, SHOW_RESOLVER, "/etc/hosts", "/etc/hosts");
	}
	add_open(argv, box->open, box->n_open);
	if (r == 0)
		r = add_folders(argv, box);
	return r == 0 ? add_end(argv, "/") : r;
}

int box_reader(const struct box_opening *open, size_t n_open, int syscalls, const char *dir,
	       struct strv *argv)
{
	int r = add_house(argv, false, syscalls);

	add(argv, "--setenv", "PATH", HOSTPROGRAMS_PATH);
	add(argv, "--setenv", "LC_ALL", "C.UTF-8");
	add_open(argv, open, n_open);
	return r == 0 ? add_end(argv, dir) : r;
}

/* A bwrap that is killed between its fork and its letting the new process go leaves that process
 * waiting for ever (seen with 0.8.0): this one, which each builder starts, ends by itself. */
int box_probe(char **why)
{
	autostrv struct strv argv = { 0 };
	autofree char *out = NULL;
	int r = add_walls(&argv, false);
	int status;

	if (r == 0)
		r = add_host(&argv);
	if (r == 0)
		r = add(&argv, "--", "true", NULL);
	if (r < 0)
		return why_errno(why, r, "bwrap");
	status = proc_read(&(struct proc){ .argv = (const char *const *)argv.v,
					   .err = PROC_SAME_AS_OUT,
					   .box = true },
			   ANSWER_MAX, &out);
	if (status == 0)
		return 0;
	if (status == -ENOENT)
		return why_set(why, status, "bubblewrap is not installed");
	if (status < 0)
		return why_errno(why, status, "cannot run bwrap");
	out[strcspn(out, "\n")] = '\0';
	return why_set(why, -EPERM, "%s", *out ? out : "bwrap fails");
}
