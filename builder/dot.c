// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/dot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/proc.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"

#define ANSWER_MAX (64 << 20)

void dot_quote(FILE *to, const char *s)
{
	putc('"', to);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			putc('\\', to);
		putc(c < 0x20 || c >= 0x7f ? '?' : c, to);
	}
	putc('"', to);
}

/* The text as a file to read from. Returns a descriptor or -errno. */
static int open_text(const char *text)
{
	autofd int fd = memfd_create("graph.dot", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write_all(fd, text, strlen(text));
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? r : take_fd(&fd);
}

int dot_run(const char *text, const char *form, unsigned seconds, bool loud, char **ret)
{
	autofd int in = open_text(text);
	autofd int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	autofree char *out = NULL;
	char output[32];
	const char *argv[] = { "dot", output, NULL };
	struct proc p = { .argv = argv, .seconds = seconds, .in = in, .err = loud ? 0 : quiet };
	int status;

	if (in < 0)
		return in;
	if (quiet < 0)
		return -EIO;
	snprintf(output, sizeof(output), "-T%s", form);
	status = proc_read(&p, ANSWER_MAX, &out);
	if (status < 0)
		return status;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return -ETIME;
	if (status != 0)
		return -EIO;
	*ret = take_ptr(out);
	return 0;
}
