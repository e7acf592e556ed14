// SPDX-License-Identifier: GPL-2.0-or-later
/* unpack.c - an archive from the network: whatever is in it, nothing outside of the new folder
 * comes into being, changes, or is linked to. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/source/unpack.h"
#include "fs/base/cleanup.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct unpack_limits limits = { .bytes = 1 << 20, .entries = 200 };
	autofree char *why = NULL;
	int64_t newest;
	uint64_t before;
	int r;

	if (memmem(data, size, "(null)", 6))
		return 0; /* a name like that would look like a message without a value */
	fuzz_enter();
	fuzz_text("around/canary/secret", "outside\n");
	fuzz_text("around/secret", "outside\n");
	fuzz_put("archive", data, size);
	before = fuzz_hash("around/canary") ^ fuzz_hash("around/secret");
	r = unpack_archive("archive", "around/new", &limits, &newest, &why);
	fuzz_trace("%d %s", r, why ? why : "");
	if (r < 0)
		fuzz_check(why && !strstr(why, "(null)") && access("around/new", F_OK) < 0);
	fuzz_check((fuzz_hash("around/canary") ^ fuzz_hash("around/secret")) == before);
	fuzz_leave();
	return 0;
}
