#include "cmd/demo_files.h"

/* The assembler reads PATH at compile time, relative to the repository's root; rules.mk has the dependencies. */
#define EMBED(name, path) \
	__asm__(".section .rodata\n" \
		".balign 8\n" \
		".hidden demo_" #name "_start, demo_" #name "_end\n" \
		".global demo_" #name "_start, demo_" #name "_end\n" \
		"demo_" #name "_start: .incbin \"" path "\"\n" \
		"demo_" #name "_end: .byte 0\n" \
		".previous\n"); \
	extern const char demo_##name##_start[], demo_##name##_end[]

EMBED(products_gz, "config/demo/products.tsv.gz");
EMBED(orders_gz, "config/demo/orders.bin.gz");
EMBED(similar_third, "config/demo/control/experiments/similar-third.json");
EMBED(christmas_in_mails, "config/demo/control/rules/christmas-in-mails.json");
EMBED(no_trifles_in_baskets, "config/demo/control/rules/no-trifles-in-baskets.json");
EMBED(welcome, "config/demo/control/offers/welcome.json");
EMBED(index_html, "query/web/index.html");
EMBED(app_css, "query/web/app.css");
EMBED(app_js, "query/web/app.js");

#define BYTES(name) ((struct str){ demo_##name##_start, (uint32_t)(demo_##name##_end - demo_##name##_start) })

struct str demo_file(enum demo_file which)
{
	switch (which) {
	case DEMO_PRODUCTS_GZ:
		return BYTES(products_gz);
	case DEMO_ORDERS_GZ:
		return BYTES(orders_gz);
	case DEMO_SIMILAR_THIRD:
		return BYTES(similar_third);
	case DEMO_CHRISTMAS_IN_MAILS:
		return BYTES(christmas_in_mails);
	case DEMO_NO_TRIFLES_IN_BASKETS:
		return BYTES(no_trifles_in_baskets);
	case DEMO_WELCOME:
		return BYTES(welcome);
	case DEMO_INDEX_HTML:
		return BYTES(index_html);
	case DEMO_APP_CSS:
		return BYTES(app_css);
	case DEMO_APP_JS:
		return BYTES(app_js);
	}
	return (struct str){ NULL, 0 };
}
