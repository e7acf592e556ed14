# What is in gcc-runtime goes to where the compiler looks before it looks into the sysroot.
lib=$DESTDIR$PREFIX/$HOST_TRIPLE_LIB_DIR
mkdir -p "$lib/gcc-runtime"

cd "$HOST_TRIPLE_NO_VENDOR/libgcc"
install -m 644 libgcc.a libgcc_eh.a libgcov.a libgcc_s.so crt*.o "$lib/gcc-runtime/"
install -m 644 libgcc_s.so.1 "$lib/"
