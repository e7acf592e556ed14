# The archive is a tar in a tar.
mkdir -p src
tar -C src --strip-components=1 --exclude='testsuite/*/*' --wildcards --no-wildcards-match-slash \
	-xf "$SOURCE_DIR"/gcc-*.tar.xz '*/include' '*/libgcc' '*/libiberty' '*/config' \
	'*/libbacktrace' '*/libstdc++-v3' '*/libgfortran' '*/libgomp' '*/libatomic' '*/gcc/BASE-VER' '*/gcc/DATESTAMP' '*/gcc/fortran/libgfortran.h' \
	'*/config*' '*/depcomp' '*/missing' '*/install-sh' '*/mkinstalldirs' '*/move-if-change' '*/lt*.*' \
	'*/libtool*' '*/multilib.am' '*/compile'

version=$(cat src/gcc/BASE-VER)
test "$("$CC" -dumpfullversion)" = "$version" ||
	{ echo "the toolchain's gcc is $("$CC" -dumpfullversion), not $version"; exit 1; }

target=$HOST_TRIPLE_NO_VENDOR
lib=$PREFIX/$HOST_TRIPLE_LIB_DIR
words="$HOST_CFLAGS -B$SYSROOT$lib/gcc-runtime"
flags="-O2 -g0 -ffile-prefix-map=$BUILD_DIR/src=gcc -ffile-prefix-map=$BUILD_DIR=gcc"

# The name under which they look for the threads that libgcc was made with.
mkdir -p "$target/libgcc"
cp src/libgcc/gthr-posix.h "$target/libgcc/gthr-default.h"
# libgfortran's compiler takes a missing include folder for an error.
mkdir -p gcc src/gcc/config

# libgomp wants to see the compiler itself.
fortran="$(command -v "$FC") $words"

# They look for each other: a library is at $target/NAME, as in a build of all of gcc.
part()
{
	name=$1
	shift
	mkdir -p "$target/$name"
	(cd "$target/$name" && CC="$CC $words" CXX="$CXX $words" GFORTRAN="$fortran" \
		CFLAGS="$flags" CXXFLAGS="$flags" FCFLAGS="$flags" "../../src/$name/configure" \
		--build="$BUILD_TRIPLE" --host="$target" --target="$target" --prefix="$PREFIX" --libdir="$lib" \
		--with-target-subdir="$target" --with-cross-host="$BUILD_TRIPLE" --with-gcc-major-version-only \
		--enable-shared --enable-static --disable-multilib --disable-werror "$@")
}
# A g++ would link libstdc++ with the one that there is.
part libstdc++-v3 CXX="$CC $words -shared-libgcc -nostdinc++" --enable-clocale=gnu --enable-libstdcxx-time=yes \
	--with-default-libstdcxx-abi=new --disable-libstdcxx-pch ac_cv_prog_check_msgfmt=yes
part libbacktrace
part libgfortran --disable-libquadmath --disable-libquadmath-support
part libgomp
part libatomic
