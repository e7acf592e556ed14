# No translations, and no manuals, whether there is a makeinfo or not.
for part in libstdc++-v3/include libstdc++-v3/libsupc++ libstdc++-v3/src libbacktrace libgfortran libgomp libatomic; do
	make -C "$HOST_TRIPLE_NO_VENDOR/$part" INFO_DEPS=
done
