// SPDX-License-Identifier: GPL-2.0-or-later
/* launcher_distcc.c - distcc in a box that stays closed.
 *
 * distcc reaches a host by TCP, or, when its name begins with '@', through a program that it takes
 * for ssh(1). In a box, each TCP host becomes an '@' host, and that program is ours: it goes
 * through the door (door.h) that leads to this host alone.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/target/launcher.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

#define ANSWER_MAX (1 << 16)
#define JOBS_MAX   1024 /* as -j has it */
#define USUAL_PORT "3632"
#define REACH	   "reach"

/* What distcc itself makes of DISTCC_HOSTS and its files, which are not in the box. */
static int ask(const struct launcher *l, const char *question, struct strv *lines, char **why)
{
	const char *argv[] = { l->program, question, NULL };
	autofree char *answer = NULL;
	int status = proc_read(&(struct proc){ .argv = argv }, ANSWER_MAX, &answer);

	if (status < 0)
		return why_errno(why, status, "cannot run '%s'", l->program);
	if (status != 0 || strv_split(lines, answer, " \t\n") < 0 || !lines->n)
		return why_set(why, -ENOENT,
			       "distcc has no hosts (set DISTCC_HOSTS to their names, or write "
			       "them into '~/.distcc/hosts')");
	return 0;
}

struct spec {
	char host[256], port[16];
	char name[DOOR_NAME_MAX + 1]; /* for the door */
	const char *rest;	      /* "/LIMIT,OPTIONS" */
};

/* HOST[:PORT][/LIMIT][,OPTION...], where HOST may be a number in brackets: distcc(1), "Host
 * Specifications". */
static int parse(struct spec *s, const char *text)
{
	const char *at = text;
	size_t n;

	*s = (struct spec){ .port = USUAL_PORT };
	at += *text == '[';
	n = strcspn(at, *text == '[' ? "]" : ":/,");
	if (n == 0 || n > DOOR_NAME_MAX - 8)
		return -EINVAL;
	memcpy(s->host, at, n);
	if (*text == '[' && at[n] != ']')
		return -EINVAL;
	at += n + (*text == '[');
	for (const char *c = s->host; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(".-_:%", *c))
			return -EINVAL;
	if (*at == ':') {
		n = strspn(++at, "0123456789");
		if (n == 0 || n > 5)
			return -EINVAL;
		snprintf(s->port, sizeof(s->port), "%.*s", (int)n, at);
		at += n;
	}
	if (*at && *at != '/' && *at != ',')
		return -EINVAL;
	s->rest = at;
	snprintf(s->name, sizeof(s->name), "%.*s%s%s", DOOR_NAME_MAX - 7, s->host,
		 strcmp(s->port, USUAL_PORT) == 0 ? "" : "_",
		 strcmp(s->port, USUAL_PORT) == 0 ? "" : s->port);
	for (char *c = s->name; *c; c++)
		*c = *c == ':' || *c == '%' ? '_' : *c;
	return *s->name == '.' || *s->name == '-' ? -EINVAL : 0;
}

/* This machine, by a word that distcc knows, or an option. */
static bool needs_no_door(const char *host)
{
	size_t n = strlen("localhost");

	return strncmp(host, "--", 2) == 0 ||
	       (strncmp(host, "localhost", n) == 0 && (!host[n] || host[n] == '/'));
}

/* One of distcc's hosts as it is to be called inside, and its server behind the door. */
static int lead(const char *host, struct strv *inside, struct strv *servers, char **why)
{
	struct spec s;
	int r;

	if (strchr(host, '@'))
		return why_set(why, -EINVAL,
			       "distcc's host '%s' is reached by ssh, and a sandbox shows no keys "
			       "(start distccd there, and leave out the '@')",
			       host);
	if (needs_no_door(host))
		return strv_add(inside, host) < 0 ? why_errno(why, -ENOMEM, "distcc") : 0;
	if (parse(&s, host) < 0)
		return why_set(why, -EINVAL, "cannot understand distcc's host '%s'", host);
	r = strv_addf(inside, "@%s%s", s.name, s.rest);
	if (r == 0)
		r = strv_addf(servers, "%s %s %s", s.name, s.host, s.port);
	return r < 0 ? why_errno(why, r, "distcc") : 0;
}

/* The program that stands for ssh: `reach [-l USER] HOST COMMAND...`. */
static int put_reach(const struct launcher *l)
{
	autofree char *path = places_join(l->links, REACH);
	int r = path ? places_write(l->links, REACH,
				    "#!/bin/sh\nexec " BOX_BUILDER " pass-door \"" LAUNCHER_BOX_DOOR
				    "/$1\"\n")
		     : -ENOMEM;

	return r == 0 && chmod(path, 0755) < 0 ? -errno : r;
}

static int lead_all(struct launcher *l, const struct strv *hosts, char **why)
{
	autostrv struct strv inside = { 0 }, servers = { 0 };
	autofree char *doors = NULL;
	autofree char *all = NULL;
	int r = 0;

	strv_foreach (host, hosts)
		if (r == 0)
			r = lead(*host, &inside, &servers, why);
	if (r < 0)
		return r;
	strv_sort(&servers);
	strv_uniq(&servers);
	all = strv_join(&inside, " ");
	doors = text_of("%.*s/door", (int)(strrchr(l->state, '/') - l->state), l->state);
	r = all && doors ? put_reach(l) : -ENOMEM;
	if (r == 0)
		r = strv_addf(&l->env, "DISTCC_HOSTS=%s", all);
	if (r == 0)
		r = strv_add(&l->env, "DISTCC_SSH=" LAUNCHER_BOX_LINKS "/" REACH);
	if (r < 0)
		return why_errno(why, r, "distcc");
	return door_open(&l->door, doors, &servers, why);
}

int launcher_open_distcc(struct launcher *l, const struct toolchain *t, bool boxed, char **why)
{
	autostrv struct strv hosts = { 0 }, jobs = { 0 };
	int r = ask(l, "--show-hosts", &hosts, why);

	(void)t;
	if (r == 0)
		r = ask(l, "-j", &jobs, why);
	if (r < 0)
		return r;
	l->remote = true;
	l->jobs = atoi(jobs.v[0]) < JOBS_MAX ? atoi(jobs.v[0]) : JOBS_MAX;
	l->hosts = strv_join(&hosts, " ");
	r = l->hosts ? strv_add(&l->env, "DISTCC_DIR=" LAUNCHER_STATE_MARK) : -ENOMEM;
	if (r == 0 && !boxed)
		r = strv_addf(&l->env, "DISTCC_HOSTS=%s", l->hosts);
	if (r < 0)
		return why_errno(why, r, "distcc");
	return boxed ? lead_all(l, &hosts, why) : 0;
}
