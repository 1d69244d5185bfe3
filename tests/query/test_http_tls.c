/* HTTPS with a certificate made here, and HTTP/2 through ALPN. */
#include "tests/lib/query_http.h"

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <unistd.h>

static struct shopfront f;
static char certificate[64], key[64], set_certificate[128], set_key[128];

static void write_pem(void)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	FILE *out;

	snprintf(certificate, sizeof(certificate), "/tmp/aisle-tls-%d.pem", (int)getpid());
	snprintf(key, sizeof(key), "/tmp/aisle-tls-%d.key", (int)getpid());
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, pair);
	cr_assert(X509_sign(x, pair, EVP_sha256()));
	out = fopen(certificate, "w");
	cr_assert(out && PEM_write_X509(out, x));
	fclose(out);
	out = fopen(key, "w");
	cr_assert(out && PEM_write_PrivateKey(out, pair, NULL, NULL, 0, NULL, NULL));
	fclose(out);
	X509_free(x);
	EVP_PKEY_free(pair);
}

static void setup(void)
{
	const char *sets[] = { set_certificate, set_key, NULL };

	write_pem();
	snprintf(set_certificate, sizeof(set_certificate), "http.tls.certificate.file=%s", certificate);
	snprintf(set_key, sizeof(set_key), "http.tls.key.file=%s", key);
	shopfront_prepare(&f, sets);
	shopfront_start(&f);
}

static void teardown(void)
{
	shopfront_close(&f);
	unlink(certificate);
	unlink(key);
}

TestSuite(http_tls, .init = setup, .fini = teardown, .timeout = 60);

/* Send `bytes` over TLS with this one protocol offered; what comes back until `until` is seen. */
static void talk(const char *protocol, const char *bytes, size_t n, const char *until)
{
	unsigned char offered[16] = { (unsigned char)strlen(protocol) };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	const unsigned char *chosen;
	static struct client c;
	static char got[1 << 14];
	unsigned chosen_n;
	size_t have = 0;
	SSL *ssl;

	memcpy(offered + 1, protocol, strlen(protocol));
	client_open(&c, f.port);
	ssl = SSL_new(ctx);
	SSL_set_alpn_protos(ssl, offered, offered[0] + 1u);
	SSL_set_fd(ssl, c.fd);
	cr_assert_eq(SSL_connect(ssl), 1);
	SSL_get0_alpn_selected(ssl, &chosen, &chosen_n);
	cr_assert(chosen_n == offered[0] && memcmp(chosen, protocol, chosen_n) == 0);
	cr_assert_eq(SSL_write(ssl, bytes, (int)n), (int)n);
	while (!memmem(got, have, until, strlen(until))) {
		int more = SSL_read(ssl, got + have, (int)(sizeof(got) - have));

		cr_assert_gt(more, 0);
		have += (size_t)more;
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	client_close(&c);
}

Test(http_tls, answers_over_http1_and_http2)
{
	static const char one[] = "GET /v1/recommendations/large HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char two[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				  "\0\0\0\x04\0\0\0\0\0"
				  "\0\0\x0f\x01\x05\0\0\0\x01\x82\x87\x44\x08/healthz\x41\x01x";

	cr_assert(strncmp(server_url(f.server), "https://127.0.0.1:", 18) == 0, "%s", server_url(f.server));
	talk("http/1.1", one, sizeof(one) - 1, "\"recommendationId\"");
	talk("h2", two, sizeof(two) - 1, "{\"status\":\"ok\"}");
}

Test(http_tls, plain_bytes_are_let_go)
{
	static struct client c;

	client_open(&c, f.port);
	client_send(&c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 34);
	cr_assert(client_closed(&c));
	cr_assert_null(strstr(c.buf, "HTTP/1.1"), "%s", c.buf);
	client_close(&c);
}

/* Bytes as C strings have no zeros at their end: their number is said. */
static const struct {
	const char *bytes;
	size_t n;
} rubbish[] = {
	{ "\x16\x03\x01\x00\x04rubb", 9 },             /* a handshake of no known kind */
	{ "\x16\x03\x01\x00\x04\x01\xff\xff\xff", 9 }, /* a hello of 16 MB */
	{ "\x17\x03\x03\x00\x05hello", 10 },           /* what comes after a handshake */
	{ "SSH-2.0-OpenSSH_9.2\r\n", 21 },
};

/* The first bytes of a hello. */
static void open_half(struct client *c, int port)
{
	client_open(c, port);
	client_send(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
}

static void expect_served(void)
{
	static const char one[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

	talk("http/1.1", one, sizeof(one) - 1, "{\"status\":\"ok\"}");
}

Test(http_tls, rubbish_is_let_go_and_others_are_served)
{
	static struct client half[8], c;

	for (size_t i = 0; i < ARRAY_SIZE(half); i++)
		open_half(&half[i], f.port);
	for (size_t i = 0; i < ARRAY_SIZE(rubbish); i++) {
		client_open(&c, f.port);
		client_send(&c, rubbish[i].bytes, rubbish[i].n);
		cr_expect(client_closed(&c), "%zu", i);
		cr_expect_null(strstr(c.buf, "HTTP/1.1"), "%zu: %s", i, c.buf);
		client_close(&c);
		expect_served();
	}
	for (size_t i = 0; i < ARRAY_SIZE(half); i++)
		client_close(&half[i]);
	expect_served();
}

Test(http_tls, half_a_handshake_is_let_go)
{
	const char *sets[] = { "http.timeout=300ms", set_certificate, set_key, NULL };
	static struct client half, silent;
	struct shopfront g;

	shopfront_prepare(&g, sets);
	shopfront_start(&g);
	open_half(&half, g.port);
	client_open(&silent, g.port);
	cr_expect(client_closed(&half));
	cr_expect(client_closed(&silent));
	client_close(&half);
	client_close(&silent);
	shopfront_close(&g);
	expect_served();
}

Test(http_tls, what_cannot_be_used_is_told)
{
	struct {
		const char *certificate, *key, *says;
	} bad[] = {
		{ "/nowhere.pem", key, "cannot use the certificate '/nowhere.pem': No such file" },
		{ certificate, "/nowhere.key", "cannot use the key '/nowhere.key': " },
		{ certificate, "", "set both http.tls.certificate.file and http.tls.key.file" },
		{ "", key, "set both" },
		{ key, key, "cannot use the certificate '" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char bad_certificate[128], bad_key[128];
		const char *sets[] = { bad_certificate, bad_key, NULL };
		struct error e = { 0 };
		struct shopfront g;

		snprintf(bad_certificate, sizeof(bad_certificate), "http.tls.certificate.file=%s", bad[i].certificate);
		snprintf(bad_key, sizeof(bad_key), "http.tls.key.file=%s", bad[i].key);
		shopfront_prepare(&g, sets);
		cr_assert_eq(server_start(&g.opt, &g.server, &e), ERR_BAD_SETTING, "%zu", i);
		cr_assert(strstr(e.text, bad[i].says), "%zu: %s", i, e.text);
		shopfront_close(&g);
	}
}
