# the API's description is part of the program, as JSON
$(OUT)/query/openapi.json: schemas/openapi.yaml query/openapi_to_json.py
	@mkdir -p $(@D)
	/usr/bin/python3 query/openapi_to_json.py <$< >$@.new && mv $@.new $@

$(OUT)/query/openapi_data.o: $(OUT)/query/openapi.json
	cd $(@D) && ld -r -b binary -z noexecstack openapi.json -o openapi_data.o

$(OUT)/libquery.a: $(OUT)/query/openapi_data.o

# The page at /docs: Swagger UI from npm by its lock file, fetched once for each lock, and part of the program. DOCS=none
# builds without npm and without the page.
DOCS ?= page
DOCS_UI := .cache/npm/docs-$(shell sha256sum query/docs/package-lock.json | cut -c1-16)
DOCS_FILES = index.html docs.js swagger-ui.css.gz swagger-ui-bundle.js.gz licenses.txt

$(DOCS_UI)/ready:
	@command -v npm >/dev/null || { echo 'npm is missing: make deps, or DOCS=none for a program without /docs' >&2; exit 1; }
	@rm -rf $(@D).$$$$ && mkdir -p $(@D).$$$$ && cp query/docs/package.json query/docs/package-lock.json $(@D).$$$$ && \
		(cd $(@D).$$$$ && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch ready) && \
		{ mv -T $(@D).$$$$ $(@D) 2>/dev/null || rm -rf $(@D).$$$$; } && test -f $@

$(OUT)/query/docs/page.o: $(DOCS_UI)/ready query/docs/index.html query/docs/docs.js query/rules.mk
	@mkdir -p $(@D)
	@cp query/docs/index.html query/docs/docs.js $(@D)
	@cd $(DOCS_UI)/node_modules/swagger-ui-dist && cat NOTICE LICENSE swagger-ui-bundle.js.LICENSE.txt >$(abspath $(@D))/licenses.txt
	@for f in swagger-ui.css swagger-ui-bundle.js; do gzip -9nc $(DOCS_UI)/node_modules/swagger-ui-dist/$$f >$(@D)/$$f.gz || exit 1; done
	cd $(@D) && ld -r -b binary -z noexecstack $(DOCS_FILES) -o page.o

$(OUT)/query/docs/none.o: query/rules.mk
	@mkdir -p $(@D)
	@cd $(@D) && echo 'This program was built with DOCS=none. The description is at /openapi.json.' >index.html
	@cd $(@D) && for f in docs.js licenses.txt; do : >$$f; done && for f in swagger-ui.css swagger-ui-bundle.js; do : | gzip -nc >$$f.gz; done
	cd $(@D) && ld -r -b binary -z noexecstack $(DOCS_FILES) -o none.o

$(OUT)/libquery.a: $(OUT)/query/docs/$(DOCS).o
