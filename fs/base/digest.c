// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

/* struct digest is libcrypto's context under a name of ours: no header of theirs leaks out. */
static EVP_MD_CTX *ctx(struct digest *d)
{
	return (EVP_MD_CTX *)d;
}

static void digest_cleanup(struct digest **d)
{
	digest_free(*d);
}

struct digest *digest_new(void)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	if (c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(c);
		return NULL;
	}
	return (struct digest *)c;
}

void digest_free(struct digest *d)
{
	EVP_MD_CTX_free(ctx(d));
}

int digest_add(struct digest *d, const void *data, size_t len)
{
	return EVP_DigestUpdate(ctx(d), data, len) == 1 ? 0 : -EIO;
}

int digest_add_fd(struct digest *d, int fd)
{
	char buf[65536];

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		r = digest_add(d, buf, n);
		if (r < 0)
			return r;
	}
}

int digest_hex(struct digest *d, char hex[static DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(ctx(d), raw, &n) != 1 || n * 2 + 1 != DIGEST_HEX)
		return -EIO;
	for (unsigned i = 0; i < n; i++) {
		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
	hex[2 * n] = '\0';
	return 0;
}

int digest_of_data(const void *data, size_t len, char hex[static DIGEST_HEX])
{
	cleanup(digest_cleanup) struct digest *d = digest_new();
	int r;

	if (!d)
		return -ENOMEM;
	r = digest_add(d, data, len);
	return r < 0 ? r : digest_hex(d, hex);
}

int digest_of_fd(int fd, char hex[static DIGEST_HEX])
{
	cleanup(digest_cleanup) struct digest *d = digest_new();
	int r;

	if (!d)
		return -ENOMEM;
	r = digest_add_fd(d, fd);
	return r < 0 ? r : digest_hex(d, hex);
}

int digest_base64_of_data(const void *data, size_t len, char base64[static DIGEST_BASE64])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(data, len, raw, &n, EVP_sha256(), NULL) != 1 || n != (DIGEST_HEX - 1) / 2)
		return -EIO;
	return EVP_EncodeBlock((unsigned char *)base64, raw, (int)n) == DIGEST_BASE64 - 1 ? 0
											  : -EIO;
}
