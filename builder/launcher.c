// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/proc.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

#define BOX_STATE  "/xsysfs/launcher/state"
#define STATE_MARK LAUNCHER_STATE_MARK
#define ANSWER_MAX (1 << 16)

/* By their last name, of those that a toolchain may have. */
static const char *const compilers[] = { "gcc", "g++", "cc", "c++" };

void launcher_release(struct launcher *l)
{
	door_close(&l->door);
	free(l->program);
	free(l->links);
	free(l->state);
	free(l->from);
	free(l->to);
	free(l->hosts);
	strv_release(&l->env);
	*l = (struct launcher){ 0 };
}

/* ---- ccache ---- */

/* The compiler is the toolchain's identity, not its times, so that one cache serves them all.
 * CCACHE_BASEDIR would change the paths that compilers write down, and so what comes out. */
static int open_ccache(struct launcher *l, const struct toolchain *t, bool boxed, char **why)
{
	int r = strv_add(&l->env, "CCACHE_DIR=" STATE_MARK);

	(void)boxed;
	if (r == 0)
		r = strv_addf(&l->env, "CCACHE_COMPILERCHECK=string:%s", t->identity);
	return r < 0 ? why_errno(why, r, "ccache") : 0;
}

/* ---- icecc ---- */

/* The socket of this machine's daemon, which the client finds at the same place. */
static int find_daemon(struct launcher *l, char **why)
{
	const char *said = getenv("ICECC_TEST_SOCKET");
	const char *path = said && *said == '/' ? said : "/var/run/icecc/iceccd.socket";
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return why_set(why, -ENOENT,
			       "icecc has no daemon here (start iceccd; its socket "
			       "'%s' is not there)",
			       path);
	l->to = strndup(path, strrchr(path, '/') - path);
	l->from = l->to ? realpath(l->to, NULL) : NULL;
	if (!l->from)
		return why_errno(why, l->to ? -errno : -ENOMEM, "cannot find '%s'", path);
	return said && *said == '/' && strv_addf(&l->env, "ICECC_TEST_SOCKET=%s", said) < 0
		       ? why_errno(why, -ENOMEM, "icecc")
		       : 0;
}

/* Where icecc-create-env has put what it says it creates, in the folder it ran in. */
static int rename_made(const char *dir, const char *said, const char *name, char **why)
{
	autofree char *made = NULL;
	const char *at = strstr(said, "creating ");
	autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!at || sscanf(at, "creating %m[0-9a-zA-Z.]", &made) != 1)
		return why_set(why, -EIO, "icecc-create-env does not say what it made");
	if (fd < 0 || renameat(fd, made, fd, name) < 0)
		return why_errno(why, -errno, "cannot find what icecc-create-env made in '%s'",
				 dir);
	return 0;
}

/* The compiler as an archive that is sent to other machines: made once for a toolchain. */
static int pack_compiler(const struct launcher *l, const struct toolchain *t, const char *name,
			 char **why)
{
	autofree char *path = places_join(l->state, name);
	autofree char *said = NULL;
	const char *argv[] = { "icecc-create-env", t->cc, NULL };
	int status;

	if (!path)
		return why_errno(why, -ENOMEM, "icecc");
	if (access(path, R_OK) == 0)
		return 0;
	log_note("icecc: packing the compiler for other machines");
	status = proc_read(&(struct proc){ .argv = argv, .dir = l->state, .err = PROC_SAME_AS_OUT },
			   ANSWER_MAX, &said);
	if (status < 0)
		return why_errno(why, status, "cannot run 'icecc-create-env'");
	if (status != 0)
		return why_set(why, -EIO, "icecc-create-env cannot pack '%s': %s", t->cc, said);
	return rename_made(l->state, said, name, why);
}

/* Without ICECC_CARET_WORKAROUND, what has a warning is compiled here once more. */
static int open_icecc(struct launcher *l, const struct toolchain *t, bool boxed, char **why)
{
	autofree char *name = NULL;
	int r = find_daemon(l, why);

	(void)boxed;
	if (r == 0 && asprintf(&name, "%.16s.tar.gz", t->identity) < 0) {
		name = NULL;
		r = why_errno(why, -ENOMEM, "icecc");
	}
	if (r == 0)
		r = pack_compiler(l, t, name, why);
	if (r < 0)
		return r;
	l->remote = l->network = l->read_only = true;
	l->hosts = strdup("its scheduler's machines");
	r = l->hosts ? strv_addf(&l->env, "ICECC_VERSION=" STATE_MARK "/%s", name) : -ENOMEM;
	if (r == 0)
		r = strv_add(&l->env, "ICECC_REMOTE_CPP=0");
	if (r == 0)
		r = strv_add(&l->env, "ICECC_CARET_WORKAROUND=0");
	return r < 0 ? why_errno(why, r, "icecc") : 0;
}

/* ---- all of them ---- */

typedef int opener(struct launcher *l, const struct toolchain *t, bool boxed, char **why);
static opener *const openers[] = { open_ccache, launcher_open_distcc, open_icecc };

const char *const launcher_names[] = { "ccache", "distcc", "icecc", NULL };

static int find(const char *name)
{
	for (int i = 0; launcher_names[i]; i++)
		if (strcmp(launcher_names[i], name) == 0)
			return i;
	return -1;
}

bool launcher_is_name(const char *name)
{
	return find(name) >= 0 || strcmp(name, LAUNCHER_NONE) == 0;
}

/* As the shell finds it, with the links behind its name followed. */
static char *find_program(const char *name)
{
	autostrv struct strv path = { 0 };

	if (strv_split(&path, getenv("PATH") ?: "/usr/bin:/bin", ":") < 0)
		return NULL;
	strv_foreach (dir, &path) {
		autofree char *full = places_join(*dir, name);

		if (full && **dir == '/' && access(full, X_OK) == 0)
			return realpath(full, NULL);
	}
	return NULL;
}

/* The link is replaced only where it leads elsewhere: another build may be using it. */
static int put_link(const char *dir, const char *name, const char *target)
{
	autofree char *path = places_join(dir, name);
	autofree char *aside = NULL;
	autofree char *there = path ? realpath(path, NULL) : NULL;
	int r = 0;

	if (there && strcmp(there, target) == 0)
		return 0;
	if (!path || asprintf(&aside, "%s.%d", path, getpid()) < 0) {
		aside = NULL;
		return -ENOMEM;
	}
	if (symlink(target, aside) < 0 || rename(aside, path) < 0) {
		r = -errno;
		unlink(aside);
	}
	return r;
}

static int put_script(const char *dir)
{
	static const char text[] =
		"#!/bin/sh\n"
		"# launch COMPILER ARG...: by the link of its name, where there is one\n"
		"link=${0%/*}/${1##*/}\n"
		"test -x \"$link\" || exec \"$@\"\n"
		"shift\n"
		"exec \"$link\" \"$@\"\n";
	autofree char *path = places_join(dir, LAUNCHER_SCRIPT);
	struct stat st;
	int r;

	if (!path)
		return -ENOMEM;
	if (stat(path, &st) == 0 && st.st_size == sizeof(text) - 1 && access(path, X_OK) == 0)
		return 0;
	r = places_write(dir, LAUNCHER_SCRIPT, text);
	return r == 0 && chmod(path, 0755) < 0 ? -errno : r;
}

/* Only the compilers that the toolchain has. */
static int put_links(const struct launcher *l, const struct toolchain *t)
{
	int r = put_script(l->links);

	for (size_t i = 0; i < ARRAY_SIZE(compilers) && r == 0; i++) {
		autofree char *name = NULL;
		autofree char *path = NULL;

		if (asprintf(&name, "%s%s", t->cross, compilers[i]) < 0)
			name = NULL;
		if (!name || asprintf(&path, "%s/bin/%s", t->dir, name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (access(path, X_OK) == 0)
			r = put_link(l->links, name, l->program);
	}
	return r;
}

static int make_folders(struct launcher *l, const struct places *places, const struct toolchain *t)
{
	int r;

	if (asprintf(&l->state, "%s/launcher/%s", places->home, l->name) < 0)
		l->state = NULL;
	if (asprintf(&l->links, "%s/launcher/links/%s-%.16s", places->home, l->name, t->identity) <
	    0)
		l->links = NULL;
	if (!l->state || !l->links)
		return -ENOMEM;
	r = io_mkdir_p(AT_FDCWD, l->state, 0755);
	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, l->links, 0755);
	return r == 0 ? put_links(l, t) : r;
}

/* What of it a box has to show: /usr is there already. */
static void list_openings(struct launcher *l)
{
	struct box_opening *o = l->openings;

	*o++ = (struct box_opening){ l->links, LAUNCHER_BOX_LINKS, false };
	*o++ = (struct box_opening){ l->state, BOX_STATE, !l->read_only };
	if (strncmp(l->program, "/usr/", 5) != 0)
		*o++ = (struct box_opening){ l->program, l->program, false };
	if (l->from)
		*o++ = (struct box_opening){ l->from, l->to, false };
	if (l->door.dir)
		*o++ = (struct box_opening){ l->door.dir, LAUNCHER_BOX_DOOR, false };
	l->n_openings = o - l->openings;
}

int launcher_open(struct launcher *l, const char *name, const struct places *places,
		  const struct toolchain *toolchain, bool boxed, char **why)
{
	int kind = find(name), r;

	*l = (struct launcher){ 0 };
	if (strcmp(name, LAUNCHER_NONE) == 0)
		return 0;
	if (kind < 0) {
		const char *near = why_near(name, launcher_names);

		return why_set(why, -EINVAL, "there is no launcher '%s'%s%s%s", name,
			       near ? " (did you mean '" : "", near ? near : "",
			       near ? "'?)" : " (there are ccache, distcc and icecc)");
	}
	l->name = launcher_names[kind];
	l->program = find_program(name);
	if (!l->program)
		return why_set(why, -ENOENT, "the launcher '%s' is not installed", name);
	r = make_folders(l, places, toolchain);
	if (r < 0)
		return why_errno(why, r, "cannot make folders for %s in '%s'", name, places->home);
	r = openers[kind](l, toolchain, boxed, why);
	if (r == 0)
		list_openings(l);
	return r;
}

const char *launcher_links(const struct launcher *l, bool boxed)
{
	return boxed ? LAUNCHER_BOX_LINKS : l->links;
}

int launcher_environment(const struct launcher *l, bool boxed, struct strv *env)
{
	const char *state = boxed ? BOX_STATE : l->state;
	int r = 0;

	strv_foreach (setting, &l->env) {
		const char *at = strstr(*setting, STATE_MARK);

		if (r == 0 && at)
			r = strv_addf(env, "%.*s%s%s", (int)(at - *setting), *setting, state,
				      at + strlen(STATE_MARK));
		else if (r == 0)
			r = strv_add(env, *setting);
	}
	return r;
}
