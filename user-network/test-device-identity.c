/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is read of the identity, and that nothing is made up where it can't be. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "device-identity.h"
#include "unbox/store.h"
#include "util.h"

static void read_identity(const char *text, int expected, struct device_identity *ret)
{
    char path[] = "/tmp/identity-XXXXXX";
    _cleanup_close_ int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(unbox_store_write(path, text, strlen(text), 0600, -1, -1), 0);
    assert_int_equal(device_identity_read(path, ret), expected);
    assert_int_equal(unbox_store_remove(path), 1);
    assert_int_equal(device_identity_read(path, ret), -ENOENT);
    assert_string_equal(ret->serial, "");
}

static void test_identity(void **state)
{
    struct device_identity identity;

    read_identity("[]", -EBADMSG, &identity);
    read_identity("{\"serial\":\"S\"", -EBADMSG, &identity);
    read_identity("{\"serial\":7}", 0, &identity);
}

static void assert_read(const char *text, const char *country)
{
    char path[] = "/tmp/identity-XXXXXX";
    _cleanup_close_ int fd = mkstemp(path);
    struct device_identity identity;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(device_identity_read(path, &identity), 0);
    unlink(path);
    assert_string_equal(identity.serial, "SN-7");
    assert_string_equal(identity.uuid, "u");
    assert_string_equal(identity.country, country);
}

static void test_identity_is_read(void **state)
{
    assert_read("{\"serial\":\"SN-7\",\"uuid\":\"u\",\"country\":\"CA\"}", "CA");
    assert_read("{\"serial\":\"SN-7\",\"uuid\":\"u\",\"country\":\"UK\"}", "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_identity),
            cmocka_unit_test(test_identity_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
