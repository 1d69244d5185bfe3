$(OUT)/bench/bench_decode: $(OUT)/bench/bench_decode.o $(OUT)/libschemas.a
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)
