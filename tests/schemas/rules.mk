# the decoder on lines of stdin (conformance.py drives it) and on files (fuzz_decode)
$(OUT)/tests/schemas/decode_lines: $(OUT)/tests/schemas/decode_lines.o $(OUT)/libschemas.a
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)

# gcc has no libFuzzer: this runs the files it is given, and --random N mutations of them. With clang:
# clang -fsanitize=fuzzer,address,undefined -DWITH_LIBFUZZER -D_GNU_SOURCE -I. tests/fuzz/fuzz_decode.c schemas/*.c -lxxhash -lm
$(OUT)/tests/fuzz/fuzz_decode: $(OUT)/tests/fuzz/fuzz_decode.o $(OUT)/libschemas.a
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)

.PHONY: check-conformance check-fuzz
check-conformance: $(OUT)/tests/schemas/decode_lines
	/usr/bin/python3 tests/schemas/conformance.py $<

check-fuzz: $(OUT)/tests/fuzz/fuzz_decode
	$< --random 200 tests/fuzz/corpus/*

$(OUT)/tests/schemas/test_conformance: | $(OUT)/tests/schemas/decode_lines $(OUT)/tests/fuzz/fuzz_decode
