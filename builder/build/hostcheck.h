// SPDX-License-Identifier: GPL-2.0-or-later
/* hostcheck.h - the programs of this machine that recipes name, looked at before anything starts.
 */
#pragma once

struct hostprograms;
struct recipeset;

/* All of them have to be there, and as new as the recipes of the set want them. 0; -ENOENT: said of
 * all that are not in one message, with the command that gets them; -errno, said. */
int hostcheck(const struct recipeset *set, struct hostprograms *host);
