/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where a serial number is found, and what is not taken for one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "device.h"
#include "unbox/store.h"
#include "util.h"

#define TREE "firmware/devicetree/base/serial-number"
#define DMI "class/dmi/id/product_serial"

/* A /sys of the test's, which is the working folder. */
static int enter_folder(void **state)
{
    static const char *const folders[] = {"firmware", "firmware/devicetree",
            "firmware/devicetree/base", "class", "class/dmi", "class/dmi/id", "class/net",
            "class/net/eth0", "credentials"};
    char *folder = strdup("/tmp/unbox-test-device-XXXXXX");

    *state = folder;
    if (!mkdtemp(folder) || chdir(folder) < 0)
        return -1;
    for (size_t i = 0; i < ELEMENTSOF(folders); i++)
        if (mkdir(folders[i], 0755) < 0)
            return -1;
    return 0;
}

static int leave_folder(void **state)
{
    int r = chdir("/") < 0 ? -errno : unbox_store_remove_tree(*state);

    free(*state);
    return r < 0 ? -1 : 0;
}

static void put(const char *path, const char *text, size_t size)
{
    assert_int_equal(unbox_store_write(path, text, size, 0644, -1, -1), 0);
}

static void assert_serial(const char *credentials, const char *configured, const char *expected,
        const char *expected_source)
{
    _cleanup_free_ char *serial = NULL;
    const char *source;

    assert_int_equal(device_serial(".", credentials, configured, &serial, &source), 0);
    assert_string_equal(serial, expected);
    assert_string_equal(source, expected_source);
}

static void test_order(void **state)
{
    assert_serial(NULL, "C3", "C3", "configuration");
    put(DMI, "B2\n", 3);
    assert_serial(NULL, "C3", "B2", "DMI");
    put(TREE, "A1", 3); /* with its NUL */
    assert_serial(NULL, "C3", "A1", "device tree");
}

static void test_dmi_of_the_unit(void **state)
{
    put(DMI, "B2\n", 3);
    put("credentials/dmi-serial", "B7\n", 3);
    assert_serial("credentials", "C3", "B7", "DMI");
    put("credentials/dmi-serial", "none", 4);
    assert_serial("credentials", "C3", "C3", "configuration");
}

static void test_what_is_no_serial(void **state)
{
    static const char *const fillers[] = {"Default string", "To Be Filled By O.E.M.", "0", "0000",
            "None", "", "  ", "a/b", "has space"};
    const char *source;
    char *serial;

    for (size_t i = 0; i < ELEMENTSOF(fillers); i++) {
        put(DMI, fillers[i], strlen(fillers[i]));
        assert_serial(NULL, "C3", "C3", "configuration");
    }
    assert_int_equal(device_serial(".", NULL, "", &serial, &source), -ENODATA);
}

static void test_mac(void **state)
{
    _cleanup_free_ char *mac = NULL;

    put("class/net/eth0/address", "02:00:00:00:00:01\n", 18);
    assert_int_equal(device_mac(".", "eth0", &mac), 0);
    assert_string_equal(mac, "02:00:00:00:00:01");
    assert_int_equal(device_mac(".", "wlan0", &mac), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(test_order, enter_folder, leave_folder),
            cmocka_unit_test_setup_teardown(test_dmi_of_the_unit, enter_folder, leave_folder),
            cmocka_unit_test_setup_teardown(test_what_is_no_serial, enter_folder, leave_folder),
            cmocka_unit_test_setup_teardown(test_mac, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
