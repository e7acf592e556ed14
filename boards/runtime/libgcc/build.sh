# Headers of the compiler's build, and none of its programs: those are the toolchain's.
make -C "build-$BUILD_TRIPLE/libiberty"
make -C gcc -f Makefile -f "$RECIPE_DIR/headers.mk" -o specs -o xgcc runtime-headers
mkdir -p gcc/include

# libgcc_s needs no start files, and those of the C library are for a newer processor yet.
make -C "$HOST_TRIPLE_NO_VENDOR/libgcc" LIBGCC2_DEBUG_CFLAGS=-g0 LDFLAGS="$LDFLAGS -nostartfiles"
