make -j"$JOBS"
