# Each library that the toolchain has, under its own name and its SONAME. What links with it goes on to take the toolchain's.
lib=$DESTDIR$PREFIX/$HOST_TRIPLE_LIB_DIR
doc=$DESTDIR$PREFIX/share/doc/toolchain-runtime
tools=$(dirname "$(dirname "$(command -v "$AR")")")
mkdir -p "$lib" "$doc"

for soname in libstdc++.so.6 libgcc_s.so.1 libgomp.so.1 libatomic.so.1 \
	libgfortran.so.3 libgfortran.so.4 libgfortran.so.5; do
	path=$("$CC" -print-file-name="$soname")
	test "$path" != "$soname" || continue
	file=$(readlink -f "$path")
	name=${file##*/}
	install -m 644 "$file" "$lib/$name"
	test "$name" = "$soname" || ln -sf "$name" "$lib/$soname"
	echo "$soname: $file"
done
for must in libstdc++.so.6 libgcc_s.so.1; do
	test -e "$lib/$must" || { echo "the toolchain has no $must"; exit 1; }
done

# Crosstool-NG has it aside, for the Pi.
gdbserver=$(find "$tools" -path '*/bin/gdbserver' -type f | LC_ALL=C sort | sed -n 1p)
if [ -n "$gdbserver" ]; then
	mkdir -p "$DESTDIR$PREFIX/bin"
	install -m 755 "$gdbserver" "$DESTDIR$PREFIX/bin/"
fi

# Their licences, as far as the toolchain has them.
install -m 644 "$RECIPE_DIR/copyright" "$doc/"
if [ -d "$tools/share/licenses/gcc" ]; then
	find "$tools/share/licenses/gcc" -type f -exec install -m 644 {} "$doc/" \;
fi
