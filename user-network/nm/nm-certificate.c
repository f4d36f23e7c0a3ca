/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Has libnm look at the certificates and the key of a network, too: NetworkManager tries the key
 * before it lets wpa_supplicant have it, and reads fewer kinds than OpenSSL. */

#include "nm-private.h"

const char *nm_check_certificates(const struct wifi_network *network)
{
    g_autoptr(NMSetting) setting = nm_setting_802_1x_new();
    NMSetting8021x *eap = NM_SETTING_802_1X(setting);
    const char *password = network->eap.password[0] ? network->eap.password : NULL;
    NMSetting8021xCKFormat format;
    gboolean encrypted = FALSE;

    if (network->eap.ca[0] && !nm_setting_802_1x_set_ca_cert(eap, network->eap.ca,
                                      NM_SETTING_802_1X_CK_SCHEME_PATH, &format, NULL))
        return "The network's certificate cannot be used: it must be a PEM certificate.";
    if (network->kind != WIFI_TLS)
        return NULL;
    if (!nm_setting_802_1x_set_client_cert(
                eap, network->eap.certificate, NM_SETTING_802_1X_CK_SCHEME_PATH, &format, NULL))
        return "The device's certificate cannot be used: it must be a PEM certificate.";
    if (!nm_utils_file_is_private_key(network->eap.key, &encrypted))
        return "The key cannot be used: it must be a private key in PEM form.";
    if (encrypted && !password)
        return "The key is protected by a password, which is missing.";
    if (!nm_setting_802_1x_set_private_key(
                eap, network->eap.key, password, NM_SETTING_802_1X_CK_SCHEME_PATH, &format, NULL))
        return "The password of the key is wrong.";
    return NULL;
}
