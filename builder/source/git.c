// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/git.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/base/tame.h"

#define SAID_MAX       (1 << 20)
#define USUAL_PATIENCE 30

/* What is to be true of every call, before its own words. */
static const char *const always[] = {
	"git",
	"-c",
	"protocol.allow=never",
	"-c",
	"protocol.https.allow=always",
	"-c",
	"protocol.http.allow=always",
	"-c",
	"protocol.ssh.allow=always",
	"-c",
	"protocol.git.allow=always",
	"-c",
	"protocol.file.allow=always",
	"-c",
	"transfer.fsckObjects=true",
	"-c",
	"core.hooksPath=/dev/null",
	"-c",
	"core.attributesFile=/dev/null",
	"-c",
	"core.askPass=",
	"-c",
	"gc.auto=0",
	"-c",
	"maintenance.auto=false",
	"-c",
	"tar.umask=0022",
	/* what comes is one file, so that it can be limited */
	"-c",
	"fetch.unpackLimit=1",
	NULL,
};

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Of git's own variables only those of the network: GIT_DIR and its like would lead elsewhere. */
static bool is_kept(const char *variable, bool network)
{
	static const char *const kept[] = {
		"GIT_SSH=",	      "GIT_SSH_COMMAND=",   "GIT_SSH_VARIANT=",
		"GIT_SSL_",	      "GIT_PROXY_SSL_",	    "GIT_HTTP_",
		"GIT_CONFIG_GLOBAL=", "GIT_CONFIG_SYSTEM=", "GIT_CONFIG_NOSYSTEM="
	};

	if (starts_with(variable, "LC_") || starts_with(variable, "LANG") ||
	    starts_with(variable, "SSH_ASKPASS"))
		return false;
	if (!starts_with(variable, "GIT_"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(kept) && network; i++)
		if (starts_with(variable, kept[i]))
			return true;
	return false;
}

static int make_env(struct strv *env, bool network, int patience)
{
	const char *ca = getenv("CURL_CA_BUNDLE");

	for (char **e = environ; *e; e++)
		if (is_kept(*e, network))
			strv_add(env, *e);
	strv_add(env, "LC_ALL=C");
	strv_add(env, "GIT_TERMINAL_PROMPT=0");
	if (!network) {
		strv_add(env, "GIT_CONFIG_GLOBAL=/dev/null");
		strv_add(env, "GIT_CONFIG_NOSYSTEM=1");
		strv_add(env, "GIT_ATTR_NOSYSTEM=1");
	}
	if (network && !getenv("GIT_SSH_COMMAND") && !getenv("GIT_SSH"))
		strv_addf(env,
			  "GIT_SSH_COMMAND=ssh -o BatchMode=yes -o ConnectTimeout=%d "
			  "-o ServerAliveInterval=%d",
			  patience, patience);
	if (network && ca && *ca && !getenv("GIT_SSL_CAINFO"))
		strv_addf(env, "GIT_SSL_CAINFO=%s", ca);
	return strv_error(env);
}

const char *git_complaint(char *said)
{
	static const char *const signs[] = { "fatal: ", "error: ", "ERR " };
	char *line = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(signs) && !line; i++)
		line = strstr(said, signs[i]);
	if (!line)
		return "it says nothing";
	line += strcspn(line, " ") + 1;
	line[strcspn(line, "\n")] = '\0';
	tame_urls(line);
	tame(line);
	return line;
}

int git_call(const struct git *c, const char *const *words, char **said)
{
	int patience = c->patience ?: USUAL_PATIENCE;
	autostrv struct strv argv = { 0 }, env = { 0 };
	int r = make_env(&env, c->network, patience);

	for (const char *const *w = always; *w; w++)
		strv_add(&argv, *w);
	if (c->repository)
		strv_addf(&argv, "--git-dir=%s", c->repository);
	if (c->network) {
		strv_add(&argv, "-c");
		strv_add(&argv, "http.lowSpeedLimit=100");
		strv_add(&argv, "-c");
		strv_addf(&argv, "http.lowSpeedTime=%d", patience);
	}
	for (; *words; words++)
		strv_add(&argv, *words);
	if (r == 0)
		r = strv_error(&argv);
	if (r < 0)
		return r;
	const struct proc p = {
		.argv = (const char *const *)argv.v,
		.env = env.v,
		.dir = "/",
		.out = c->out,
		.err = c->out ? 0 : PROC_SAME_AS_OUT,
		.patience = c->talks ? patience : 0,
		.file_most = c->most,
	};

	return c->out ? proc_run(&p) : proc_read(&p, SAID_MAX, said);
}

int git_cannot(int r, int patience, char **why)
{
	if (r == -ENOENT)
		return why_set(why, r, "git is not installed (Debian's package 'git')");
	if (r == -ETIME)
		return why_set(why, r, "nothing came for %d seconds", patience ?: USUAL_PATIENCE);
	return why_errno(why, r, "cannot run 'git'");
}
