/* MessagePack as msgpack-c writes it, an encoder that shares nothing with our scanner. */
#include "schemas/decode.h"

#include <criterion/criterion.h>
#include <msgpack.h>

static void pack_text(msgpack_packer *pk, const char *text)
{
	msgpack_pack_str(pk, strlen(text));
	msgpack_pack_str_body(pk, text, strlen(text));
}

static void pack_purchase(msgpack_packer *pk)
{
	msgpack_pack_map(pk, 7);
	pack_text(pk, "type");
	pack_text(pk, "purchase");
	pack_text(pk, "userId");
	pack_text(pk, "ann");
	pack_text(pk, "eventTime");
	msgpack_pack_int64(pk, INT64_C(1700000000123));
	pack_text(pk, "orderId");
	pack_text(pk, "an order with a long name, so that its length takes a byte of its own");
	pack_text(pk, "position");
	msgpack_pack_nil(pk);
	pack_text(pk, "later");
	msgpack_pack_array(pk, 3);
	msgpack_pack_true(pk);
	msgpack_pack_float(pk, 0.5f);
	msgpack_pack_bin(pk, 2);
	msgpack_pack_bin_body(pk, "\x00\xff", 2);
	pack_text(pk, "items");
	msgpack_pack_array(pk, 300);
	for (int i = 0; i < 300; i++) {
		msgpack_pack_map(pk, 3);
		pack_text(pk, "itemId");
		pack_text(pk, "\xc3\xa9");
		pack_text(pk, "quantity");
		msgpack_pack_int(pk, i + 1);
		pack_text(pk, "price");
		if (i % 2)
			msgpack_pack_double(pk, 2.55);
		else
			msgpack_pack_uint8(pk, 200);
	}
}

Test(msgpack, what_the_library_writes_is_read)
{
	struct decoder *d;
	struct error e = { 0 };
	struct event ev;
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
	pack_purchase(&pk);
	cr_assert_eq(decoder_new(NULL, &d, &e), 0);
	cr_assert_eq(decode_event(d, buffer.data, buffer.size, &ev, &e), 0, "%s", e.text);
	cr_assert_eq(ev.type, EVENT_PURCHASE);
	cr_assert_eq(ev.t_ms, INT64_C(1700000000123));
	cr_assert_eq(ev.item_count, 300);
	cr_assert_eq(ev.order_id.n, 69);
	for (uint32_t i = 0; i < 300; i++) {
		cr_assert_eq(ev.items[i].quantity, i + 1);
		cr_assert_eq(ev.items[i].price_micros, i % 2 ? 2550000 : 200000000);
		cr_assert(str_eq(ev.items[i].id, STR("\xc3\xa9")));
	}
	for (size_t n = 1; n < buffer.size; n += 7)
		cr_assert_neq(decode_event(d, buffer.data, n, &ev, NULL), 0, "cut at %zu", n);
	decoder_free(d);
	msgpack_sbuffer_destroy(&buffer);
}
