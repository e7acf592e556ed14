# The archive is a tar in a tar.
mkdir -p src "build-$BUILD_TRIPLE/libiberty" gcc "$HOST_TRIPLE_NO_VENDOR/libgcc"
tar -C src --strip-components=1 --exclude=gcc/testsuite --exclude=gcc/ada --exclude=gcc/d \
	--wildcards --no-wildcards-match-slash -xf "$SOURCE_DIR"/gcc-*.tar.xz \
	'*/gcc' '*/include' '*/libgcc' '*/libiberty' '*/libcpp' '*/config' \
	'*/config*' '*/depcomp' '*/install-sh' '*/mkinstalldirs' '*/move-if-change' '*/ltmain.sh'

version=$(cat src/gcc/BASE-VER)
test "$("$CC" -dumpfullversion)" = "$version" ||
	{ echo "the toolchain's gcc is $("$CC" -dumpfullversion), not $version"; exit 1; }

# What libgcc is told of the target has to be what this compiler was configured with.
like_compiler=$("$CC" -v 2>&1 | sed -n 's/^Configured with: //p' | tr ' ' '\n' |
	grep -E '^--(with-(arch|cpu|tune|float|fpu|mode|abi)=|enable-default-pie|disable-sjlj)' || :)

natively()
{
	CC=gcc CXX=g++ CPP="gcc -E" AR=ar NM=nm RANLIB=ranlib CFLAGS=-O1 CXXFLAGS=-O1 CPPFLAGS="" LDFLAGS="" "$@"
}
(cd "build-$BUILD_TRIPLE/libiberty" && natively ../../src/libiberty/configure --disable-multilib)
# shellcheck disable=SC2086
(cd gcc && natively ../src/gcc/configure --build="$BUILD_TRIPLE" --host="$BUILD_TRIPLE" \
	--target="$HOST_TRIPLE_NO_VENDOR" --with-sysroot="$SYSROOT" --enable-languages=c --disable-nls \
	--disable-multilib $like_compiler)

# crtbegin.o and its like are compiled with CC and none of CFLAGS.
(cd "$HOST_TRIPLE_NO_VENDOR/libgcc" &&
	CC="$CC $HOST_CFLAGS" CFLAGS="-O2 -g0 -ffile-prefix-map=$BUILD_DIR/src=gcc" ../../src/libgcc/configure \
	--build="$BUILD_TRIPLE" --host="$HOST_TRIPLE_NO_VENDOR" --with-target-subdir="$HOST_TRIPLE_NO_VENDOR" \
	--prefix="$PREFIX" --disable-multilib --enable-shared)
