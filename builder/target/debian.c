// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/debian.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "builder/source/debianlock.h"
#include "builder/source/debiantree.h"
#include "builder/source/shelf.h"
#include "builder/source/unpack.h"
#include "builder/target/toolchain_make.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

#define LOCK_MAX (1 << 20)

/* A toolchain of the same packages that is made in another way is another one. */
#define WAY "1"

static const struct release {
	unsigned number;
	const char *name, *gcc;
} releases[] = { { 12, "bookworm", "12" }, { 13, "trixie", "14" } };

struct making {
	const struct board *board;
	struct source_ways *ways;
	const struct release *release;
	const struct debian_target *target;
	char *name; /* debian-12-TRIPLE */
	struct debian_lock lock;
};

static void making_release(struct making *m)
{
	free(m->name);
	debianlock_release(&m->lock);
}

static int no_memory(char **why)
{
	return why_errno(why, -ENOMEM, "debian");
}

static int begin(struct making *m, char **why)
{
	const struct board *b = m->board;

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		if (releases[i].number == b->debian)
			m->release = &releases[i];
	if (!m->release)
		return toolchain_refuse(why, m->board, -EINVAL, "'debian' is 12 or 13, not %u",
					b->debian);
	m->target = debianlock_target(b->triple);
	if (!m->target)
		return toolchain_refuse(
			why, m->board, -EINVAL,
			"Debian has no cross compilers for '%s' (but for "
			"aarch64-linux-gnu, arm-linux-gnueabihf, arm-linux-gnueabi, "
			"riscv64-linux-gnu)",
			b->triple);
	m->name = text_of("debian-%u-%s", b->debian, b->triple);
	if (!m->name)
		return no_memory(why);
	return 0;
}

/* ---- what the archive has now ---- */

static int run_apt(struct apt *apt, const struct making *m, struct debian_lock *archive, char **why)
{
	const char *const update[] = { "apt-get", "-oAPT::Update::Error-Mode=any", "update", NULL };
	autostrv struct strv argv = { 0 };
	autofree char *said = NULL;
	autofree char *away = NULL;
	int r = apt_run(apt, update, &said, &away);

	/* one of several archives may lack the release; where no other has it, this is the reason
	 */
	if (r < 0 && r != -EIO) {
		*why = take_ptr(away);
		return r;
	}
	free(take_ptr(said));
	r = strv_split(&argv, "apt-get --yes --no-install-recommends --print-uris install", " ");
	if (r == 0)
		r = strv_addf(&argv, "gcc-%s-%s", m->release->gcc, m->target->triple);
	if (r == 0)
		r = strv_addf(&argv, "g++-%s-%s", m->release->gcc, m->target->triple);
	if (r == 0)
		r = strv_addf(&argv, "gfortran-%s-%s", m->release->gcc, m->target->triple);
	if (r < 0)
		return no_memory(why);
	r = apt_run(apt, (const char *const *)argv.v, &said, why);
	if (r < 0 && away) {
		free(*why);
		*why = take_ptr(away);
	}
	if (r < 0)
		return r;
	r = debianlock_of_uris(archive, said, m->target);
	return r < 0 ? why_errno(why, r, "apt's list of packages is not understood") : 0;
}

/* One at a time: its lists are files. */
static int lock_apt(const char *dir, char **why)
{
	int r = io_mkdir_p(AT_FDCWD, dir, 0755);
	autofd int fd = r < 0 ? r : io_open_dir(AT_FDCWD, dir);

	if (fd < 0)
		return why_errno(why, fd, "cannot make '%s'", dir);
	return flock(fd, LOCK_EX) < 0 ? why_errno(why, -errno, "cannot lock '%s'", dir)
				      : take_fd(&fd);
}

static int ask_apt(const struct making *m, struct debian_lock *archive, char **why)
{
	const struct apt_wanted wanted = { .type = "deb", .suites = m->release->name, .more = "" };
	cleanup(apt_release) struct apt apt = { 0 };
	autofree char *dir = NULL;
	autofd int lock = -1;
	int r;

	dir = text_of("%s/apt-debian-%u", m->ways->places->home, m->release->number);
	if (!dir)
		return no_memory(why);
	lock = lock_apt(dir, why);
	if (lock < 0)
		return lock;
	log_note("asking apt for the compilers of Debian %u", m->release->number);
	r = apt_open(&apt, dir, why);
	if (r == 0)
		r = apt_write_list(&apt, &wanted, why);
	return r == 0 ? run_apt(&apt, m, archive, why) : r;
}

static int ask_archive(const struct making *m, struct debian_lock *archive, char **why)
{
	autofree char *reason = NULL;
	int r;

	if (m->ways->offline)
		return toolchain_refuse(
			why, m->board, -ENETDOWN,
			"Debian's compilers are not at hand, and this is --offline");
	r = ask_apt(m, archive, &reason);
	if (r == -ENOENT)
		return toolchain_refuse(
			why, m->board, r,
			"Debian's compilers come by the apt of a Debian machine: %s (say "
			"'toolchain = DIR' or 'url = ...' instead, or '--sources DIR' with "
			"what another machine has in '%s')",
			reason ? reason : "", m->ways->places->sources);
	return r < 0 ? toolchain_refuse(why, m->board, r, "cannot get Debian's compilers: %s",
					reason ? reason : "")
		     : 0;
}

/* ---- which packages ---- */

static char *lock_file(const struct making *m)
{
	return text_of("%s.lock", m->name);
}

/* The lock of that hash, if it is on the shelf: 1, 0, -errno. */
static int read_lock(struct making *m, const char *hash, char **why)
{
	autofree char *file = lock_file(m);
	autofree char *path = NULL;
	autofree char *text = NULL;
	int r = file ? shelf_look(m->ways->places, file, hash, &path) : -ENOMEM;

	if (r == 1)
		r = io_read_file(AT_FDCWD, path, LOCK_MAX, &text, NULL);
	else if (r == 0)
		return 0;
	if (r == 0)
		r = debianlock_read(&m->lock, text);
	if (r == 0 && strcmp(m->lock.hash, hash) != 0)
		r = -EBADMSG;
	return r < 0 ? why_errno(why, r, "cannot read '%s'", path ? path : m->name) : 1;
}

static int keep_lock(const struct making *m, char **why)
{
	autofree char *file = lock_file(m);
	autofree char *text = debianlock_text(&m->lock);
	autofree char *dir = shelf_folder(m->ways->places, m->lock.hash);
	int r = file && text && dir ? io_mkdir_p(AT_FDCWD, dir, 0755) : -ENOMEM;

	if (r == 0)
		r = places_write(dir, file, text);
	return r < 0 ? why_errno(why, r, "cannot write '%s' to '%s'", file ? file : "",
				 dir ? dir : "")
		     : 0;
}

/* Those of the hash, or, without one, what the archive has now. */
static int find_lock(struct making *m, const char *hash, char **why)
{
	int r = *hash ? read_lock(m, hash, why) : 0;

	if (r != 0)
		return r < 0 ? r : 0;
	r = ask_archive(m, &m->lock, why);
	if (r < 0)
		return r;
	if (*m->board->sha256 && strcmp(m->lock.hash, m->board->sha256) != 0)
		return toolchain_refuse(
			why, m->board, -ESTALE,
			"Debian's archive has other packages now ('sha256 = %s') than "
			"those of 'sha256', which are not at hand (they may be in the '%s' "
			"of another machine: '--sources DIR')",
			m->lock.hash, m->ways->places->sources);
	return keep_lock(m, why);
}

/* ---- having them ---- */

/* Of those that are `missing`. */
static int fetch(struct making *m, const size_t *missing, size_t n, char **why)
{
	autofree struct fetch_order *orders = calloc(n + 1, sizeof(*orders));
	autostrv struct strv words = { 0 };
	autofree char *reason = NULL;
	int r = orders ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct debian_package *p = &m->lock.v[missing[i]];
		autofree char *dir = shelf_folder(m->ways->places, p->sha256);
		autofree char *file = debianlock_file(p);

		if (!dir || !file || strv_add(&words, dir) < 0 || strv_add(&words, file) < 0)
			r = -ENOMEM;
		else
			r = io_mkdir_p(AT_FDCWD, dir, 0755);
	}
	if (r < 0)
		return why_errno(why, r, "cannot write to '%s'", m->ways->places->sources);
	for (size_t i = 0; i < n; i++) {
		const struct debian_package *p = &m->lock.v[missing[i]];

		orders[i] = (struct fetch_order){ .url = p->url,
						  .dir = words.v[2 * i],
						  .name = words.v[2 * i + 1],
						  .sha256 = p->sha256,
						  .size = p->size,
						  .quiet = true };
	}
	log_note("fetching %zu package%s of Debian %u", n, n == 1 ? "" : "s", m->release->number);
	r = m->ways->fetch_some(&m->ways->fetcher, orders, n, &reason);
	return r < 0 ? toolchain_refuse(why, m->board, r, "cannot fetch Debian's compilers: %s",
					reason ? reason : "")
		     : 0;
}

/* Where they are to be had: the archive may have other ones by now. */
static int locate(struct making *m, const size_t *missing, size_t n, char **why)
{
	cleanup(debianlock_release) struct debian_lock archive = { 0 };
	bool known = true;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		known = known && m->lock.v[missing[i]].url;
	if (!known)
		r = ask_archive(m, &archive, why);
	if (!known && r == 0 && debianlock_locate(&m->lock, &archive) < 0)
		r = no_memory(why);
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct debian_package *p = &m->lock.v[missing[i]];

		if (!p->url)
			r = toolchain_refuse(
				why, m->board, -ENOENT,
				"Debian's archive has no '%s' in version %s any more, and it "
				"is not at hand (another machine may have it in its '%s': "
				"'--sources DIR')",
				p->name, p->version, m->ways->places->sources);
	}
	return r;
}

/* The packages' files, in the lock's order. */
static int have_packages(struct making *m, struct strv *paths, char **why)
{
	autofree size_t *missing = calloc(m->lock.n + 1, sizeof(*missing));
	size_t n = 0;
	int r = missing ? 0 : -ENOMEM;

	for (size_t i = 0; i < m->lock.n && r >= 0; i++) {
		autofree char *file = debianlock_file(&m->lock.v[i]);
		autofree char *dir = shelf_folder(m->ways->places, m->lock.v[i].sha256);
		autofree char *path = NULL;

		r = file && dir ? shelf_look(m->ways->places, file, m->lock.v[i].sha256, &path)
				: -ENOMEM;
		if (r == 0)
			missing[n++] = i;
		if (r >= 0 &&
		    (r == 1 ? strv_add(paths, path) : strv_addf(paths, "%s/%s", dir, file)) < 0)
			r = -ENOMEM;
	}
	if (r < 0)
		return why_errno(why, r, "%s", m->name);
	r = n ? locate(m, missing, n, why) : 0;
	return r == 0 && n ? fetch(m, missing, n, why) : r;
}

static int unpack_all(const struct strv *paths, const char *raw, char **why)
{
	int r = io_mkdir_p(AT_FDCWD, raw, 0755);

	if (r < 0)
		return why_errno(why, r, "cannot make '%s'", raw);
	strv_foreach (path, paths)
		if (r == 0)
			r = unpack_deb(*path, raw, NULL, why);
	return r;
}

static int make_of_packages(void *arg, const char *aside, char **why)
{
	struct making *m = arg;
	autostrv struct strv paths = { 0 };
	autofree char *raw = places_join(aside, "raw");
	int r = raw ? have_packages(m, &paths, why) : no_memory(why);

	if (r < 0)
		return r;
	log_note("composing the toolchain of %s", m->board->name);
	r = unpack_all(&paths, raw, why);
	if (r == 0)
		r = debiantree_compose(aside, "raw", m->target->triple, why);
	return r == 0 ? m->ways->trial(aside, m->target->triple, why) : r;
}

/* ---- all of it ---- */

/* The note of what came first; "" for none. */
static void recall(const struct making *m, char hash[static DIGEST_HEX])
{
	autofree char *path = places_join(m->ways->places->toolchains, m->name);
	autofree char *text = NULL;

	*hash = '\0';
	if (path && io_read_file(AT_FDCWD, path, DIGEST_HEX - 1, &text, NULL) == 0 &&
	    strlen(text) == DIGEST_HEX - 1 && !text[strspn(text, "0123456789abcdef")])
		memcpy(hash, text, DIGEST_HEX);
}

static char *folder_of(const struct making *m, const char *hash)
{
	return text_of("%s/%.16s-" WAY, m->ways->places->toolchains, hash);
}

static int make_it(struct making *m, const char *hash, char **dir, char **why)
{
	int r = find_lock(m, hash, why);

	if (r < 0)
		return r;
	free(*dir);
	*dir = folder_of(m, m->lock.hash);
	if (!*dir)
		return no_memory(why);
	r = toolchain_make(m->ways->places, *dir, make_of_packages, m, why);
	if (r == 0 && !*m->board->sha256 &&
	    (r = places_write(m->ways->places->toolchains, m->name, m->lock.hash)) < 0)
		why_errno(why, r, "cannot write '%s'", m->name);
	return r;
}

int debian_toolchain(const struct board *board, struct source_ways *ways, char **dir,
		     char lock[static DIGEST_HEX], char **why)
{
	cleanup(making_release) struct making m = { .board = board, .ways = ways };
	int r = begin(&m, why);

	if (r < 0)
		return r;
	if (*board->sha256)
		memcpy(lock, board->sha256, DIGEST_HEX);
	else
		recall(&m, lock);
	*dir = *lock ? folder_of(&m, lock) : NULL;
	if (*lock && !*dir)
		return no_memory(why);
	if (*dir && access(*dir, F_OK) == 0)
		return 0;
	r = make_it(&m, lock, dir, why);
	if (r == 0)
		memcpy(lock, m.lock.hash, DIGEST_HEX);
	return r;
}
