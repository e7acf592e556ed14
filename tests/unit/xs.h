// SPDX-License-Identifier: GPL-2.0-or-later
/* xs.h - a mounted state of the test, without a mount. To be included after <cmocka.h>. */
#pragma once

#include "fs/store/state.h"
#include "fs/xs/xs.h"
#include "tests/unit/engine.h"

/* Of the folders "base" and "state", which are made; for the caller to free. */
static inline struct xs *new_xs(void)
{
	autofree char *problem = NULL;
	struct state *s = NULL;
	struct xs *xs = NULL;

	make_dirs("base");
	assert_int_equal(state_open("state", true, &s, &problem), 0);
	assert_int_equal(state_set_base(s, "base", &problem), 0);
	assert_int_equal(xs_new(s, NULL, &xs), 0);
	return xs;
}

/* The same with packages, each of which is what is in the folder of its name. */
static inline struct xs *open_xs_of(const char *packages)
{
	autostrv struct strv names = { 0 };
	autofree char *problem = NULL;
	struct xs *xs = new_xs();

	assert_int_equal(strv_split(&names, packages, " "), 0);
	strv_foreach (name, &names) {
		const struct install_request q = {
			.package = *name, .version = "1", .key = "", .needs = "", .replaces = ""
		};
		autostrv struct strv problems = { 0 }, notes = { 0 };
		autofree char *root = NULL;
		struct sight *sight = NULL;

		assert_int_equal(xs_begin(xs, &q, &sight, &problem), 0);
		assert_true(asprintf(&root, "state/pending/%s/root", *name) > 0);
		assert_int_equal(rmdir(root), 0);
		assert_int_equal(rename(*name, root), 0);
		assert_int_equal(xs_commit(xs, sight, &problems, &notes), 0);
	}
	return xs;
}
