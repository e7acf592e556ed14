// SPDX-License-Identifier: GPL-2.0-or-later
/* digest.h - SHA-256 (FIPS 180-4). The one door to libcrypto. */
#pragma once

#include <stddef.h>

#define DIGEST_HEX    65 /* 64 hex digits and a NUL */
#define DIGEST_BASE64 45 /* 43 letters, one "=" and a NUL */

struct digest;

/* A running hash. digest_new returns NULL without memory; digest_free takes NULL. */
struct digest *digest_new(void);
void digest_free(struct digest *d);
int digest_add(struct digest *d, const void *data, size_t len);
/* All that `fd` has from its current offset on. Returns 0 or -errno. */
int digest_add_fd(struct digest *d, int fd);
/* Write the hash in lower-case hex; the digest is used up. */
int digest_hex(struct digest *d, char hex[static DIGEST_HEX]);

/* The two usual cases in one call. Return 0 or -errno. */
int digest_of_data(const void *data, size_t len, char hex[static DIGEST_HEX]);
int digest_of_fd(int fd, char hex[static DIGEST_HEX]);

/* The same hash in base64, as web pages write it. */
int digest_base64_of_data(const void *data, size_t len, char base64[static DIGEST_BASE64]);
