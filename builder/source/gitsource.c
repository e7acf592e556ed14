// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/gitsource.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/recipe/recipe_source.h"
#include "builder/source/git.h"
#include "builder/source/part.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/strv.h"
#include "fs/base/text.h"

/* Every file as it was committed, whatever the commit's own .gitattributes say. */
#define ATTRIBUTES \
	"* -text -eol -ident -filter -working-tree-encoding -export-ignore -export-subst\n"

/* Little may come and be much: more is not unpacked either (unpack.h), but for heads and edges. */
#define ARCHIVE_MOST (5ULL << 30)

char *gitsource_host(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t n = strcspn(host, "/");
	const char *at = memrchr(host, '@', n);

	if (at) {
		n -= at + 1 - host;
		host = at + 1;
	}
	return n ? strndup(host, n) : strdup("this machine");
}

/* ---- the repository ---- */

/* SOURCES/git/HASH.git, for a URL and a kind of hash; the caller frees. */
static char *repository_path(const struct gitsource *g)
{
	char hex[DIGEST_HEX];
	char *path;

	if (digest_of_data(g->url, strlen(g->url), hex) < 0 ||
	    !(path = text_of("%s/git/%.16s%s.git", g->sources, hex,
			     strlen(g->commit) == 64 ? "-sha256" : "")))
		return NULL;
	return path;
}

/* The descriptor that holds the lock, or -errno. */
static int lock(const char *repository)
{
	autofree char *path = NULL;
	autofd int fd = -1;

	path = text_of("%s.lock", repository);
	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return take_fd(&fd);
}

static int prepare(const char *repository, const struct gitsource *g, char **why)
{
	autofree char *format = NULL;
	autofree char *info = NULL;
	autofree char *said = NULL;
	int r;

	format = text_of("--object-format=%s", strlen(g->commit) == 64 ? "sha256" : "sha1");
	if (!format)
		return why_errno(why, -ENOMEM, "git");
	const char *words[] = { "init", "-q", "--bare", "--template=", format, repository, NULL };

	r = git_call(&(struct git){ 0 }, words, &said);
	if (r < 0)
		return git_cannot(r, 0, why);
	if (r > 0)
		return why_set(why, -EIO, "cannot make '%s': %s", repository, git_complaint(said));
	info = places_join(repository, "info");
	r = info ? io_mkdir_p(AT_FDCWD, info, 0755) : -ENOMEM;
	if (r == 0)
		r = places_write(info, "attributes", ATTRIBUTES);
	return r < 0 ? why_errno(why, r, "cannot write '%s'", repository) : 0;
}

/* What is there under the commit's name: "commit", "tag", ...; NULL: nothing. The caller frees. */
static char *type_of(const char *repository, const char *commit)
{
	const char *words[] = { "cat-file", "-t", commit, NULL };
	char *said = NULL;

	if (git_call(&(struct git){ .repository = repository }, words, &said) != 0) {
		free(said);
		return NULL;
	}
	said[strcspn(said, "\n")] = '\0';
	return said;
}

/* A server may refuse to give out a commit that no branch or tag points to, and one that is a mere
 * folder of files cannot give out single commits. */
static bool wants_all(const char *said)
{
	static const char *const signs[] = { "unadvertised object", "not our ref", "remote ref",
					     "dumb http", "shallow" };

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (strstr(said, signs[i]))
			return true;
	return false;
}

static uint64_t most(const struct gitsource *g)
{
	return g->most ? g->most : PART_MOST;
}

/* What an end in the middle leaves; returns whether it was the limit's. */
static bool remove_halves(const char *repository, uint64_t limit)
{
	autofree char *pattern = places_join(repository, "objects/pack/tmp_*");
	glob_t g = { 0 };
	bool full = false;
	struct stat st;

	if (pattern && glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++) {
			full |= lstat(g.gl_pathv[i], &st) == 0 && (uint64_t)st.st_size >= limit;
			unlink(g.gl_pathv[i]);
		}
	globfree(&g);
	return full;
}

/* A fetch of objects. Its exit status (0: well), or -errno with `*why`. */
static int fetch(const char *repository, const struct gitsource *g, const char *const *words,
		 char **said, char **why)
{
	const struct git call = { .repository = repository,
				  .network = true,
				  .talks = true,
				  .patience = g->patience,
				  .most = most(g) };
	int r = git_call(&call, words, said);

	if (r < 0)
		return git_cannot(r, g->patience, why);
	if (r == 0 || !remove_halves(repository, most(g)))
		return r;
	return why_set(why, -EFBIG, "more than %" PRIu64 " bytes came for '%s'", most(g), g->file);
}

/* 1 when it is there, 0 when all has to be fetched instead, or -errno. */
static int fetch_one(const char *repository, const struct gitsource *g, char **why)
{
	autofree char *spec = NULL;
	autofree char *said = NULL;
	int r;

	spec = text_of("%s:refs/xsysfs/%s", g->commit, g->commit);
	if (!spec)
		return why_errno(why, -ENOMEM, "git");
	const char *words[] = { "fetch",
				"--progress",
				"--depth=1",
				"--no-tags",
				"--no-write-fetch-head",
				"--no-recurse-submodules",
				"--force",
				"--",
				g->url,
				spec,
				NULL };

	r = fetch(repository, g, words, &said, why);
	if (r <= 0)
		return r < 0 ? r : 1;
	return wants_all(said) ? 0 : why_set(why, -EIO, "git: %s", git_complaint(said));
}

/* What an earlier call cut off is fetched too. */
static int fetch_all(const char *repository, const struct gitsource *g, char **why)
{
	autofree char *shallow = places_join(repository, "shallow");
	const char *words[] = { "fetch",
				"--progress",
				"--no-tags",
				"--no-write-fetch-head",
				"--no-recurse-submodules",
				"--force",
				shallow && access(shallow, F_OK) == 0 ? "--unshallow" : "--force",
				"--",
				g->url,
				"+refs/heads/*:refs/all/heads/*",
				"+refs/tags/*:refs/all/tags/*",
				NULL };
	autofree char *said = NULL;
	int r = fetch(repository, g, words, &said, why);

	return r <= 0 ? r : why_set(why, -EIO, "git: %s", git_complaint(said));
}

static int check_type(const char *type, const struct gitsource *g, char **why)
{
	if (!type)
		return why_set(why, -ENOENT, "the repository has no commit '%s'", g->commit);
	if (strcmp(type, "commit") != 0)
		return why_set(why, -EINVAL, "'%s' is a %s there, and no commit", g->commit, type);
	return 0;
}

/* Say that the commit is whole: objects that one who was killed has left may not be. */
static int mark(const char *repository, const char *ref, const struct gitsource *g, char **why)
{
	const char *words[] = { "update-ref", ref, g->commit, NULL };
	autofree char *said = NULL;
	int r = git_call(&(struct git){ .repository = repository }, words, &said);

	if (r < 0)
		return git_cannot(r, 0, why);
	return r == 0 ? 0 : why_set(why, -EIO, "git: %s", git_complaint(said));
}

static int have_commit(const char *repository, const struct gitsource *g, char **why)
{
	autofree char *before = NULL;
	autofree char *after = NULL;
	char ref[100];
	int r;

	snprintf(ref, sizeof(ref), "refs/xsysfs/%s", g->commit);
	before = type_of(repository, ref);
	if (before)
		return check_type(before, g, why);
	r = fetch_one(repository, g, why);
	if (r < 0)
		return r;
	if (r == 0) {
		r = fetch_all(repository, g, why);
		if (r < 0)
			return r;
	}
	after = type_of(repository, g->commit);
	r = check_type(after, g, why);
	return r == 0 ? mark(repository, ref, g, why) : r;
}

/* ---- the archive ---- */

/* A submodule is an entry of mode 160000, whose content is another repository's. */
static int check_submodules(const char *repository, const struct gitsource *g, char **why)
{
	const char *words[] = { "ls-tree", "-r", "--full-tree", "--format=%(objectmode) %(path)",
				g->commit, NULL };
	autofree char *said = NULL;
	char *line, *rest;
	int r;

	if (g->without_submodules)
		return 0;
	r = git_call(&(struct git){ .repository = repository }, words, &said);
	if (r < 0)
		return git_cannot(r, 0, why);
	if (r > 0)
		return why_set(why, -EIO, "git: %s", git_complaint(said));
	for (rest = said; (line = strsep(&rest, "\n"));)
		if (strncmp(line, "160000 ", 7) == 0)
			return why_set(why, -ENOTSUP,
				       "it has a submodule, '%.100s', and these are not fetched "
				       "('submodules = no' leaves the folder empty)",
				       line + 7);
	return 0;
}

static int write_archive(const char *repository, const struct gitsource *g, int fd, char **why)
{
	const struct git call = { .repository = repository, .out = fd, .most = ARCHIVE_MOST };
	autofree char *prefix = NULL;
	int r;

	prefix = text_of("--prefix=%s/", g->commit);
	if (!prefix)
		return why_errno(why, -ENOMEM, "git");
	const char *words[] = { "archive", "--format=tar", prefix, g->commit, NULL };

	r = git_call(&call, words, NULL);
	if (r < 0)
		return git_cannot(r, 0, why);
	if (r > 0 && WIFSIGNALED(r) && WTERMSIG(r) == SIGXFSZ)
		return why_set(why, -EFBIG, "'%s' has more than %llu bytes of files", g->file,
			       ARCHIVE_MOST);
	if (r > 0) {
		autofree char *status = proc_words(r);

		return why_set(why, -EIO, "'git archive' failed: %s (remove '%s' and try again)",
			       status ? status : "", repository);
	}
	return fsync(fd) < 0 ? why_errno(why, -errno, "cannot write '%s'", g->file) : 0;
}

/* Move the archive to where its hash says, and remember that. */
static int keep(const struct gitsource *g, const char *part, int fd, char **path, char **why)
{
	autofree char *commits = NULL;
	autofree char *dir = NULL;
	autofree char *to = NULL;
	char hex[DIGEST_HEX];
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : digest_of_fd(fd, hex);

	if (r < 0)
		return why_errno(why, r, "cannot read '%s'", part);
	commits = places_join(g->sources, "git/commits");
	dir = places_join(g->sources, hex);
	to = dir ? places_join(dir, g->file) : NULL;
	if (!commits || !to)
		return why_errno(why, -ENOMEM, "git");
	r = io_mkdir_p(AT_FDCWD, dir, 0755);
	if (r == 0)
		r = rename(part, to) < 0 ? -errno : io_mkdir_p(AT_FDCWD, commits, 0755);
	if (r == 0)
		r = places_write(commits, g->commit, hex);
	if (r < 0)
		return why_errno(why, r, "cannot keep '%s'", to);
	*path = take_ptr(to);
	return 0;
}

static int make_archive(const char *repository, const struct gitsource *g, char **path, char **why)
{
	autofree char *part = NULL;
	autofd int fd = -1;
	int r;

	part = text_of("%s.part", repository);
	if (!part)
		return why_errno(why, -ENOMEM, "git");
	fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return why_errno(why, -errno, "cannot write '%s'", part);
	r = check_submodules(repository, g, why);
	if (r == 0)
		r = write_archive(repository, g, fd, why);
	if (r == 0)
		r = keep(g, part, fd, path, why);
	if (r < 0)
		unlink(part);
	return r;
}

int gitsource_get(const struct gitsource *g, char **path, char **why)
{
	autofree char *repository = repository_path(g);
	autofree char *dir = places_join(g->sources, "git");
	autofd int held = -1;
	int r;

	if (!repository || !dir)
		return why_errno(why, -ENOMEM, "git");
	r = io_mkdir_p(AT_FDCWD, dir, 0755);
	if (r == 0)
		held = r = lock(repository);
	if (r < 0)
		return why_errno(why, r, "cannot lock '%s'", repository);
	r = prepare(repository, g, why);
	if (r == 0)
		r = have_commit(repository, g, why);
	return r == 0 ? make_archive(repository, g, path, why) : r;
}

int gitsource_recall(const char *sources, const char *commit, char sha256[static DIGEST_HEX])
{
	autofree char *path = NULL;
	autofree char *text = NULL;
	int r;

	path = text_of("%s/git/commits/%s", sources, commit);
	if (!path)
		return -ENOMEM;
	r = io_read_file(AT_FDCWD, path, DIGEST_HEX, &text, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (strlen(text) != DIGEST_HEX - 1 || text[strspn(text, "0123456789abcdef")])
		return 0;
	memcpy(sha256, text, DIGEST_HEX);
	return 1;
}

/* ---- tags ---- */

/* The commit in front of the reference `name` in a list of "COMMIT\tNAME" lines; the caller frees.
 */
static char *find_ref(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t hex = strcspn(p, "\t\n");
		autofree char *commit = NULL;

		if (p[hex] != '\t' || strcspn(p + hex + 1, "\n") != n ||
		    strncmp(p + hex + 1, name, n) != 0)
			continue;
		commit = strndup(p, hex);
		return commit && recipe_source_is_commit(commit) ? take_ptr(commit) : NULL;
	}
	return NULL;
}

/* A tag that is an object of its own is listed once more as "NAME^{}", with its commit. */
static char *find_tag(const char *list, const char *tag)
{
	char name[256];
	char *commit;

	snprintf(name, sizeof(name), "refs/tags/%s^{}", tag);
	commit = find_ref(list, name);
	if (commit)
		return commit;
	name[strlen(name) - 3] = '\0';
	return find_ref(list, name);
}

int gitsource_find_tag(const char *url, const char *name, const char *version, int patience,
		       char **commit, char **why)
{
	const char *const forms[][2] = {
		{ "v", "" }, { "", "" }, { name, "-" }, { name, "-v" }, { "release-", "" },
	};
	const struct git call = { .network = true, .talks = true, .patience = patience };
	autofree char *pattern = NULL;
	autofree char *said = NULL;
	int r;

	pattern = text_of("refs/tags/*%s*", version);
	if (!pattern)
		return why_errno(why, -ENOMEM, "git");
	const char *words[] = { "ls-remote", "--", url, pattern, NULL };

	r = git_call(&call, words, &said);

	if (r < 0)
		return git_cannot(r, patience, why);
	if (r > 0)
		return why_set(why, -EIO, "git: %s", git_complaint(said));
	*commit = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(forms) && !*commit; i++) {
		char tag[200];

		snprintf(tag, sizeof(tag), "%s%s%s", forms[i][0], forms[i][1], version);
		*commit = find_tag(said, tag);
	}
	return *commit ? 0 : why_set(why, -ENOENT, "it has no tag for %s", version);
}
