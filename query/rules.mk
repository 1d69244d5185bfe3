# the API's description is part of the program, as JSON
$(OUT)/query/openapi.json: schemas/openapi.yaml query/openapi_to_json.py
	@mkdir -p $(@D)
	/usr/bin/python3 query/openapi_to_json.py <$< >$@.new && mv $@.new $@

$(OUT)/query/openapi_data.o: $(OUT)/query/openapi.json
	cd $(@D) && ld -r -b binary -z noexecstack openapi.json -o openapi_data.o

$(OUT)/libquery.a: $(OUT)/query/openapi_data.o
