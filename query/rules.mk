# the API's description is part of the program, as JSON
$(OUT)/query/openapi.json: schemas/openapi.yaml query/openapi_to_json.py
	@mkdir -p $(@D)
	/usr/bin/python3 query/openapi_to_json.py <$< >$@.new && mv $@.new $@

$(OUT)/query/openapi_data.o: $(OUT)/query/openapi.json
	cd $(@D) && ld -r -b binary -z noexecstack openapi.json -o openapi_data.o

$(OUT)/libquery.a: $(OUT)/query/openapi_data.o

# The pages at /docs (Swagger UI) and /dashboard: what they need from npm is fetched once for each lock file, and all is part of
# the program. DOCS=none builds without npm and without the two pages.
DOCS ?= page
npm_place = .cache/npm/$(1)-$(shell sha256sum query/$(1)/package-lock.json | cut -c1-16)
DOCS_NPM := $(call npm_place,docs)
DASHBOARD_NPM := $(call npm_place,dashboard)
DOCS_FILES = index.html docs.js swagger-ui.css.gz swagger-ui-bundle.js.gz licenses.txt
DASHBOARD_OWN := $(notdir $(wildcard query/dashboard/*.html query/dashboard/*.css query/dashboard/*.js))
DASHBOARD_FILES = $(patsubst %,dashboard/%.gz,$(DASHBOARD_OWN) uplot.js uplot.css licenses.txt)

$(DOCS_NPM)/ready $(DASHBOARD_NPM)/ready: .cache/npm/%/ready:
	@command -v npm >/dev/null || { echo 'npm is missing: make deps, or DOCS=none for a program without /docs and /dashboard' >&2; exit 1; }
	@rm -rf $(@D).$$$$ && mkdir -p $(@D).$$$$ && cp $(addprefix query/$(firstword $(subst -, ,$*))/,package.json package-lock.json) $(@D).$$$$ && \
		(cd $(@D).$$$$ && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch ready) && \
		{ mv -T $(@D).$$$$ $(@D) 2>/dev/null || rm -rf $(@D).$$$$; } && test -f $@

$(OUT)/query/docs/page.o: $(DOCS_NPM)/ready query/docs/index.html query/docs/docs.js query/rules.mk
	@mkdir -p $(@D)
	@cp query/docs/index.html query/docs/docs.js $(@D)
	@cd $(DOCS_NPM)/node_modules/swagger-ui-dist && cat NOTICE LICENSE swagger-ui-bundle.js.LICENSE.txt >$(abspath $(@D))/licenses.txt
	@for f in swagger-ui.css swagger-ui-bundle.js; do gzip -9nc $(DOCS_NPM)/node_modules/swagger-ui-dist/$$f >$(@D)/$$f.gz || exit 1; done
	cd $(@D) && ld -r -b binary -z noexecstack $(DOCS_FILES) -o page.o

$(OUT)/query/docs/none.o: query/rules.mk
	@mkdir -p $(@D)
	@cd $(@D) && echo 'This program was built with DOCS=none. The description is at /openapi.json.' >index.html
	@cd $(@D) && for f in docs.js licenses.txt; do : >$$f; done && for f in swagger-ui.css swagger-ui-bundle.js; do : | gzip -nc >$$f.gz; done
	cd $(@D) && ld -r -b binary -z noexecstack $(DOCS_FILES) -o none.o

$(OUT)/query/dashboard/page.o: $(DASHBOARD_NPM)/ready $(addprefix query/dashboard/,$(DASHBOARD_OWN)) query/rules.mk
	@mkdir -p $(@D)
	@for f in $(DASHBOARD_OWN); do gzip -9nc query/dashboard/$$f >$(@D)/$$f.gz || exit 1; done
	@cd $(DASHBOARD_NPM)/node_modules/uplot && gzip -9nc dist/uPlot.iife.min.js >$(abspath $(@D))/uplot.js.gz && \
		gzip -9nc dist/uPlot.min.css >$(abspath $(@D))/uplot.css.gz && gzip -9nc LICENSE >$(abspath $(@D))/licenses.txt.gz
	cd $(@D)/.. && ld -r -b binary -z noexecstack $(DASHBOARD_FILES) -o dashboard/page.o

$(OUT)/query/dashboard/none.o: query/rules.mk
	@mkdir -p $(@D)
	@cd $(@D)/.. && for f in $(DASHBOARD_FILES); do : | gzip -nc >$$f || exit 1; done
	@echo 'This program was built with DOCS=none, without its dashboard.' | gzip -nc >$(@D)/index.html.gz
	cd $(@D)/.. && ld -r -b binary -z noexecstack $(DASHBOARD_FILES) -o dashboard/none.o

$(OUT)/libquery.a: $(OUT)/query/docs/$(DOCS).o $(OUT)/query/dashboard/$(DOCS).o
