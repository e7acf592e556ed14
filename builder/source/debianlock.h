// SPDX-License-Identifier: GPL-2.0-or-later
/* debianlock.h - exactly which packages of Debian's make a toolchain.
 *
 * A lock is a text, a line a package: NAME VERSION ARCHITECTURE SHA256, sorted. Its own sha256
 * stands for all of it: in a board, in the name of the toolchain's folder, and on the shelf, where
 * the lock lies like any other file.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "fs/base/digest.h"

struct debian_package {
	char *name, *version, *arch;
	char sha256[DIGEST_HEX];
	char *url;     /* where apt has it; NULL when the archive has it no more */
	uint64_t size; /* with the url */
};

struct debian_lock {
	struct debian_package *v;
	size_t n;
	char hash[DIGEST_HEX]; /* of its text */
};

#define autodebianlock cleanup(debianlock_release)
void debianlock_release(struct debian_lock *l);

/* The triples of which Debian has cross compilers, and what it calls them. */
struct debian_target {
	const char *triple, *arch;
};
const struct debian_target *debianlock_target(const char *triple); /* NULL: none */

/* Of a lock's text. 0, -EBADMSG when it is none, -ENOMEM. */
int debianlock_read(struct debian_lock *l, const char *text);

/* Of what 'apt-get --print-uris install' says (the name of the file has name, version and
 * architecture): what belongs to the toolchain of `target`. The C library and what else every
 * machine has itself is left out. 0, -ENOENT when nothing does, -EBADMSG, -ENOMEM. */
int debianlock_of_uris(struct debian_lock *l, const char *uris, const struct debian_target *target);

/* Have the urls of those in `l` from `archive`, by hash. */
int debianlock_locate(struct debian_lock *l, const struct debian_lock *archive);

/* The caller frees. NULL: no memory. */
char *debianlock_text(const struct debian_lock *l);
char *debianlock_file(const struct debian_package *p); /* NAME_VERSION_ARCH.deb, as apt has it */
