// SPDX-License-Identifier: GPL-2.0-or-later
/* gitsource.h - a commit of a git repository as an archive. The one door to the program git.
 *
 * The commit's name is the hash of all that it holds; git checks it, and the archive is made of the
 * checked objects alone: every file as it was committed, whatever the machine's git is told to
 * convert or leave out. Its times are the commit's. Archives are kept like downloaded ones, by
 * their own hash, and SOURCES/git remembers which commit gave which; the objects stay there too, in
 * a bare repository for each URL, locked while somebody is at it.
 *
 * Fetching uses the user's own settings of git (proxies, certificates, ways to log in), but asks
 * nobody anything, runs no hook, and speaks no protocol but https, http, ssh, git and file. Making
 * the archive uses no settings at all. Names and passwords in URLs are never said.
 */
#pragma once

#include <stdint.h>

#include "fs/base/digest.h"

struct gitsource {
	const char *sources;	  /* SOURCES */
	const char *url;	  /* recipe_source_is_git */
	const char *commit;	  /* recipe_source_is_commit */
	const char *file;	  /* the archive's name */
	uint64_t most;		  /* bytes that a server may send; 0: as for archives */
	int patience;		  /* seconds with a silent server; 0: 30 */
	_Bool without_submodules; /* leave their folders empty; else a commit with some is refused
				   */
};

/* The hash of the archive that the commit once gave, of whatever name. 1, 0 when it is not known,
 * or -errno. Whether the archive is still there is for the caller to see. */
int gitsource_recall(const char *sources, const char *commit, char sha256[static DIGEST_HEX]);

/* Fetch the commit and make SOURCES/SHA256/FILE of it: `*path`, the caller's. Takes as long as it
 * takes. 0 or -errno with `*why`. */
int gitsource_get(const struct gitsource *g, char **path, char **why);

/* The commit of the tag for this version ("v1.2", "1.2", "NAME-1.2", ...), which the caller frees.
 * 0, -ENOENT when there is no such tag, or -errno with `*why`. */
int gitsource_find_tag(const char *url, const char *name, const char *version, int patience,
		       char **commit, char **why);

/* Host or "this machine", for messages; the caller frees. */
char *gitsource_host(const char *url);
