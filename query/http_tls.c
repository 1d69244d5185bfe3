#include "query/http_internal.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* OpenSSL's reason, the first of its queue. */
static int failed(const char *field, const char *what, const char *path, struct error *e)
{
	unsigned long code = ERR_peek_error();
	const char *why = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
			  : code                 ? ERR_reason_error_string(code)
						 : NULL;

	ERR_clear_error();
	return error_set(e, ERR_BAD_SETTING, field, "cannot use the %s '%s': %s", what, path,
			 why ? why : "it is not readable PEM");
}

int http_tls_open(const struct settings *set, SSL_CTX **ret, struct error *e)
{
	const char *certificate = setting_string(set, SET_HTTP_TLS_CERTIFICATE),
		   *key = setting_string(set, SET_HTTP_TLS_KEY);
	SSL_CTX *tls = NULL;
	int rc = 0;

	*ret = NULL;
	if (!*certificate && !*key)
		return 0;
	if (!*certificate || !*key)
		return error_set(e, ERR_BAD_SETTING, *key ? "http.tls.certificate.file" : "http.tls.key.file",
				 "for HTTPS set both http.tls.certificate.file and http.tls.key.file");
	tls = SSL_CTX_new(TLS_server_method());
	if (!tls)
		return failed("http.tls.certificate.file", "certificate", certificate, e);
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	if (SSL_CTX_use_certificate_chain_file(tls, certificate) != 1)
		rc = failed("http.tls.certificate.file", "certificate", certificate, e);
	else if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(tls) != 1)
		rc = failed("http.tls.key.file", "key", key, e);
	if (rc) {
		SSL_CTX_free(tls);
		return rc;
	}
	h2o_ssl_register_alpn_protocols(tls, h2o_alpn_protocols);
	*ret = tls;
	return 0;
}

int server_tls_check(const struct settings *set, struct error *e)
{
	SSL_CTX *tls;
	int rc = http_tls_open(set, &tls, e);

	if (!rc)
		http_tls_close(tls);
	return rc;
}

void http_tls_close(SSL_CTX *tls)
{
	SSL_CTX_free(tls);
}
