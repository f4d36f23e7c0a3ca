/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a technician may have left in the file, and what is taken for a token. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "token.h"
#include "unbox/store.h"
#include "util.h"

#define LETTERS_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int enter_folder(void **state)
{
    char *folder = strdup("/tmp/unbox-test-token-XXXXXX");

    *state = folder;
    return !mkdtemp(folder) || chdir(folder) < 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
    int r = chdir("/") < 0 ? -errno : unbox_store_remove_tree(*state);

    free(*state);
    return r < 0 ? -1 : 0;
}

static void put(const char *text)
{
    assert_int_equal(unbox_store_write(TOKEN_FILE, text, strlen(text), 0644, -1, -1), 0);
}

static void test_tokens(void **state)
{
    static const struct {
        const char *text, *token, *reason;
    } rows[] = {
            {"abc\n", "abc", "wanted on the device"},
            {"abc", "abc", "wanted on the device"},
            {"\n  abc flash replaced \r\n", "abc", "flash replaced"},
            {LETTERS_64 "\n", LETTERS_64, "wanted on the device"},
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        struct token token;

        put(rows[i].text);
        assert_true(token_waits("."));
        assert_int_equal(token_read(".", &token), 0);
        assert_string_equal(token.text, rows[i].token);
        assert_string_equal(token.reason, rows[i].reason);
        token_done(&token);
    }
}

static void test_what_is_no_token(void **state)
{
    static const struct {
        const char *text;
        int error;
    } rows[] = {
            {"", -ENODATA},
            {" \n\n", -ENODATA},
            {LETTERS_64 "0\n", -EBADMSG},
            {"abc\ndef\n", -EBADMSG},
            {"abc caf\xc3\xa9\n", -EBADMSG},
            {"abc\x1b[2J\n", -EBADMSG},
    };
    char longer[2048];
    struct token token;

    assert_int_equal(token_read(".", &token), -ENOENT);
    assert_false(token_waits("."));
    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        put(rows[i].text);
        assert_int_equal(token_read(".", &token), rows[i].error);
    }
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    put(longer);
    assert_int_equal(token_read(".", &token), -EBADMSG);
}

static void test_it_goes(void **state)
{
    put("abc\n");
    assert_int_equal(token_remove("."), 0);
    assert_false(token_waits("."));
    assert_int_equal(token_remove("."), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_tokens),
            TEST(test_what_is_no_token),
            TEST(test_it_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
