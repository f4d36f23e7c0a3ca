/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gaps are filled, text stays text, and what nobody fills leaves nothing behind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "template.h"
#include "util.h"

static void assert_part(
        const char *page, unsigned part, const struct template_value *values, const char *expected)
{
    const struct asset asset = {.data = (const unsigned char *)page, .size = strlen(page)};
    _cleanup_free_ char *written = NULL;
    size_t size;
    FILE *stream = open_memstream(&written, &size);

    template_write(stream, &asset, part, values);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(written, expected);
}

static const struct template_value values[] = {
        {"name", "<b> & \"<!--code-->\""},
        {"code", .markup = "<svg/>"},
        {},
};

static void test_parts(void **state)
{
    static const char page[] = "head<!--cut-->label<!--cut--><!--cut-->tail";

    assert_part(page, 0, NULL, "head");
    assert_part(page, 1, NULL, "label");
    assert_part(page, 2, NULL, "");
    assert_part(page, 3, NULL, "tail");
    assert_part(page, 4, NULL, "");
    assert_part("", 0, values, "");
}

static void test_gaps(void **state)
{
    assert_part("<i><!--name--></i><!--code-->", 0, values,
            "<i>&lt;b&gt; &amp; &quot;&lt;!--code--&gt;&quot;</i><svg/>");
    assert_part("<!--code--><!--cut--><!--code-->.", 1, values, "<svg/>.");
    assert_part("a<!-- a remark -->b<!--nam-->c<!--names-->d", 0, values, "abcd");
    assert_part("a<!--name-->b", 0, NULL, "ab");
}

static void test_a_gap_without_an_end(void **state)
{
    assert_part("a<!--code", 0, values, "a<svg/>");
    assert_part("a<!--", 0, values, "a");
    assert_part("a<!-", 0, values, "a<!-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_parts),
            cmocka_unit_test(test_gaps),
            cmocka_unit_test(test_a_gap_without_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
