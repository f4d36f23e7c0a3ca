/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of the API, and what its handlers share. */

#include <stdarg.h>

#include "api.h"
#include "plain/plain.h"
#include "unbox/log.h"

const struct http_route api_routes[] = {
        {"GET", "/health", api_alive},
        {"GET", "/events", api_events},
        {"GET", "/metrics", api_metrics},
        {"GET", "/api/v1/network", api_network_status},
        {"GET", "/api/v1/network/networks", api_network_list},
        {"POST", "/api/v1/network/scan", api_network_scan, API_BODY_MAX},
        {"POST", "/api/v1/network/connect", api_network_connect, API_NETWORK_MAX},
        {"POST", "/api/v1/network/forget", api_network_forget, API_BODY_MAX},
        {"PUT", "/api/v1/network/priority", api_network_priority, API_BODY_MAX},
        {"PUT", "/api/v1/network/radio", api_network_radio, API_BODY_MAX},
        {"GET", "/api/v1/network/hotspot", api_hotspot_label},
        {"PUT", "/api/v1/network/hotspot", api_hotspot_switch, API_BODY_MAX},
        {"GET", "/api/v1/network/hotspot.svg", api_hotspot_code},
        {"GET", "/api/v1/network/page", api_network_page},
        {"GET", "/api/v1/network/page.svg", api_network_page_code},
        {"PUT", "/api/v1/network/country", api_country_set, API_BODY_MAX},
        {"GET", "/api/v1/network/wired", api_wired_show},
        {"PUT", "/api/v1/network/wired", api_network_wired, API_BODY_MAX},
        {"POST", "/api/v1/network/wired/confirm", api_network_confirm_wired, API_BODY_MAX},
        {"GET", "/api/v1/health", api_health_status},
        {"GET", "/api/v1/health/logs", api_health_logs},
        {"POST", "/api/v1/health/restart", api_health_restart, API_BODY_MAX},
        {"GET", "/api/v1/system", api_system_status},
        {"GET", "/api/v1/system/diagnostics", api_system_diagnostics_file},
        {"POST", "/api/v1/system/reboot", api_system_reboot, API_BODY_MAX},
        {"POST", "/api/v1/system/diagnostics", api_system_diagnostics, API_BODY_MAX},
        {"POST", "/api/v1/system/factory-reset", api_system_factory_reset, API_BODY_MAX},
        {"GET", "/api/v1/jobs", api_jobs_list},
        {"GET", "/api/v1/jobs/{id}", api_job_show},
        {"GET", "/api/v1/services", api_services_list},
        {"GET", "/api/v1/services/{name}", api_service_show},
        {"GET", "/api/v1/services/{name}/values", api_service_values},
        {"POST", "/api/v1/services/{name}/actions/{method}", api_service_act, API_BODY_MAX},
        {"GET", "/api/v1/documents/{name}/{method}", api_service_document},
        {"GET", "/api/v1/session", api_session_show},
        {"POST", "/api/v1/session", api_session_open, API_BODY_MAX},
        {"DELETE", "/api/v1/session", api_session_close},
        {"PUT", "/api/v1/password", api_password_set, API_BODY_MAX},
        {"GET", "/api/v1/tokens", api_tokens_list},
        {"POST", "/api/v1/tokens", api_tokens_make, API_BODY_MAX},
        {"DELETE", "/api/v1/tokens/{id}", api_tokens_revoke},
        {"GET", "/api/v1/https", api_https_show},
        {"PUT", "/api/v1/https", api_https_choose, API_BODY_MAX},
        {"PUT", "/api/v1/https/certificate", api_certificate_set, API_CERTIFICATE_MAX},
        {"DELETE", "/api/v1/https/certificate", api_certificate_drop},
        {"POST", "/login", form_login, API_BODY_MAX},
        {"POST", "/welcome", form_welcome, API_BODY_MAX},
        {"POST", "/password", form_password, API_BODY_MAX},
        {"POST", "/logout", plain_logout, API_BODY_MAX},
        {"GET", "/join.html", plain_join_page},
        {"POST", "/join", plain_join, API_NETWORK_MAX},
        {"GET", "/country.html", plain_country_page},
        {"POST", "/country", plain_country, API_BODY_MAX},
        {"GET", "/health.html", plain_health_page},
        {"GET", "/logs.html", plain_logs_page},
        {"GET", "/system.html", plain_system_page},
        {"GET", "/diagnostics", plain_diagnostics},
        {"GET", "/reboot.html", plain_reboot_page},
        {"POST", "/reboot", plain_reboot, API_BODY_MAX},
        {"GET", "/reset.html", plain_reset_page},
        {"POST", "/reset", plain_reset, API_BODY_MAX},
        {"GET", "/network.html", plain_network_page},
        {"POST", "/scan", plain_scan, API_BODY_MAX},
        {"GET", "/forget.html", plain_forget_page},
        {"POST", "/forget", plain_forget, API_BODY_MAX},
        {"POST", "/prefer", plain_prefer, API_BODY_MAX},
        {"GET", "/hotspot.html", plain_hotspot_page},
        {"POST", "/hotspot", plain_hotspot, API_BODY_MAX},
        {"GET", "/radio.html", plain_radio_page},
        {"POST", "/radio", plain_radio, API_BODY_MAX},
        {"GET", "/wired.html", plain_wired_page},
        {"POST", "/wired", plain_wired, API_BODY_MAX},
        {"POST", "/wired/confirm", plain_wired_confirm, API_BODY_MAX},
        {"GET", "/tokens.html", plain_tokens_page},
        {"POST", "/tokens", plain_token_make, API_BODY_MAX},
        {"GET", "/revoke.html", plain_revoke_page},
        {"POST", "/revoke", plain_revoke, API_BODY_MAX},
        {"GET", "/services.html", plain_services_page},
        {"GET", "/service.html", plain_service_page},
        {"POST", "/service", plain_service, API_BODY_MAX},
        {"GET", "/restart.html", plain_restart_page},
        {"POST", "/restart", plain_restart, API_BODY_MAX},
        {"GET", "/https.html", plain_https_page},
        {"POST", "/https", plain_https_mode, API_BODY_MAX},
        {"POST", "/https/certificate", plain_certificate_set, API_CERTIFICATE_MAX},
        {"POST", "/https/own-certificate", plain_certificate_drop, API_BODY_MAX},
        {},
};

int api_body(struct http_request *request, json_t **ret, const char *format, ...)
{
    _cleanup_json_ json_t *body = NULL;
    json_error_t error;
    va_list args;
    int r;

    r = http_request_json(request, &body);
    if (r < 0)
        return r;
    va_start(args, format);
    r = json_vunpack_ex(body, &error, 0, format, args);
    va_end(args);
    if (r < 0) {
        r = http_respond_problem(request, 422, "invalid_params", NULL, "%s", error.text);
        return r < 0 ? r : -EBADMSG;
    }
    *ret = STEAL(body);
    return 0;
}

void api_log_change(const struct http_request *request, const char *what)
{
    unbox_log(LOG_INFO, "%s asks to %s", http_request_peer(request), what);
}
