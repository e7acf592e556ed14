# The static library and the programs come from one makefile, the shared library from another,
# which compiles the same objects again with -fPIC.
set -- CC="$CC" AR="$AR" RANLIB="$RANLIB"
flags="-Wall -Winline $CFLAGS -D_FILE_OFFSET_BITS=64"

make -f Makefile-libbz2_so CC="$CC" CFLAGS="$flags -fpic -fPIC"
rm -f ./*.o
make -j"$JOBS" "$@" CFLAGS="$flags" LDFLAGS="$LDFLAGS" libbz2.a bzip2 bzip2recover
