# the decoder on lines of stdin: conformance.py drives it
$(OUT)/tests/schemas/decode_lines: $(OUT)/tests/schemas/decode_lines.o $(OUT)/libschemas.a
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LIBS)

.PHONY: check-conformance
check-conformance: $(OUT)/tests/schemas/decode_lines
	/usr/bin/python3 tests/schemas/conformance.py $<

$(OUT)/tests/schemas/test_conformance: | $(OUT)/tests/schemas/decode_lines
