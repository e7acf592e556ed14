# What the compiler looks for beside its own libgcc.a goes to gcc-runtime.
target=$HOST_TRIPLE_NO_VENDOR
lib=$PREFIX/$HOST_TRIPLE_LIB_DIR
beside=$DESTDIR$lib/gcc-runtime
mkdir -p "$beside"

for part in libstdc++-v3/libsupc++ libstdc++-v3/src libgfortran libgomp libatomic; do
	make -C "$target/$part" install INFO_DEPS= DESTDIR="$BUILD_DIR/root" toolexeclibdir="$lib" cafexeclibdir="$lib"
done
install -m 644 "$target/libbacktrace/.libs/libbacktrace.a" "$beside/"

cd "root$lib"
for name in libstdc++ libgfortran libgomp libatomic; do
	cp -a --remove-destination "$name.a" "$name.so" "$name".so.* "$DESTDIR$lib/"
done
install -m 644 libsupc++.a libstdc++fs.a libcaf_single.a libgfortran.spec libgomp.spec "$beside/"
