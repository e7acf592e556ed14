// SPDX-License-Identifier: GPL-2.0-or-later
/* pi-zlib-ffi.c - a program for the Pi that uses two of the packages that were built.
 *
 * zlib packs and unpacks a text; libffi, which is what lets Python call C, calls zlib's crc32
 * without knowing its prototype.
 */
#include <ffi.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

int main(void)
{
	const char *text = "the quick brown fox jumps over the lazy dog, "
			   "and over the lazy dog, and over the lazy dog";
	uLong size = strlen(text) + 1, packed_size, text_size = size;
	unsigned char packed[256];
	char unpacked[256];

	packed_size = sizeof(packed);
	if (compress((Bytef *)packed, &packed_size, (const Bytef *)text, size) != Z_OK ||
	    uncompress((Bytef *)unpacked, &text_size, packed, packed_size) != Z_OK ||
	    strcmp(text, unpacked))
		return 1;
	printf("zlib %s: %lu bytes packed to %lu and back\n", zlibVersion(), size, packed_size);

	ffi_cif cif;
	ffi_type *types[] = { &ffi_type_ulong, &ffi_type_pointer, &ffi_type_uint };
	unsigned long seed = 0;
	unsigned int length = 9;
	const char *digits = "123456789";
	void *values[] = { &seed, &digits, &length };
	ffi_arg sum = 0;

	if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &ffi_type_ulong, types) != FFI_OK)
		return 1;
	ffi_call(&cif, FFI_FN(crc32), &sum, values);
	printf("libffi called crc32: %08lx\n", (unsigned long)sum);
	printf("this is %s\n",
#ifdef __aarch64__
	       "aarch64"
#else
	       "another machine"
#endif
	);
	return sum == 0xcbf43926 ? 0 : 1;
}
