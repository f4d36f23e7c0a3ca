/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a login is made of: random texts, buckets, the password, sessions, access tokens. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "access-tokens.h"
#include "buckets.h"
#include "hasher.h"
#include "password.h"
#include "secret.h"
#include "sessions.h"
#include "unbox/store.h"

#define SEC USEC_PER_SEC

static char folder[64];

static int set_up(void **state)
{
    return copy_text(folder, sizeof(folder), "/tmp/unbox-login-XXXXXX") && mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    return unbox_store_remove_tree(folder) == 1 ? 0 : -1;
}

static char *read_kept(const char *name)
{
    char path[128];
    struct stat st;
    char *text;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(unbox_store_read(path, 1 << 20, &text, NULL), 0);
    return text;
}

static void write_kept(const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(unbox_store_write(path, text, strlen(text), 0600, -1, -1), 0);
}

static void test_secrets(void **state)
{
    char a[SECRET_SIZE], b[SECRET_SIZE], text[SECRET_TEXT_MAX + 1];

    assert_int_equal(secret_new(a), 0);
    assert_int_equal(secret_new(b), 0);
    assert_int_equal(strspn(a, "0123456789abcdef"), 64);
    assert_string_not_equal(a, b);
    assert_int_equal(secret_digest("", "abc", a), 0);
    /* Of "\0abc", by sha256sum. */
    assert_string_equal(a, "609f6e36d2405585188d5cfd761f407c7cc46a7d3f314c88270469dde315fcd1");
    assert_int_equal(secret_digest("other", "abc", b), 0);
    memset(text, 'a', sizeof(text));
    text[SECRET_TEXT_MAX] = '\0';
    assert_int_equal(secret_digest(text, "", b), -EINVAL);
    text[SECRET_TEXT_MAX - 1] = '\0';
    assert_int_equal(secret_digest(text, text, b), 0);
    assert_int_equal(secret_digest("other", "abc", b), 0);
    assert_false(secret_equal(a, b));
    assert_true(secret_equal("abc", "abc"));
    assert_false(secret_equal("abc", "abd"));
    assert_false(secret_equal("abc", "ab"));
    assert_true(secret_equal("", ""));
}

static void test_bucket_empties_and_fills(void **state)
{
    _cleanup_(buckets_free_p) struct buckets *buckets = buckets_new(3, 10 * SEC);
    uint64_t now = 1000 * SEC;

    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(buckets_take(buckets, now, "10.42.0.7"), 0);
    assert_int_equal(buckets_take(buckets, now, "10.42.0.7"), 10);
    assert_int_equal(buckets_take(buckets, now + 9 * SEC + 1, "10.42.0.7"), 1);
    /* Who is refused does not wait longer for it. */
    assert_int_equal(buckets_take(buckets, now + 10 * SEC, "10.42.0.7"), 0);
    assert_int_equal(buckets_take(buckets, now + 10 * SEC, "10.42.0.7"), 10);
    /* Others are not concerned. */
    assert_int_equal(buckets_take(buckets, now + 10 * SEC, "10.42.0.8"), 0);
    /* It never holds more than it can. */
    now += 1000 * SEC;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(buckets_take(buckets, now, "10.42.0.7"), 0);
    assert_int_equal(buckets_take(buckets, now, "10.42.0.7"), 10);
    buckets_refill(buckets, "10.42.0.7");
    assert_int_equal(buckets_take(buckets, now, "10.42.0.7"), 0);
}

static void test_bucket_of_a_neighbour(void **state)
{
    _cleanup_(buckets_free_p) struct buckets *buckets = buckets_new(1, SEC);

    assert_int_equal(buckets_take(buckets, SEC, "2001:db8:1:2:aaaa::1"), 0);
    assert_int_equal(buckets_take(buckets, SEC, "2001:db8:1:2:bbbb::2"), 1);
    assert_int_equal(buckets_take(buckets, SEC, "2001:db8:1:3::1"), 0);
    assert_int_equal(buckets_take(buckets, SEC, "fe80::1%eth0"), 0);
    assert_int_equal(buckets_take(buckets, SEC, "fe80::1%wlan0"), 1);
    assert_int_equal(buckets_take(buckets, SEC, "fe80::2%eth0"), 0);
    assert_int_equal(buckets_take(buckets, SEC, "255.255.0.1"), 0);
    assert_int_equal(buckets_take(buckets, SEC, ""), 0);
    assert_int_equal(buckets_take(buckets, SEC, "no address"), 1);
}

static void test_buckets_are_bounded(void **state)
{
    _cleanup_(buckets_free_p) struct buckets *buckets = buckets_new(4, 10 * SEC);
    char address[32];

    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(buckets_take(buckets, SEC, "192.0.2.1"), 0);
    /* A crowd that asks once each does not make the one forgotten who asks all the time. */
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(address, sizeof(address), "10.0.%u.%u", i / 256, i % 256);
        assert_int_equal(buckets_take(buckets, SEC, address), 0);
    }
    assert_int_equal(buckets_take(buckets, SEC, "192.0.2.1"), 10);
}

struct told {
    unsigned count;
    int result;
    unsigned ticks; /* of the loop while it was computed */
    sd_event *event;
};

static void on_told(int result, void *userdata)
{
    struct told *told = userdata;

    told->count++;
    told->result = result;
}

static int wait_for(struct told *told, unsigned count)
{
    for (unsigned i = 0; i < 60000 && told->count < count; i++) {
        assert_true(sd_event_run(told->event, USEC_PER_MSEC) >= 0);
        told->ticks++;
    }
    assert_int_equal(told->count, count);
    return told->result;
}

static void test_password(void **state)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(password_free_p) struct password *password = NULL;
    _cleanup_free_ char *kept = NULL;
    struct told told = {};

    assert_int_equal(sd_event_new(&event), 0);
    told.event = event;
    assert_int_equal(password_new(event, folder, &password), 0);
    assert_false(password_is_set(password));
    assert_int_equal(password_check(password, "anything", on_told, &told), -ENOENT);
    assert_int_equal(password_set(password, "correct horse", true, on_told, &told), 0);
    assert_false(password_is_set(password));
    assert_int_equal(wait_for(&told, 1), 0);
    /* Nobody waited for it but who asked. */
    assert_true(told.ticks > 1);
    assert_true(password_is_set(password));
    kept = read_kept("password");
    assert_memory_equal(kept, "$y$", 3);
    assert_null(strstr(kept, "horse"));

    assert_int_equal(password_check(password, "correct horse", on_told, &told), 0);
    assert_int_equal(wait_for(&told, 2), 1);
    assert_int_equal(password_check(password, "correct horsf", on_told, &told), 0);
    assert_int_equal(wait_for(&told, 3), 0);
    assert_int_equal(password_check(password, "", on_told, &told), 0);
    assert_int_equal(wait_for(&told, 4), 0);
    assert_int_equal(password_set(password, "another one", true, on_told, &told), -EEXIST);
}

static void test_password_is_kept(void **state)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(password_free_p) struct password *password = NULL;
    struct told told = {};

    assert_int_equal(sd_event_new(&event), 0);
    told.event = event;
    assert_int_equal(password_new(event, folder, &password), 0);
    assert_int_equal(password_set(password, "correct horse", true, on_told, &told), 0);
    wait_for(&told, 1);
    password = password_free(password);
    assert_int_equal(password_new(event, folder, &password), 0);
    assert_true(password_is_set(password));
    assert_int_equal(password_check(password, "correct horse", on_told, &told), 0);
    assert_int_equal(wait_for(&told, 2), 1);
    password = password_free(password);
    /* A broken file is no open door. */
    write_kept("password", "not a hash\n");
    assert_int_equal(password_new(event, folder, &password), 0);
    assert_true(password_is_set(password));
    assert_int_equal(password_check(password, "not a hash", on_told, &told), 0);
    assert_int_equal(wait_for(&told, 3), 0);
    password = password_free(password);
    write_kept("password", "");
    assert_int_equal(password_new(event, folder, &password), 0);
    assert_true(password_is_set(password));
    assert_int_equal(password_check(password, "", on_told, &told), 0);
    assert_int_equal(wait_for(&told, 4), 0);
}

static void test_of_two_first_passwords_one_is_set(void **state)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(password_free_p) struct password *password = NULL;
    struct told first = {}, second = {};

    assert_int_equal(sd_event_new(&event), 0);
    first.event = second.event = event;
    assert_int_equal(password_new(event, folder, &password), 0);
    assert_int_equal(password_set(password, "the customer", true, on_told, &first), 0);
    assert_int_equal(password_set(password, "the intruder", true, on_told, &second), 0);
    assert_int_equal(wait_for(&first, 1), 0);
    assert_int_equal(wait_for(&second, 1), -EEXIST);
    assert_int_equal(password_check(password, "the customer", on_told, &first), 0);
    assert_int_equal(wait_for(&first, 2), 1);
}

static void test_hashing_is_bounded(void **state)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(password_free_p) struct password *password = NULL;
    struct told told = {};

    assert_int_equal(sd_event_new(&event), 0);
    assert_int_equal(password_new(event, folder, &password), 0);
    for (unsigned i = 0; i < HASHER_WAITING_MAX + 1; i++)
        assert_int_equal(password_set(password, "something", true, on_told, &told), 0);
    assert_int_equal(password_set(password, "something", true, on_told, &told), -EBUSY);
    /* Freed in the middle of it, all of them are told. */
    password = password_free(password);
    assert_int_equal(told.count, HASHER_WAITING_MAX + 1);
    assert_int_equal(told.result, -ECANCELED);
}

static void test_password_that_cannot_be_stored(void **state)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(password_free_p) struct password *password = NULL;
    struct told told = {};

    assert_int_equal(sd_event_new(&event), 0);
    told.event = event;
    assert_int_equal(password_new(event, "/nonexistent", &password), 0);
    assert_int_equal(password_set(password, "something", true, on_told, &told), 0);
    assert_int_equal(wait_for(&told, 1), -ENOENT);
    assert_false(password_is_set(password));
}

static void test_problems_of_passwords(void **state)
{
    char text[PASSWORD_MAX + 2];

    assert_non_null(password_problem(""));
    assert_non_null(password_problem("1234567"));
    assert_null(password_problem("12345678"));
    /* Seven characters of fourteen bytes. */
    assert_non_null(password_problem("\303\251\303\251\303\251\303\251\303\251\303\251\303\251"));
    memset(text, 'a', sizeof(text));
    text[PASSWORD_MAX + 1] = '\0';
    assert_non_null(password_problem(text));
    text[PASSWORD_MAX] = '\0';
    assert_null(password_problem(text));
}

static void test_sessions(void **state)
{
    _cleanup_(sessions_free_p) struct sessions *sessions = NULL;
    char token[SECRET_SIZE], other[SECRET_SIZE];
    _cleanup_free_ char *kept = NULL;
    struct session *session;

    assert_int_equal(sessions_new(folder, "boot", 0, &sessions), 0);
    assert_int_equal(sessions_open(sessions, SEC, SCOPES_ALL, "", token), 0);
    assert_int_equal(sessions_open(sessions, SEC, SCOPE_READ, "0123456789abcdef", other), 0);
    session = sessions_find(sessions, SEC, token);
    assert_non_null(session);
    assert_int_equal(session->scopes, SCOPES_ALL);
    assert_int_equal(sessions_find(sessions, SEC, other)->scopes, SCOPE_READ);
    assert_null(sessions_find(sessions, SEC, ""));
    assert_null(sessions_find(sessions, SEC, session->digest));
    kept = read_kept("sessions.json");
    assert_null(strstr(kept, token));

    assert_int_equal(sessions_close_of(sessions, "0123456789abcdef"), 0);
    assert_null(sessions_find(sessions, SEC, other));
    assert_int_equal(sessions_close(sessions, sessions_find(sessions, SEC, token)), 0);
    assert_null(sessions_find(sessions, SEC, token));
}

static void test_sessions_end_when_idle(void **state)
{
    _cleanup_(sessions_free_p) struct sessions *sessions = NULL;
    const uint64_t idle = SESSION_IDLE_SEC * SEC;
    char token[SECRET_SIZE];

    assert_int_equal(sessions_new(folder, "boot", 0, &sessions), 0);
    assert_int_equal(sessions_open(sessions, 0, SCOPES_ALL, "", token), 0);
    assert_int_equal(
            sessions_touch(sessions, idle - 1, sessions_find(sessions, idle - 1, token)), 0);
    assert_non_null(sessions_find(sessions, 2 * idle - 2, token));
    assert_null(sessions_find(sessions, 2 * idle - 1, token));
    /* It doesn't come back with an earlier time either. */
    assert_null(sessions_find(sessions, idle, token));
}

static void test_sessions_survive_a_restart(void **state)
{
    _cleanup_(sessions_free_p) struct sessions *sessions = NULL;
    const uint64_t idle = SESSION_IDLE_SEC * SEC;
    char token[SECRET_SIZE];

    assert_int_equal(sessions_new(folder, "boot", 0, &sessions), 0);
    assert_int_equal(sessions_open(sessions, 0, SCOPES_ALL, "", token), 0);
    assert_int_equal(
            sessions_touch(sessions, 100 * SEC, sessions_find(sessions, 100 * SEC, token)), 0);
    sessions = sessions_free(sessions);
    assert_int_equal(sessions_new(folder, "boot", 101 * SEC, &sessions), 0);
    assert_non_null(sessions_find(sessions, 99 * SEC + idle, token));
    sessions = sessions_free(sessions);
    assert_int_equal(sessions_new(folder, "boot", 100 * SEC + idle, &sessions), 0);
    assert_null(sessions_find(sessions, 100 * SEC + idle, token));
    sessions = sessions_free(sessions);
    assert_int_equal(sessions_new(folder, "another boot", 101 * SEC, &sessions), 0);
    assert_null(sessions_find(sessions, 101 * SEC, token));
}

static void test_broken_sessions_are_none(void **state)
{
    static const char *const texts[] = {
            "",
            "[",
            "[]",
            "{\"boot\":\"boot\"}",
            "{\"boot\":\"boot\",\"sessions\":5}",
            ("{\"boot\":\"boot\",\"sessions\":[5,{},{\"digest\":\"a\",\"access_token\":\"\","
             "\"scopes\":[\"owner\"],\"used\":0}]}"),
    };
    char token[SECRET_SIZE];

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_(sessions_free_p) struct sessions *sessions = NULL;

        write_kept("sessions.json", texts[i]);
        assert_int_equal(sessions_new(folder, "boot", 0, &sessions), 0);
        assert_null(sessions_find(sessions, 0, "a"));
        assert_int_equal(sessions_open(sessions, 0, SCOPES_ALL, "", token), 0);
        assert_non_null(sessions_find(sessions, 0, token));
    }
}

static void test_sessions_are_bounded(void **state)
{
    _cleanup_(sessions_free_p) struct sessions *sessions = NULL;
    char tokens[SESSIONS_MAX + 1][SECRET_SIZE];

    assert_int_equal(sessions_new(folder, "boot", 0, &sessions), 0);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        assert_int_equal(sessions_open(sessions, i, SCOPES_ALL, "", tokens[i]), 0);
    assert_int_equal(sessions_touch(sessions, SEC, sessions_find(sessions, SEC, tokens[0])), 0);
    assert_int_equal(sessions_open(sessions, SEC, SCOPES_ALL, "", tokens[SESSIONS_MAX]), 0);
    assert_non_null(sessions_find(sessions, SEC, tokens[0]));
    assert_null(sessions_find(sessions, SEC, tokens[1]));
    assert_non_null(sessions_find(sessions, SEC, tokens[SESSIONS_MAX]));
}

static void test_access_tokens(void **state)
{
    _cleanup_(access_tokens_free_p) struct access_tokens *tokens = NULL;
    _cleanup_free_ char *kept = NULL;
    const struct access_token *made;
    char text[SECRET_SIZE], second[SECRET_SIZE], id[ACCESS_TOKEN_ID_SIZE];

    assert_int_equal(access_tokens_new(folder, &tokens), 0);
    assert_int_equal(access_tokens_make(tokens, "backup", SCOPE_READ, 1700000000, text, &made), 0);
    memcpy(id, made->id, sizeof(id));
    assert_int_equal(access_tokens_make(
                             tokens, "other", SCOPE_READ | SCOPE_SYSTEM, 1700000000, second, &made),
            0);
    kept = read_kept("tokens.json");
    assert_null(strstr(kept, text));
    tokens = access_tokens_free(tokens);

    assert_int_equal(access_tokens_new(folder, &tokens), 0);
    assert_string_equal(access_tokens_find(tokens, text)->name, "backup");
    assert_int_equal(access_tokens_find(tokens, second)->scopes, SCOPE_READ | SCOPE_SYSTEM);
    assert_null(access_tokens_find(tokens, ""));
    assert_int_equal(access_tokens_revoke(tokens, "nobody"), -ENOENT);
    assert_int_equal(access_tokens_revoke(tokens, id), 0);
    assert_null(access_tokens_find(tokens, text));
    assert_non_null(access_tokens_find(tokens, second));
    tokens = access_tokens_free(tokens);
    assert_int_equal(access_tokens_new(folder, &tokens), 0);
    assert_null(access_tokens_find(tokens, text));
    for (size_t i = 1; i < ACCESS_TOKENS_MAX; i++)
        assert_int_equal(access_tokens_make(tokens, "n", SCOPE_READ, 0, text, &made), 0);
    assert_int_equal(access_tokens_make(tokens, "n", SCOPE_READ, 0, text, &made), -E2BIG);
    tokens = access_tokens_free(tokens);

    write_kept("tokens.json", "[{\"id\":\"0123456789abcdef\"}]");
    assert_int_equal(access_tokens_new(folder, &tokens), 1);
    assert_null(access_tokens_find(tokens, second));
}

static void test_revoking_that_cannot_be_stored(void **state)
{
    _cleanup_(access_tokens_free_p) struct access_tokens *tokens = NULL;
    const struct access_token *made;
    char text[SECRET_SIZE], id[ACCESS_TOKEN_ID_SIZE];

    assert_int_equal(access_tokens_new(folder, &tokens), 0);
    assert_int_equal(access_tokens_make(tokens, "a", SCOPE_READ, 0, text, &made), 0);
    memcpy(id, made->id, sizeof(id));
    assert_int_equal(unbox_store_remove_tree(folder), 1);
    assert_int_equal(access_tokens_revoke(tokens, id), -ENOENT);
    assert_non_null(access_tokens_find(tokens, text));
    assert_int_equal(access_tokens_make(tokens, "b", SCOPE_READ, 0, text, &made), -ENOENT);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(access_tokens_revoke(tokens, id), 0);
}

static void test_scopes(void **state)
{
    static const struct {
        const char *text;
        unsigned scopes;
    } cases[] = {
            {"[\"read\"]", SCOPE_READ},
            {"[\"network\"]", SCOPE_READ | SCOPE_NETWORK},
            {"[\"system\",\"read\"]", SCOPE_READ | SCOPE_SYSTEM},
            {"[\"owner\"]", SCOPE_READ | SCOPE_OWNER},
            {"[]", 0},
            {"{}", 0},
            {"[5]", 0},
            {"[\"root\"]", 0},
            {"[\"read\",\"Read\"]", 0},
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_json_ json_t *names = json_loads(cases[i].text, 0, NULL);
        unsigned scopes = 0;

        assert_int_equal(scopes_from_json(names, &scopes), cases[i].scopes ? 0 : -EINVAL);
        assert_int_equal(scopes, cases[i].scopes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_secrets),
            cmocka_unit_test(test_bucket_empties_and_fills),
            cmocka_unit_test(test_bucket_of_a_neighbour),
            cmocka_unit_test(test_buckets_are_bounded),
            cmocka_unit_test_setup_teardown(test_password, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_password_is_kept, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    test_of_two_first_passwords_one_is_set, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_hashing_is_bounded, set_up, tear_down),
            cmocka_unit_test(test_password_that_cannot_be_stored),
            cmocka_unit_test(test_problems_of_passwords),
            cmocka_unit_test_setup_teardown(test_sessions, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_sessions_end_when_idle, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_sessions_survive_a_restart, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_broken_sessions_are_none, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_sessions_are_bounded, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_access_tokens, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_revoking_that_cannot_be_stored, set_up, tear_down),
            cmocka_unit_test(test_scopes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
