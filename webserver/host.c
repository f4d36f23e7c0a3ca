/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "host.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LOCAL ".local"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
#define ADDRESS_LETTERS "abcdefABCDEF0123456789:."

/* What a browser can call a host by; led to another one, it would be led there again and again. */
static bool is_name(const char *text)
{
    size_t size = strspn(text, NAME_LETTERS);

    return text[size] == '\0' && (size == 0 || text[size - 1] != '.');
}

/* What is no name of a host is left out: better the one from before. */
static int on_status(struct http_request *none, const struct peer_answer *answer, void *userdata)
{
    struct own_name *own = userdata;
    const json_t *mdns = json_object_get(answer->result, "announced");
    const char *announced = json_string_value(json_object_get(mdns, "host"));
    const char *name = json_string_value(json_object_get(answer->result, "hostname"));

    if (name && is_name(name) && strlen(name) < sizeof(own->name)) {
        (void)!copy_text(own->name, sizeof(own->name), name);
        (void)!copy_text(own->announced, sizeof(own->announced), announced ?: "");
    }
    if (own->told)
        own->told(own->userdata);
    return 0;
}

void own_name_refresh(struct own_name *own, struct peer *network, uint64_t now_usec)
{
    if (own->asked_usec && now_usec < own->asked_usec + USEC_PER_SEC)
        return;
    own->asked_usec = now_usec;
    (void)peer_ask(network, NULL, "status", NULL, PEER_SOON_USEC, on_status, own);
}

/* The host without its port, brackets, and the dot at its end. Whether it was in brackets. */
static int split(const char *host, char *ret, size_t size)
{
    bool six = host[0] == '[';
    size_t length = six ? strcspn(++host, "]") : strcspn(host, ":");
    const char *port = host + length;

    if (six && *port++ != ']')
        return -EINVAL;
    if (*port && (*port != ':' || port[1 + strspn(port + 1, "0123456789")] != '\0'))
        return -EINVAL;
    if (length > 0 && !six && host[length - 1] == '.')
        length--;
    if (length == 0 || length >= size)
        return -EINVAL;
    memcpy(ret, host, length);
    ret[length] = '\0';
    /* It may become a part of a URL. */
    if (ret[strspn(ret, six ? ADDRESS_LETTERS : NAME_LETTERS)])
        return -EINVAL;
    return six;
}

/* Nobody can have it on the internet: it has no dot, or ends in .local (RFC 6762). */
static bool is_private(const char *name)
{
    const char *dot = strchr(name, '.');

    return !dot || strcasecmp(dot, LOCAL) == 0;
}

static bool is_named(const struct own_name *own, const char *name)
{
    size_t size = strlen(own->name);

    if (own->announced[0] && strcasecmp(name, own->announced) == 0)
        return true;
    return strncasecmp(name, own->name, size) == 0 &&
           (name[size] == '\0' || strcasecmp(name + size, LOCAL) == 0);
}

bool own_name_is(const struct own_name *own, const char *host)
{
    struct in6_addr address;
    char name[256];
    int six;

    six = host ? split(host, name, sizeof(name)) : -EINVAL;
    if (six < 0)
        return false;
    /* An address is no name that somebody else could make lead here. */
    if (inet_pton(six ? AF_INET6 : AF_INET, name, &address) == 1)
        return true;
    if (six)
        return false;
    if (strcasecmp(name, "localhost") == 0)
        return true;
    return own->name[0] ? is_named(own, name) : is_private(name);
}

int own_name_url(const char *host, bool tls, int port, char ret[static OWN_URL_SIZE])
{
    char name[256];
    int six = split(host, name, sizeof(name));

    if (six < 0)
        return six;
    snprintf(ret, OWN_URL_SIZE, "%s://%s%s%s:%d/", tls ? "https" : "http", six ? "[" : "", name,
            six ? "]" : "", port);
    return 0;
}

int own_name_redirect(const struct own_name *own, struct http_request *request)
{
    const char *scheme = http_request_is_tls(request) ? "https" : "http";
    char local[INET6_ADDRSTRLEN] = "", url[256];
    bool six;
    int port, r;

    port = http_request_local_port(request);
    r = http_request_local(request, local);
    /* Link-local addresses have a scope, which means nothing to somebody else. */
    if (port < 0 || r < 0 || (!own->name[0] && strchr(local, '%')))
        return http_respond_problem(
                request, 421, "foreign_host", NULL, "This device has another name.");
    six = !own->name[0] && strchr(local, ':');
    snprintf(url, sizeof(url), "%s://%s%s%s:%d/", scheme, six ? "[" : "",
            own->name[0] ? own->name : local, six ? "]" : "", port);
    /* Elsewhere the same name has another answer. */
    r = http_request_add_header(request, "Cache-Control", "no-store");
    return r < 0 ? r : http_respond_redirect(request, url);
}
