// SPDX-License-Identifier: GPL-2.0-or-later
/* `xsysfs new-board`: a board for one's own Pi. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/guess/newboard.h"
#include "builder/verb/verbs.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/name.h"
#include "fs/base/text.h"

#define ANSWERS_MAX 16384

/* By ssh, which asks the person for a password where it wants one. */
static int ask_pi(struct newboard *n, const char *from, char **why)
{
	autofree char *command = text_of("exec sh -c '%s' 2>/dev/null", newboard_question);
	const char *argv[] = { "ssh", "-T", "-oConnectTimeout=20", "--", from, command, NULL };
	autofree char *answers = NULL;
	autofree char *words = NULL;
	int status = command ? proc_read(&(struct proc){ .argv = argv }, ANSWERS_MAX, &answers)
			     : -ENOMEM;

	if (status == -ENOENT)
		return why_set(why, status,
			       "there is no ssh on this machine "
			       "('apt-get install openssh-client')");
	if (status < 0)
		return why_errno(why, status, "cannot ask '%s'", from);
	words = proc_words(status);
	if (status != 0 && !strstr(answers, "machine "))
		return why_set(why, -EIO, "cannot ask '%s': ssh: %s", from, words ? words : "");
	status = newboard_read(n, answers, why);
	if (status < 0) {
		autofree char *reason = *why;

		return why_set(why, status, "'%s': %s", from, reason ? reason : "");
	}
	return 0;
}

/* A line; the caller frees. NULL: there is none. */
static char *ask(const char *question)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	fputs(question, stderr);
	n = getline(&line, &size, stdin);
	if (n <= 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

static int ask_person(struct newboard *n, char **why)
{
	autofree char *model = ask("Which Pi (1, Zero, 2, 3, Zero2, 4, 5)? ");
	autofree char *bits = model ? ask("Bits of its system (32, 64)? ") : NULL;
	autofree char *release =
		bits ? ask("Release of its Raspberry Pi OS or Debian (11, 12, 13)? ") : NULL;

	return release ? newboard_know(n, model, bits, release, why)
		       : why_set(why, -EINVAL, "nobody answers ('--from USER@HOST' asks the Pi)");
}

/* Never among the installed ones, and never over another. */
static int put(const struct options *o, const char *name, const char *text, char **why)
{
	const struct searchpath *boards = &o->places.boards;
	const char *dir = boards->n_own ? boards->dirs.v[0] : "boards";
	autofree char *path = text_of("%s/%s.ini", dir, name);
	autofd int fd = -1;
	int r = path ? io_mkdir_p(AT_FDCWD, dir, 0777) : -ENOMEM;

	if (r == 0)
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (r == 0 && fd < 0)
		r = -errno;
	if (r == 0)
		r = io_write_all(fd, text, strlen(text));
	if (r < 0)
		return why_errno(why, r, "cannot make '%s'", path ? path : name);
	puts(path);
	return 0;
}

static int make(const struct options *o, const char *name, char **why)
{
	cleanup(newboard_release) struct newboard n = { 0 };
	const struct searchpath *boards = &o->places.boards;
	autofree char *file = text_of("%s.ini", name);
	autofree char *text = NULL;
	const char *dir;
	int r;

	if (!file)
		return why_errno(why, -ENOMEM, "%s", name);
	if (!name_is_package(name))
		return why_set(why, -EINVAL, "'%s' is no name for a board", name);
	dir = searchpath_find(boards, file, NULL);
	if (dir)
		return why_set(why, -EEXIST, "there is a board '%s/%s' already", dir, file);
	r = o->from ? ask_pi(&n, o->from, why) : ask_person(&n, why);
	if (r < 0)
		return r;
	text = newboard_text(&n, o->from ? o->from : "its owner", why);
	return text ? put(o, name, text, why) : -ENOENT;
}

int verb_new_board(struct options *o)
{
	char *why = NULL;

	return make(o, o->args[0], &why) < 0 ? why_log_of(why, 1, "cannot make a board") : 0;
}
