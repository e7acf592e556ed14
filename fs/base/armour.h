// SPDX-License-Identifier: GPL-2.0-or-later
/* armour.h - bytes in texts that have to be UTF-8, as JSON's are, and back.
 *
 * Names of files may have any bytes. Text that is UTF-8 stays as it is; each byte 0xNN that is no
 * part of a character becomes U+EFNN, a private one. So that every name comes back as it was, the
 * bytes of a character U+EF80 to U+EFFF are taken for three such bytes. In Python:
 *
 *   b"".join(bytes([ord(c) & 255]) if 0xEF80 <= ord(c) <= 0xEFFF else c.encode() for c in text)
 */
#pragma once

/* The caller frees. NULL: no memory. */
char *armour_put(const char *bytes);
char *armour_take(const char *text);
