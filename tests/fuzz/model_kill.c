// SPDX-License-Identifier: GPL-2.0-or-later
/* model_kill.c - the engine is gone, without farewell: all that lasts is on disk.
 *
 * Between two operations it is closed with all its descriptors pointing to nowhere, so that nothing
 * of the good order in which it goes reaches the disk. In the middle of one, a child has it, which
 * ends at some call; what the operation is about it has told before. Then nothing else has changed,
 * that has happened or not, and the next engine shows what the disk says.
 */
#include "tests/fuzz/model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain.h"

/* ---- what an operation is about ---- */

/* Memory that the child shares. */
struct omen {
	enum model_change change;
	unsigned n;
	char paths[2][64]; /* names of more than some bytes are not touched here */
	size_t taken;	   /* bytes of the input */
};

static struct omen *omen;

static char *path_of(const struct plain *dir, const char *name, char *end)
{
	size_t len = strlen(name);

	*--end = '\0';
	end = memcpy(end - len, name, len);
	for (; dir->parent; dir = dir->parent) {
		const char *above = model_name_of(dir);

		*--end = '/';
		len = strlen(above);
		end = memcpy(end - len, above, len);
	}
	return end;
}

void model_about(struct model *m, enum model_change change, const struct plain *dir,
		 const char *name)
{
	char path[MAX_DEPTH * 300 + 300], *start;

	if (!m->doomed)
		return;
	omen->change = change;
	start = path_of(dir, name, path + sizeof(path));
	if (omen->n < 2 && strlen(start) < sizeof(omen->paths[0]))
		strcpy(omen->paths[omen->n++], start);
	else
		omen->change = CHANGE_ANY;
}

void model_taken(struct model *m, const uint8_t *start)
{
	if (m->doomed)
		omen->taken = m->c->p - start;
}

/* ---- what may have become of it ---- */

static const struct plain *at(const struct plain *dir, const char *path)
{
	autofree char *copy = strdup(path);
	char *save = NULL;

	for (char *name = strtok_r(copy, "/", &save); name && dir;
	     name = strtok_r(NULL, "/", &save))
		dir = S_ISDIR(dir->mode) ? plain_find(dir, name) : NULL;
	return dir;
}

static bool is_about(const char *path)
{
	for (unsigned i = 0; i < omen->n; i++) {
		size_t len = strlen(omen->paths[i]);

		if (strncmp(path, omen->paths[i], len) == 0 && (!path[len] || path[len] == '/'))
			return true;
	}
	return false;
}

static bool same_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool equal(const struct plain *a, const struct plain *b)
{
	if (!a || !b)
		return a == b;
	if ((a->mode & S_IFMT) != (b->mode & S_IFMT) || a->n != b->n || a->size != b->size ||
	    (!S_ISCHR(a->mode) && !S_ISLNK(a->mode) && a->mode != b->mode) ||
	    (a->size && memcmp(a->data, b->data, a->size) != 0))
		return false;
	for (size_t i = 0; i < PLAIN_XATTRS; i++)
		if (!same_texts(a->xattr[i], b->xattr[i]))
			return false;
	for (size_t i = 0; i < a->n; i++)
		if (!equal(a->kids[i].file, plain_find(b, a->kids[i].name)))
			return false;
	return true;
}

/* But for what it was about, and other names of the same file, the trees are the same. */
static void same_but(const struct plain *before, const struct plain *after, const char *above)
{
	for (size_t i = 0; i < before->n; i++) {
		const struct plain_name *kid = &before->kids[i];
		const struct plain *now = plain_find(after, kid->name);
		autofree char *path = NULL;

		if (asprintf(&path, "%s%s%s", above, *above ? "/" : "", kid->name) < 0)
			fuzz_fail("no memory");
		if (is_about(path) || (kid->file->nlink > 1 && !S_ISDIR(kid->file->mode)))
			continue;
		if (S_ISDIR(kid->file->mode) && now && now->mode == kid->file->mode)
			same_but(kid->file, now, path);
		else if (!equal(kid->file, now))
			fuzz_fail("'%s' is not what it was before the end", path);
	}
	for (size_t i = 0; i < after->n; i++) {
		autofree char *path = NULL;

		if (asprintf(&path, "%s%s%s", above, *above ? "/" : "", after->kids[i].name) < 0)
			fuzz_fail("no memory");
		if (!plain_find(before, after->kids[i].name) && !is_about(path))
			fuzz_fail("'%s' has come with the end", path);
	}
}

static void check_move(const struct plain *before, const struct plain *after)
{
	const struct plain *a = at(before, omen->paths[0]), *b = at(before, omen->paths[1]);
	const struct plain *x = at(after, omen->paths[0]), *y = at(after, omen->paths[1]);
	bool moved = equal(a, y) && (!x || equal(b, x) || S_ISCHR(x->mode));

	if (!moved && !(equal(a, x) && equal(b, y)))
		fuzz_fail("a rename of '%s' to '%s' is half done", omen->paths[0], omen->paths[1]);
}

static void check_change(const struct plain *before, const struct plain *after)
{
	const struct plain *a = at(before, omen->paths[0]), *x = at(after, omen->paths[0]);
	bool well = omen->change == CHANGE_COMES ? equal(a, x) || (!a && x)
		    : omen->change == CHANGE_GOES
			    ? equal(a, x) || !x
			    : a && x && (a->mode & S_IFMT) == (x->mode & S_IFMT);

	if (!well)
		fuzz_fail("'%s' is neither what it was nor what it was to be", omen->paths[0]);
}

/* ---- the end ---- */

/* All that the engine has open leads nowhere from now on. */
static void cut_off(const struct model *m)
{
	for (int fd = m->nowhere + 1; fd < m->nowhere + 500; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			dup2(m->nowhere, fd);
}

/* Without the engine, and without what held something of it. */
static void end(struct model *m, bool well)
{
	if (!well)
		cut_off(m);
	model_drop_seen(m);
	if (m->sight) {
		model_forget(m, &m->build);
		model_end_build(m);
	}
	model_forget(m, &m->root);
	xs_free(m->xs);
}

/* What is open is another's then, whom nobody asks. */
void model_op_kill(struct model *m)
{
	struct plain *tree = plain_ref(m->root.tree);

	fuzz_trace("kill");
	end(m, false);
	model_mount(m);
	m->root.tree = tree;
	model_same_side(m, &m->root);
	model_reread_root(m);
}

_Noreturn static void be_killed(struct model *m, unsigned n)
{
	static void (*const doomed[])(struct model * m) = {
		model_op_make,	 model_op_symlink, model_op_link,   model_op_link,
		model_op_remove, model_op_remove,  model_op_rename, model_op_rename,
		model_op_write,	 model_op_setattr, model_op_xattr,  model_op_exchange,
		model_op_stack,	 model_op_install,
	};
	const uint8_t *start = m->c->p;
	struct plain *tree = m->root.tree;

	model_mount(m);
	m->root.tree = tree;
	m->now = &m->root;
	m->faults = FAULT_NONE;
	m->doomed = n;
	m->start = start;
	doomed[choose(m->c, sizeof(doomed) / sizeof(*doomed))](m);
	fault_disarm();
	model_taken(m, start);
	_exit(0);
}

static void follow(struct model *m, struct plain *before, const char *stack)
{
	autofree char *now = NULL;
	struct plain *after;

	m->c->p += omen->taken;
	model_mount(m);
	after = model_read_disk(m, NULL, true);
	now = model_stack_text();
	if (strcmp(stack, now) == 0 && omen->change != CHANGE_ANY) {
		same_but(before, after, "");
		if (omen->change == CHANGE_MOVES && omen->n == 2)
			check_move(before, after);
		else if (omen->n == 1)
			check_change(before, after);
	}
	m->root.tree = after;
	model_same_side(m, &m->root);
}

void model_op_die(struct model *m)
{
	unsigned n = 1 + choose(m->c, 80);
	struct plain *before = plain_ref(m->root.tree);
	autofree char *stack = model_stack_text();
	int status = 0;
	pid_t pid;

	if (!omen)
		omen = mmap(NULL, sizeof(*omen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	*omen = (struct omen){ 0 };
	fuzz_trace("die at call %u", n);
	end(m, true);
	m->root.tree = before;
	pid = fork();
	if (pid == 0)
		be_killed(m, n);
	if (pid < 0 || TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) != pid || !WIFEXITED(status) ||
	    (WEXITSTATUS(status) && WEXITSTATUS(status) != FAULT_GRAVE))
		fuzz_fail("the child ended with status %x", status);
	fuzz_trace("  it %s", WEXITSTATUS(status) ? "died" : "lived");
	follow(m, before, stack);
	plain_unref(before);
}
