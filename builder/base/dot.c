// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/dot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/base/proc.h"
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

int dot_run(const char *text, const char *form, unsigned seconds, bool loud, char **ret)
{
	autofd int in = io_memory_file("graph.dot", text, strlen(text));
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
