// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/box/trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/box/box.h"
#include "builder/box/syscalls.h"
#include "fs/base/cleanup.h"

#define TALK_MAX 65536

/* The toolchain's folder and its triple are $1 and $2. What has been read of the machine is between
 * what the linker and the preprocessor say they have opened. */
static const char script[] =
	"set -eu\n"
	"t=$1/bin/$2\n"
	"work=$(mktemp -d)\n"
	"trap 'rm -rf \"$work\"' EXIT\n"
	"cd \"$work\"\n"
	"echo '#include <math.h>\nint main(int n, char **v) { return *v && sin(n) > 1; }' >a.c\n"
	"echo '#include <iostream>\nint main() { std::cout << 1; }' >b.cc\n"
	"printf 'print *, 1\\nend\\n' >c.f90\n"
	"\"$t-gcc\" -MD -Wl,-t -o a a.c -lm >read\n"
	"\"$t-g++\" -MD -Wl,-t -o b b.cc >>read\n"
	"\"$t-gfortran\" -Wl,-t -o c c.f90 >>read\n"
	"cat ./*.d >>read\n"
	"tr ' ' '\\n' <read | grep '^/' | grep -v -e \"^$1/\" -e \"^$work/\" -e '^/tmp/cc' >other "
	"&&\n"
	"\techo \"'$(head -n 1 other)' is not its own\" >&2 && exit 1\n"
	"for library in libm.so.6 libstdc++.so.6 libgfortran.so.5; do\n"
	"\t\"$t-readelf\" -d a b c | grep -qF \"[$library]\" ||\n"
	"\t\t{ echo \"nothing is linked with '$library'\" >&2; exit 1; }\n"
	"done\n";

static int add_command(struct strv *argv, const char *dir, const char *triple)
{
	const char *const words[] = { "sh", "-c", script, "sh", dir, triple };

	return strv_add_words(argv, words, ARRAY_SIZE(words));
}

int trial(const char *dir, const char *triple, char **why)
{
	const struct box_opening open = { .from = dir, .to = BOX_TOOLCHAIN };
	autofree char *no_box = NULL;
	autofree char *said = NULL;
	bool boxed = box_probe(&no_box) == 0;
	autofd int filter = boxed ? syscalls_filter() : -1;
	autostrv struct strv argv = { 0 };
	int status, r = !boxed ? 0 : filter < 0 ? filter : box_reader(&open, 1, filter, "/", &argv);

	if (r == 0)
		r = add_command(&argv, boxed ? BOX_TOOLCHAIN : dir, triple);
	if (r < 0)
		return why_errno(why, r, "cannot try '%s'", dir);
	status = proc_read(&(struct proc){ .argv = (const char *const *)argv.v,
					   .err = PROC_SAME_AS_OUT,
					   .box = boxed,
					   .keep = &filter,
					   .n_keep = filter >= 0 },
			   TALK_MAX, &said);
	if (status < 0)
		return why_errno(why, status, "cannot try '%s'", dir);
	if (status == 0)
		return 0;
	said[strcspn(said, "\n")] = '\0';
	return why_set(why, -ENOEXEC, "what was made of Debian's packages does not compile: %s",
		       said);
}
