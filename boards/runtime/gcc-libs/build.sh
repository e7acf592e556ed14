for part in libstdc++-v3 libbacktrace libgfortran libgomp libatomic; do
	make -C "$HOST_TRIPLE_NO_VENDOR/$part"
done
