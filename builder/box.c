// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/box.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/places.h"
#include "builder/proc.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"

#define ANSWER_MAX 4096

/* What programs of the host read of /etc to work at all, and what tells nothing of the user. */
static const char *const host_etc[] = { "alternatives", "ld.so.cache", "ld.so.conf",
					"ld.so.conf.d", "magic",       "perl" };

/* The links into /usr of a merged host, and the folders of one that is not. */
static const char *const host_top[] = {
	"bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"
};

static int add(struct strv *argv, const char *a, const char *b, const char *c)
{
	int r = strv_add(argv, a);

	if (r == 0 && b)
		r = strv_add(argv, b);
	return r == 0 && c ? strv_add(argv, c) : r;
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
		return add(argv, "--ro-bind", path, path);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return add(argv, "--symlink", target, path);
}

static int add_host(struct strv *argv)
{
	int r = add(argv, "--ro-bind", "/usr", "/usr");

	for (size_t i = 0; i < ARRAY_SIZE(host_top) && r == 0; i++)
		r = add_host_top(argv, host_top[i]);
	for (size_t i = 0; i < ARRAY_SIZE(host_etc) && r == 0; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/etc/%s", host_etc[i]);
		r = add(argv, "--ro-bind-try", path, path);
	}
	return r;
}

/* Namespaces, and the empty world in them. bwrap(1): --die-with-parent also when we are killed. */
static int add_walls(struct strv *argv, bool network)
{
	int r = add(argv, "bwrap", "--die-with-parent", "--new-session");

	if (r == 0)
		r = add(argv, "--unshare-ipc", "--unshare-pid", "--unshare-uts");
	if (r == 0)
		r = add(argv, "--hostname", "xsysfs", network ? NULL : "--unshare-net");
	if (r == 0)
		r = add(argv, "--clearenv", "--tmpfs", "/");
	if (r == 0)
		r = add(argv, "--proc", "/proc", NULL);
	if (r == 0) /* root need not be privileged to write to /proc/sys */
		r = add(argv, "--remount-ro", "/proc", NULL);
	if (r == 0)
		r = add(argv, "--dev", "/dev", NULL);
	return r == 0 ? add(argv, "--tmpfs", "/tmp", NULL) : r;
}

/* As root, what `make install` may want (capabilities(7)) and no more: nothing that could take the
 * walls down. An ordinary user has none. */
static int add_capabilities(struct strv *argv)
{
	static const char *const kept[] = { "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER",
					    "CAP_FSETID", "CAP_SETFCAP" };
	int r = geteuid() == 0 ? add(argv, "--cap-drop", "ALL", NULL) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(kept) && geteuid() == 0 && r == 0; i++)
		r = add(argv, "--cap-add", kept[i], NULL);
	return r;
}

static int add_open(struct strv *argv, const struct box *box)
{
	int r = 0;

	for (size_t i = 0; i < box->n_open && r == 0; i++) {
		const struct box_opening *o = &box->open[i];

		r = add(argv, o->writable ? "--bind" : "--ro-bind", o->from, o->to);
	}
	return r;
}

/* Names for the numbers that are there: root, for 'install -o root', and who builds. */
int box_prepare(const struct box *box)
{
	autofree char *passwd = NULL;
	autofree char *group = NULL;
	int r;

	if (asprintf(&passwd,
		     "root:x:0:0:root:/nonexistent:/bin/sh\n"
		     "build:x:%u:%u:build:/nonexistent:/bin/sh\n",
		     geteuid(), getegid()) < 0)
		passwd = NULL;
	if (asprintf(&group, "root:x:0:\nbuild:x:%u:\n", getegid()) < 0)
		group = NULL;
	if (!passwd || !group)
		return -ENOMEM;
	r = places_scratch(box->outside->work, "passwd", passwd);
	return r < 0 ? r : places_scratch(box->outside->work, "group", group);
}

static int add_users(struct strv *argv, const char *work)
{
	autofree char *passwd = places_join(work, "passwd");
	autofree char *group = places_join(work, "group");
	int r = passwd && group ? add(argv, "--ro-bind", passwd, "/etc/passwd") : -ENOMEM;

	return r == 0 ? add(argv, "--ro-bind", group, "/etc/group") : r;
}

static int add_folders(struct strv *argv, const struct box *box)
{
	autofree char *work = NULL;
	int r = add(argv, "--ro-bind", box->self, BOX_BUILDER);

	if (asprintf(&work, BOX_WORK "/%s", box->package) < 0) {
		work = NULL;
		return -ENOMEM;
	}
	if (r == 0)
		r = add(argv, "--ro-bind", box->outside->toolchain, BOX_TOOLCHAIN);
	if (r == 0)
		r = add(argv, "--ro-bind", box->outside->recipe, BOX_RECIPE);
	if (r == 0)
		r = add(argv, "--ro-bind", box->outside->written, BOX_WRITTEN);
	if (r == 0)
		r = add(argv, "--bind", box->outside->work, work);
	if (r == 0)
		r = add_users(argv, box->outside->work);
	if (r == 0)
		r = add(argv, "--bind", box->mountpoint, BOX_SYSROOT);
	if (r == 0)
		r = add(argv, "--setenv", "XSYSFS", BOX_SYSROOT);
	return r;
}

int box_arguments(const struct box *box, struct strv *argv)
{
	int r = add_walls(argv, box->network);

	if (r == 0)
		r = add_capabilities(argv);
	if (r == 0)
		r = add_host(argv);
	if (r == 0 && box->network)
		r = add(argv, "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf");
	if (r == 0 && box->network)
		r = add(argv, "--ro-bind-try", "/etc/hosts", "/etc/hosts");
	if (r == 0)
		r = add_open(argv, box);
	if (r == 0)
		r = add_folders(argv, box);
	/* what is not bound to somewhere else is nobody's to write */
	if (r == 0)
		r = add(argv, "--remount-ro", "/", NULL);
	return r == 0 ? add(argv, "--chdir", "/", "--") : r;
}

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
	status = proc_read(
		&(struct proc){ .argv = (const char *const *)argv.v, .err = PROC_SAME_AS_OUT },
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
