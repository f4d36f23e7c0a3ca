/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Everything that makes a transfer safe stands in configure(); CURLcode ends in translate(). */

#include "http-transfer.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

static size_t on_data(char *data, size_t size, size_t count, void *userdata)
{
    struct http_transfer *transfer = userdata;
    size_t length = size * count;
    char *grown;

    if (length > transfer->options->max_answer - transfer->size) {
        transfer->local_error = -EFBIG;
        return CURL_WRITEFUNC_ERROR;
    }
    /* Not realloc(): what the peer says may be a key, and no old copy of it must stay. */
    grown = malloc(transfer->size + length + 1);
    if (!grown) {
        transfer->local_error = -ENOMEM;
        return CURL_WRITEFUNC_ERROR;
    }
    memcpy(grown, transfer->body, transfer->size);
    explicit_bzero(transfer->body, transfer->size);
    free(transfer->body);
    transfer->body = grown;
    memcpy(transfer->body + transfer->size, data, length);
    transfer->size += length;
    transfer->body[transfer->size] = '\0';
    return length;
}

/* libcurl's own binding falls back to the interface's address when this fails; ours doesn't. */
static int on_socket_made(void *userdata, curl_socket_t fd, curlsocktype purpose)
{
    struct http_transfer *transfer = userdata;
    const char *interface = transfer->options->interface;

    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, strlen(interface) + 1) < 0) {
        transfer->local_error = -errno;
        return CURL_SOCKOPT_ERROR;
    }
    return CURL_SOCKOPT_OK;
}

static CURLcode on_tls_context(CURL *easy, void *context, void *userdata)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);

    /* Chain and name are checked as ever; only the dates need a clock. */
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
    return CURLE_OK;
}

static CURLcode set_blob(CURL *easy, CURLoption option, const char *text)
{
    struct curl_blob blob = {
            .data = (void *)text,
            .len = strlen(text),
            .flags = CURL_BLOB_NOCOPY, /* the client's options outlive the transfer */
    };

    return curl_easy_setopt(easy, option, &blob);
}

static CURLcode set_tls(struct http_transfer *transfer)
{
    const struct http_client_options *options = transfer->options;
    CURL *easy = transfer->easy;
    CURLcode code = CURLE_OK;

    if (!options->ca_pem)
        return CURLE_OK;
    code = code ?: set_blob(easy, CURLOPT_CAINFO_BLOB, options->ca_pem);
    if (options->certificate_pem) {
        code = code ?: set_blob(easy, CURLOPT_SSLCERT_BLOB, options->certificate_pem);
        code = code ?: set_blob(easy, CURLOPT_SSLKEY_BLOB, options->key_pem);
    }
    /* Debian compiles the system's CAs in as the default folder; they would be trusted too. */
    code = code ?: curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    code = code ?: curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    code = code ?: curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    code = code ?: curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->pins)
        code = code ?: curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, options->pins);
    if (options->ignore_dates)
        code = code ?: curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
    return code;
}

static CURLcode set_transport(struct http_transfer *transfer, const char *url)
{
    long timeout_ms = transfer->options->timeout_usec / USEC_PER_MSEC;
    CURL *easy = transfer->easy;
    CURLcode code = CURLE_OK;

    code = code ?: curl_easy_setopt(easy, CURLOPT_URL, url);
    code = code
                   ?: curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                              transfer->options->ca_pem ? "https" : "http");
    code = code ?: curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    code = code ?: curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    code = code ?: curl_easy_setopt(easy, CURLOPT_PROXY, "");
    code = code ?: curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    code = code ?: curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    code = code ?: curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    code = code ?: curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    code = code ?: curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 5L);
    if (transfer->options->interface) {
        code = code ?: curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
        code = code ?: curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, transfer);
    }
    return code;
}

static CURLcode set_content(struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    CURLcode code = CURLE_OK;

    code = code ?: curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *)transfer);
    code = code ?: curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
    code = code ?: curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    code = code ?: curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    code = code ?: curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    if (transfer->request)
        code = code ?: curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->request);
    return code;
}

static int add_header(struct http_transfer *transfer, const char *header)
{
    struct curl_slist *headers = curl_slist_append(transfer->headers, header);

    if (!headers)
        return -ENOMEM;
    transfer->headers = headers;
    return 0;
}

static int configure(struct http_transfer *transfer, const char *url, json_t *body)
{
    int r;

    r = add_header(transfer, "Accept: application/json, application/problem+json, */*;q=0.1");
    if (r < 0)
        return r;
    if (body) {
        r = add_header(transfer, "Content-Type: application/json");
        if (r < 0)
            return r;
        transfer->request = json_dumps(body, JSON_COMPACT);
        if (!transfer->request)
            return -ENOMEM;
    }
    transfer->body = calloc(1, 1);
    transfer->easy = curl_easy_init();
    if (!transfer->body || !transfer->easy)
        return -ENOMEM;
    if (set_transport(transfer, url) != CURLE_OK || set_tls(transfer) != CURLE_OK ||
            set_content(transfer) != CURLE_OK)
        return -EINVAL;
    return 0;
}

int http_transfer_new(const struct http_client_options *options, const char *url, json_t *body,
        struct http_transfer **ret)
{
    _cleanup_(http_transfer_free_p) struct http_transfer *transfer = calloc(1, sizeof(*transfer));
    int r;

    if (!transfer)
        return -ENOMEM;
    transfer->options = options;
    r = configure(transfer, url, body);
    if (r < 0)
        return r;
    *ret = STEAL(transfer);
    return 0;
}

struct http_transfer *http_transfer_free(struct http_transfer *transfer)
{
    if (!transfer)
        return NULL;
    if (transfer->easy)
        curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    free(transfer->request);
    if (transfer->body)
        explicit_bzero(transfer->body, transfer->size);
    free(transfer->body);
    free(transfer);
    return NULL;
}

static int translate(const struct http_transfer *transfer, CURLcode code)
{
    long os_error = 0;

    if (transfer->local_error < 0)
        return transfer->local_error;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
    switch (code) {
    case CURLE_OK:
        return 0;
    case CURLE_OPERATION_TIMEDOUT:
        return -ETIMEDOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return -EKEYREJECTED;
    case CURLE_COULDNT_RESOLVE_HOST:
        return -EHOSTUNREACH;
    case CURLE_COULDNT_CONNECT:
        return os_error ? -(int)os_error : -ECONNREFUSED;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return -ECONNRESET;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return -EPROTO;
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

void http_transfer_finish(struct http_transfer *transfer, CURLcode code)
{
    struct http_answer *answer = &transfer->answer;
    curl_off_t retry_after = 0;
    char *type = NULL;
    long status = 0;

    answer->error = translate(transfer, code);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
    answer->message = transfer->message[0] ? transfer->message : curl_easy_strerror(code);
    answer->status = status;
    answer->type = type ?: "";
    answer->body = transfer->body;
    answer->size = transfer->size;
    answer->retry_after_sec = retry_after > 0 && retry_after <= UINT32_MAX ? retry_after : 0;
}

void http_transfer_deliver(struct http_transfer *transfer)
{
    transfer->fn(&transfer->answer, transfer->userdata);
}
