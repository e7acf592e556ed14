# Of the sysroot's headers the kernel's alone: those of a C library are there too.
mkdir -p kernel
for folder in linux asm asm-generic; do
	ln -sfn "$SYSROOT/usr/include/$folder" "kernel/$folder"
done

version=$(sed -n 's/^#define VERSION "\(.*\)"/\1/p' "$SOURCE_DIR/version.h")
theirs=$(echo '#include <features.h>
v __GLIBC__.__GLIBC_MINOR__' | "$CPP" -P - | sed -n 's/^v //p' | tr -d ' ')
test "$theirs" = "$version" || { echo "the toolchain's headers are of glibc $theirs, not $version"; exit 1; }

# The dynamic linker's name is the one that the compiler writes into programs.
CC="$CC $HOST_CFLAGS -B$SYSROOT$PREFIX/$HOST_TRIPLE_LIB_DIR/gcc-runtime" CXX= BUILD_CC=gcc AUTOCONF=false MAKEINFO=: \
	CFLAGS="-O2 -g0 -ffile-prefix-map=$SOURCE_DIR=glibc -ffile-prefix-map=$BUILD_DIR=glibc" \
	libc_cv_slibdir="$PREFIX/$HOST_TRIPLE_LIB_DIR" libc_cv_rtlddir=/lib \
	"$SOURCE_DIR/configure" --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE_NO_VENDOR" --prefix="$PREFIX" \
	--libdir="$PREFIX/$HOST_TRIPLE_LIB_DIR" --with-headers="$BUILD_DIR/kernel" --enable-kernel=3.2 \
	--enable-stack-protector=strong --disable-crypt --disable-werror --disable-nscd --disable-build-nscd \
	--without-selinux
