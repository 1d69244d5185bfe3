# the demo's page and data are part of the program: the assembler reads them
$(OUT)/cmd/demo_files.o: config/demo/products.tsv.gz config/demo/orders.bin.gz \
	$(wildcard config/demo/control/*/*.json) \
	query/web/index.html query/web/app.css query/web/app.js
