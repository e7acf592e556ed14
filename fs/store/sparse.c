// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/sparse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

enum { BLOCK = 65536 };

/* The first block from `at` on of which something is on disk; `size` when there is none. */
static off_t next_block(int fd, off_t at, off_t size)
{
	off_t data = at < size ? lseek(fd, at, SEEK_DATA) : size;

	if (data < 0)
		return errno == ENXIO ? size : -errno;
	return data < size ? data - data % BLOCK : size;
}

/* As much of the block as the file has. Returns how much or -errno. */
static ssize_t read_block(int fd, off_t at, char buf[static BLOCK])
{
	size_t len = 0;

	while (len < BLOCK) {
		ssize_t n = pread(fd, buf + len, BLOCK - len, at + len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += n;
	}
	return len;
}

static bool is_zero(const char *buf, size_t len)
{
	return buf[0] == 0 && memcmp(buf, buf + 1, len - 1) == 0;
}

struct hashing {
	struct digest *bytes, *places;
	off_t at;    /* behind the last block that is not all zeros */
	bool sparse; /* something was left out */
};

static int add_place(struct hashing *h, off_t place)
{
	char text[32];

	snprintf(text, sizeof(text), "%jd ", (intmax_t)place);
	return digest_add(h->places, text, strlen(text));
}

/* The next bytes of the file that are not zeros are at `at`. */
static int leave_out(struct hashing *h, off_t at)
{
	int r;

	if (h->at == at)
		return 0;
	h->sparse = true;
	r = add_place(h, h->at);
	return r < 0 ? r : add_place(h, at);
}

static int hash_blocks(struct hashing *h, int fd, off_t size)
{
	char buf[BLOCK];
	off_t at = 0;
	int r;

	while ((at = next_block(fd, at, size)) < size) {
		ssize_t len = at < 0 ? at : read_block(fd, at, buf);

		if (len <= 0)
			return len < 0 ? len : -EIO; /* somebody has cut it meanwhile */
		if (!is_zero(buf, len)) {
			r = leave_out(h, at);
			if (r == 0)
				r = digest_add(h->bytes, buf, len);
			if (r < 0)
				return r;
			h->at = at + len;
		}
		at += len;
	}
	return leave_out(h, size);
}

static int format(struct hashing *h, char text[static SPARSE_HASH])
{
	char bytes[DIGEST_HEX], places[DIGEST_HEX];
	int r = digest_hex(h->bytes, bytes);

	if (r == 0)
		r = digest_hex(h->places, places);
	if (r == 0)
		snprintf(text, SPARSE_HASH, "%s%s%s", bytes, h->sparse ? ":" : "",
			 h->sparse ? places : "");
	return r;
}

int sparse_hash(int fd, char text[static SPARSE_HASH])
{
	struct hashing h = { .bytes = digest_new(), .places = digest_new() };
	int r = h.bytes && h.places ? 0 : -ENOMEM;
	struct stat st;

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r == 0)
		r = hash_blocks(&h, fd, st.st_size);
	if (r == 0)
		r = format(&h, text);
	digest_free(h.bytes);
	digest_free(h.places);
	return r;
}

int sparse_same(int a, int b)
{
	char x[BLOCK], y[BLOCK];
	struct stat sa, sb;
	ssize_t n, m;

	if (fstat(a, &sa) < 0 || fstat(b, &sb) < 0)
		return -errno;
	if (sa.st_size != sb.st_size)
		return 0;
	for (off_t at = 0;; at += n) {
		off_t next_a = next_block(a, at, sa.st_size);
		off_t next_b = next_block(b, at, sa.st_size);

		at = next_a < next_b ? next_a : next_b;
		if (at < 0 || at == sa.st_size)
			return at < 0 ? (int)at : 1;
		n = read_block(a, at, x);
		m = n < 0 ? n : read_block(b, at, y);
		if (m < 0)
			return (int)m;
		if (m != n || memcmp(x, y, n) != 0)
			return 0;
		if (n == 0)
			return 1; /* somebody has cut both meanwhile */
	}
}
