/* tls: OpenSSL, version 1.3 of TLS only. Certificates need not be signed by anybody: a fingerprint says whose they are, or the proof of a token, which is bound
 * to the connection's own secret, so that who stands between both ends cannot hand it on. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <poll.h>
#include <string.h>

#include "host/base/memory.h"
#include "link_inside.h"

struct tls {
    SSL_CTX *context;
    bool is_server;
};

static const long OWN_SECONDS = 10 * 365 * 24 * 3600L;

static const char *tls_error(char *text, size_t room)
{
    unsigned long number = ERR_get_error();
    const char *reason = number ? ERR_reason_error_string(number) : NULL;
    snprintf(text, room, "%s", reason ? reason : "the connection ended");
    ERR_clear_error();
    return text;
}

static struct tls *tls_new(bool is_server, struct error *error)
{
    struct tls *tls = memory_new(1, sizeof *tls);
    tls->is_server = is_server;
    tls->context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (tls->context && SSL_CTX_set_min_proto_version(tls->context, TLS1_3_VERSION)) {
        SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(tls->context, 0);
        return tls;
    }
    error_set(error, ERROR_READ, "TLS cannot be used here");
    tls_free(tls);
    return NULL;
}

static X509 *own_certificate(EVP_PKEY *key)
{
    X509 *made = X509_new();
    X509_NAME *name = made ? X509_get_subject_name(made) : NULL;
    bool is_good = name && X509_set_version(made, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(made), 1) && X509_gmtime_adj(X509_getm_notBefore(made), 0) &&
                   X509_gmtime_adj(X509_getm_notAfter(made), OWN_SECONDS) && X509_set_pubkey(made, key) &&
                   X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"heaptracer agent", -1, -1, 0) && X509_set_issuer_name(made, name) &&
                   X509_sign(made, key, EVP_sha256());
    if (is_good)
        return made;
    X509_free(made);
    return NULL;
}

static bool own_use(SSL_CTX *context)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made = key ? own_certificate(key) : NULL;
    bool is_good = made && SSL_CTX_use_certificate(context, made) && SSL_CTX_use_PrivateKey(context, key);
    X509_free(made);
    EVP_PKEY_free(key);
    return is_good;
}

struct tls *tls_serve(const char *certificate, const char *key, struct error *error)
{
    char text[200];
    struct tls *tls = tls_new(true, error);
    if (!tls)
        return NULL;
    if (!certificate && own_use(tls->context))
        return tls;
    if (!certificate)
        error_set(error, ERROR_READ, "no certificate can be made: %s", tls_error(text, sizeof text));
    else if (SSL_CTX_use_certificate_chain_file(tls->context, certificate) != 1)
        error_set(error, ERROR_READ, "%s is no certificate in PEM form that can be read: %s", certificate, tls_error(text, sizeof text));
    else if (SSL_CTX_use_PrivateKey_file(tls->context, key, SSL_FILETYPE_PEM) != 1)
        error_set(error, ERROR_READ, "%s is not the key of that certificate: %s", key, tls_error(text, sizeof text));
    else
        return tls;
    tls_free(tls);
    return NULL;
}

struct tls *tls_call(struct error *error)
{
    struct tls *tls = tls_new(false, error);
    if (tls)
        SSL_CTX_set_default_verify_paths(tls->context);
    return tls;
}

static void print_put(const X509 *certificate, char print[LINK_PRINT_ROOM])
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned count = 0;
    strcpy(print, "none");
    if (!certificate || !X509_digest(certificate, EVP_sha256(), sum, &count))
        return;
    strcpy(print, "SHA256:");
    for (unsigned i = 0; i < count && i < 32; i++)
        sprintf(print + 7 + 2 * i, "%02x", sum[i]);
}

void tls_print(const struct tls *tls, char print[LINK_PRINT_ROOM])
{
    print_put(SSL_CTX_get0_certificate(tls->context), print);
}

void link_print(const struct link *link, char print[LINK_PRINT_ROOM])
{
    print_put(link->ssl ? SSL_get0_peer_certificate(link->ssl) : NULL, print);
}

bool link_retry(struct link *link, int result, uint64_t until_ns)
{
    int what = SSL_get_error(link->ssl, result);
    if (what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE)
        return link_poll(link, what == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until_ns);
    if (what == SSL_ERROR_ZERO_RETURN || (what == SSL_ERROR_SYSCALL && !ERR_peek_error())) {
        link->why = "closed the connection";
    } else {
        char reason[160];
        snprintf(link->text, sizeof link->text, "broke TLS (%s)", tls_error(reason, sizeof reason));
        link->why = link->text;
    }
    SSL_set_quiet_shutdown(link->ssl, 1);
    return false;
}

bool link_secure(struct link *link, struct tls *tls, const char *host, uint64_t until_ns, struct error *error)
{
    ERR_clear_error();
    link->ssl = SSL_new(tls->context);
    if (!link->ssl || !SSL_set_fd(link->ssl, link->socket))
        return error_set(error, ERROR_READ, "TLS cannot be used here");
    if (host) {
        SSL_set1_host(link->ssl, host);
        SSL_set_tlsext_host_name(link->ssl, host);
    }
    for (int result;;) {
        result = tls->is_server ? SSL_accept(link->ssl) : SSL_connect(link->ssl);
        if (result == 1)
            return true;
        if (!link_retry(link, result, until_ns))
            return error_set(error, ERROR_READ, "no TLS connection: the other side %s", link->why);
    }
}

bool link_is_trusted(const struct link *link)
{
    return link->ssl && SSL_get0_peer_certificate(link->ssl) && SSL_get_verify_result(link->ssl) == X509_V_OK;
}

bool link_binding(const struct link *link, uint8_t binding[LINK_BINDING_BYTES])
{
    static const char label[] = "EXPORTER-HeapTracer-agent";
    memset(binding, 0, LINK_BINDING_BYTES);
    return !link->ssl || SSL_export_keying_material(link->ssl, binding, LINK_BINDING_BYTES, label, sizeof label - 1, NULL, 0, 0) == 1;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    memory_free(tls);
}

void tls_proof(const char *token, const uint8_t *bytes, size_t count, uint8_t proof[32])
{
    unsigned written = 0;
    uint8_t sum[EVP_MAX_MD_SIZE] = {0};
    HMAC(EVP_sha256(), token, (int)strlen(token), bytes, count, sum, &written);
    memcpy(proof, sum, 32);
}

bool tls_is_equal(const uint8_t *one, const uint8_t *other, size_t count)
{
    return !CRYPTO_memcmp(one, other, count);
}

bool tls_random(uint8_t *bytes, size_t count)
{
    return RAND_bytes(bytes, (int)count) == 1;
}
