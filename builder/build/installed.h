// SPDX-License-Identifier: GPL-2.0-or-later
/* installed.h - what the file system says about itself: `xsysfs status` and `xsysfs list`. */
#pragma once

#include "builder/base/json.h"
#include "builder/base/places.h"

struct installed {
	char *sysroot;
	char *state;
	/* of the committed packages, side by side; `by_name` are their indices */
	size_t *by_name;
	struct strv names, versions, keys, layers;
	struct strv parts; /* their rules, one a line */
	struct strv needs; /* what they could see, with blanks between them */
	struct strv uses;  /* packages of which something was read, with blanks between them */
};

void installed_release(struct installed *i);

/* What `xsysfs -C WHERE VERB --json` answers, for the caller to free; its own message has been said
 * when it fails. 0 or -errno with `*why`. */
int installed_ask(const struct places *places, const char *where, const char *verb, json_t **ret,
		  char **why);

/* Ask the file system at `where`. 0 or -errno with `*why`. */
int installed_read(struct installed *i, const struct places *places, const char *where, char **why);

/* Read again what has changed: `package` has been installed, or NULL, whatever others have
 * installed or removed meanwhile. The ids in STATE/stack say whether that one is all; only then are
 * the other packages, of which there may be thousands, not asked for. 0 or -errno with `*why`. */
int installed_refresh(struct installed *i, const struct places *places, const char *where,
		      const char *package, char **why);

/* The id of its layer, lent: NAME-VERSION-DIGEST, the digest over all that the package wrote; NULL
 * when it is not installed. */
const char *installed_layer(const struct installed *i, const char *package);

/* The rules for its parts, one a line, lent; NULL when it is not installed. */
const char *installed_parts(const struct installed *i, const char *package);
/* What it was built with, by name, with blanks between them, lent; likewise. */
const char *installed_needs(const struct installed *i, const char *package);
/* Of which packages its build has read something, with blanks between them, lent; NULL also when
 * nobody has watched. */
const char *installed_uses(const struct installed *i, const char *package);
/* Its version, lent; NULL when it is not installed. */
const char *installed_version(const struct installed *i, const char *package);

/* The key under which a package is installed, lent; NULL when it is not, "" without a key. */
const char *installed_key(const struct installed *i, const char *package);
