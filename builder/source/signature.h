// SPDX-License-Identifier: GPL-2.0-or-later
/* signature.h - whether an archive is signed by a key that the recipe names. The one door to gpgv.
 *
 * The recipe's keys are the only ones that count: no keyring of the user is read, and nothing is
 * asked of a server. A key file may be binary or armored (several blocks, text around them); the
 * armour is taken off here, since gpgv does not, and needing all of gpg for that would be much.
 */
#pragma once

#include <stddef.h>

/* Check the detached signature `sig` of the file `data` against the keys in the file `keys`. Good
 * is one good signature by one of the keys and no bad one; signatures by others are passed over. A
 * key that has expired since is good, and `*note` (the caller's) says so, NULL else. 0, -EBADMSG
 * for anything but good, or -errno; with `*why`. */
int signature_check(const char *data, const char *sig, const char *keys, char **note, char **why);

/* All that is in the armour of `text`; the caller frees. 0, -ENOENT when there is no armour,
 * -EBADMSG for one that is damaged, or -ENOMEM. */
int signature_dearmor(const char *text, unsigned char **ret, size_t *len);
