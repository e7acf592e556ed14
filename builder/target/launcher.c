// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/box/syscalls.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/near.h"
#include "fs/base/text.h"

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
	free(l->settings);
	strv_release(&l->env);
	*l = (struct launcher){ 0 };
}

/* ---- ccache ---- */

/* The user's settings lie beside the caches: what is in a cache, a build may have written. */
static int find_settings(struct launcher *l)
{
	l->settings = text_of("%s.conf", l->state);
	if (!l->settings)
		return -ENOMEM;
	if (access(l->settings, R_OK) < 0)
		free(take_ptr(l->settings));
	return 0;
}

/* The compiler is the toolchain's identity, not its times, so that one cache serves them all.
 * CCACHE_BASEDIR would change the paths that compilers write down, and so what comes out. */
static int open_ccache(struct launcher *l, const struct toolchain *t, bool boxed, char **why)
{
	int r = strv_add(&l->env, "CCACHE_DIR=" STATE_MARK);

	l->apart = true;
	if (r == 0)
		r = strv_addf(&l->env, "CCACHE_COMPILERCHECK=string:%s", t->identity);
	if (r == 0)
		r = find_settings(l);
	if (r == 0) /* in place of ccache.conf in the cache */
		r = strv_addf(&l->env, "CCACHE_CONFIGPATH=%s",
			      !l->settings ? "/dev/null"
			      : boxed	   ? LAUNCHER_BOX_SETTINGS
					   : l->settings);
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

/* icecc-create-env runs the toolchain's programs: in a box, where there can be one. */
static int create_env(const struct launcher *l, const struct toolchain *t, bool boxed, char **said)
{
	const struct box_opening open[] = { { t->dir, t->dir, false },
					    { l->state, BOX_STATE, true } };
	const char *const command[] = { "icecc-create-env", t->cc, NULL };
	autofd int filter = boxed ? syscalls_filter() : -1;
	autostrv struct strv argv = { 0 };
	int r = !boxed	     ? 0
		: filter < 0 ? filter
			     : box_reader(open, ARRAY_SIZE(open), filter, BOX_STATE, &argv);

	for (size_t i = 0; command[i] && r == 0; i++)
		r = strv_add(&argv, command[i]);
	return r < 0 ? r
		     : proc_read(&(struct proc){ .argv = (const char *const *)argv.v,
						 .dir = l->state,
						 .err = PROC_SAME_AS_OUT,
						 .box = boxed,
						 .keep = &filter,
						 .n_keep = filter >= 0 },
				 ANSWER_MAX, said);
}

/* The compiler as an archive that is sent to other machines: made once for a toolchain. */
static int pack_compiler(const struct launcher *l, const struct toolchain *t, bool boxed,
			 const char *name, char **why)
{
	autofree char *path = places_join(l->state, name);
	autofree char *said = NULL;
	int status;

	if (!path)
		return why_errno(why, -ENOMEM, "icecc");
	if (access(path, R_OK) == 0)
		return 0;
	log_note("icecc: packing the compiler for other machines");
	status = create_env(l, t, boxed, &said);
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

	if (r == 0 && !(name = text_of("%.16s.tar.gz", t->identity)))
		r = why_errno(why, -ENOMEM, "icecc");
	if (r == 0)
		r = pack_compiler(l, t, boxed, name, why);
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
	if (!path || !(aside = text_of("%s.%d", path, getpid())))
		return -ENOMEM;
	if (symlink(target, aside) < 0 || rename(aside, path) < 0) {
		r = -errno;
		unlink(aside);
	}
	return r;
}

/* Only the compilers that the toolchain has. */
static int put_links(const struct launcher *l, const struct toolchain *t)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(compilers) && r == 0; i++) {
		autofree char *name = NULL;
		autofree char *path = NULL;

		name = text_of("%s%s", t->cross, compilers[i]);
		if (!name || !(path = text_of("%s/bin/%s", t->dir, name)))
			return -ENOMEM;
		if (access(path, X_OK) == 0)
			r = put_link(l->links, name, l->program);
	}
	return r;
}

static int make_folders(struct launcher *l, const struct places *places, const struct toolchain *t)
{
	int r;

	l->state = text_of("%s/launcher/%s", places->home, l->name);
	l->links = text_of("%s/launcher/links/%s-%.16s", places->home, l->name, t->identity);
	if (!l->state || !l->links)
		return -ENOMEM;
	r = io_mkdir_p(AT_FDCWD, l->state, 0755);
	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, l->links, 0755);
	return r == 0 ? put_links(l, t) : r;
}

int launcher_open(struct launcher *l, const char *name, const struct places *places,
		  const struct toolchain *toolchain, bool boxed, char **why)
{
	int kind = find(name), r;

	*l = (struct launcher){ 0 };
	if (strcmp(name, LAUNCHER_NONE) == 0)
		return 0;
	if (kind < 0) {
		autofree char *near = near_said(name, launcher_names);

		return why_set(why, -EINVAL, "there is no launcher '%s'%s", name,
			       near && *near ? near : " (there are ccache, distcc and icecc)");
	}
	l->name = launcher_names[kind];
	l->program = find_program(name);
	if (!l->program)
		return why_set(why, -ENOENT, "the launcher '%s' is not installed", name);
	r = make_folders(l, places, toolchain);
	if (r < 0)
		return why_errno(why, r, "cannot make folders for %s in '%s'", name, places->home);
	return openers[kind](l, toolchain, boxed, why);
}

const char *launcher_links(const struct launcher *l, bool boxed)
{
	return l->name && boxed ? LAUNCHER_BOX_LINKS : l->links;
}

void launcher_share_release(struct launcher_share *s)
{
	free(s->state);
	strv_release(&s->env);
	*s = (struct launcher_share){ 0 };
}

/* What a box has to show: /usr is there already. */
static void list_openings(const struct launcher *l, struct launcher_share *s)
{
	struct box_opening *o = s->openings;

	*o++ = (struct box_opening){ l->links, LAUNCHER_BOX_LINKS, false };
	*o++ = (struct box_opening){ s->state, BOX_STATE, !l->read_only };
	if (l->settings)
		*o++ = (struct box_opening){ l->settings, LAUNCHER_BOX_SETTINGS, false };
	if (strncmp(l->program, "/usr/", 5) != 0)
		*o++ = (struct box_opening){ l->program, l->program, false };
	if (l->from)
		*o++ = (struct box_opening){ l->from, l->to, false };
	if (l->door.dir)
		*o++ = (struct box_opening){ l->door.dir, LAUNCHER_BOX_DOOR, false };
	s->n_openings = o - s->openings;
}

static int list_settings(const struct launcher *l, const char *state, struct strv *env)
{
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

int launcher_share(const struct launcher *l, const char *package, bool boxed,
		   struct launcher_share *ret)
{
	int r = 0;

	*ret = (struct launcher_share){ 0 };
	if (!l->name)
		return 0;
	ret->state = l->apart ? places_join(l->state, package) : strdup(l->state);
	if (!ret->state)
		return -ENOMEM;
	if (l->apart)
		r = io_mkdir_p(AT_FDCWD, ret->state, 0700);
	if (r == 0)
		r = list_settings(l, boxed ? BOX_STATE : ret->state, &ret->env);
	if (r == 0)
		list_openings(l, ret);
	return r;
}
