/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the kernel's messages say of a neighbour, and what others' and broken ones don't. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "neighbour.h"

/* The loopback interface is there in every network namespace, and is the first. */
#define IFINDEX 1

struct message {
    struct nlmsghdr header;
    struct ndmsg about;
    struct rtattr attribute;
    struct in_addr address;
};

static struct neighbour gateway;

static int setup(void **state)
{
    return neighbour_parse("lo", "192.0.2.1", &gateway);
}

static struct message told(unsigned state)
{
    return (struct message){
            .header = {.nlmsg_type = RTM_NEWNEIGH, .nlmsg_len = sizeof(struct message)},
            .about = {.ndm_family = AF_INET, .ndm_ifindex = IFINDEX, .ndm_state = state},
            .attribute = {.rta_type = NDA_DST, .rta_len = RTA_LENGTH(sizeof(struct in_addr))},
            .address = gateway.address.in,
    };
}

static bool says_so(struct message message)
{
    return neighbour_answered(&gateway, &message, sizeof(message));
}

static void test_states(void **state)
{
    assert_true(says_so(told(NUD_REACHABLE)));
    assert_true(says_so(told(NUD_STALE)));
    assert_true(says_so(told(NUD_DELAY)));
    assert_true(says_so(told(NUD_PERMANENT)));
    assert_true(says_so(told(NUD_NOARP)));
    assert_false(says_so(told(NUD_NONE)));
    assert_false(says_so(told(NUD_INCOMPLETE)));
    assert_false(says_so(told(NUD_FAILED)));
    assert_false(says_so(told(NUD_PROBE)));
}

static void test_others(void **state)
{
    struct message message = told(NUD_REACHABLE);

    message.about.ndm_ifindex = IFINDEX + 1;
    assert_false(says_so(message));
    message = told(NUD_REACHABLE);
    message.about.ndm_family = AF_INET6;
    assert_false(says_so(message));
    message = told(NUD_REACHABLE);
    message.address.s_addr = inet_addr("192.0.2.2");
    assert_false(says_so(message));
    message = told(NUD_REACHABLE);
    message.attribute.rta_type = NDA_LLADDR;
    assert_false(says_so(message));
    message = told(NUD_REACHABLE);
    message.header.nlmsg_type = RTM_DELNEIGH;
    assert_false(says_so(message));
    message.header.nlmsg_type = NLMSG_ERROR;
    assert_false(says_so(message));
}

/* Cut short anywhere, it says nothing, and nothing behind its end is read: ASan looks. */
static void test_cut_short(void **state)
{
    struct message message = told(NUD_REACHABLE);

    for (size_t size = 0; size < sizeof(message); size++) {
        _cleanup_free_ char *cut = malloc(size ?: 1);

        assert_non_null(cut);
        memcpy(cut, &message, size);
        assert_false(neighbour_answered(&gateway, cut, size));
        if (size < sizeof(message.header))
            continue;
        /* The message says itself that it is that short. */
        ((struct nlmsghdr *)cut)->nlmsg_len = size;
        assert_false(neighbour_answered(&gateway, cut, size));
    }
}

/* An attribute, or a message, that says it were empty or longer than all of it. */
static void test_wrong_lengths(void **state)
{
    static const unsigned short lengths[] = {0, 1, 3, 5, 7, 9, 0xffff};
    struct message message;

    for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
        message = told(NUD_REACHABLE);
        message.attribute.rta_len = lengths[i];
        assert_false(says_so(message));
        message = told(NUD_REACHABLE);
        message.header.nlmsg_len = lengths[i];
        assert_false(says_so(message));
    }
    message.header.nlmsg_len = UINT32_MAX;
    assert_false(says_so(message));
}

static void test_several(void **state)
{
    struct message messages[] = {told(NUD_FAILED), told(NUD_REACHABLE)};

    assert_true(neighbour_answered(&gateway, messages, sizeof(messages)));
    messages[1].about.ndm_state = NUD_FAILED;
    assert_false(neighbour_answered(&gateway, messages, sizeof(messages)));
}

static void test_version_6(void **state)
{
    struct {
        struct nlmsghdr header;
        struct ndmsg about;
        struct rtattr attribute;
        struct in6_addr address;
    } message = {
            .header = {.nlmsg_type = RTM_NEWNEIGH, .nlmsg_len = sizeof(message)},
            .about = {.ndm_family = AF_INET6, .ndm_ifindex = IFINDEX, .ndm_state = NUD_STALE},
            .attribute = {.rta_type = NDA_DST, .rta_len = RTA_LENGTH(sizeof(struct in6_addr))},
    };
    struct neighbour router;

    assert_int_equal(neighbour_parse("lo", "fe80::1", &router), 0);
    message.address = router.address.in6;
    assert_true(neighbour_answered(&router, &message, sizeof(message)));
    message.address.s6_addr[15] = 2;
    assert_false(neighbour_answered(&router, &message, sizeof(message)));
}

static void test_parse(void **state)
{
    struct neighbour neighbour = {.ifindex = 7};

    assert_int_equal(neighbour_parse("lo", "", &neighbour), -EINVAL);
    assert_int_equal(neighbour_parse("lo", "192.0.2", &neighbour), -EINVAL);
    assert_int_equal(neighbour_parse("lo", "fe80::1%lo", &neighbour), -EINVAL);
    assert_int_equal(neighbour_parse("no-such-one", "192.0.2.1", &neighbour), -ENODEV);
    assert_int_equal(neighbour.ifindex, 7);
}

/* The real kernel takes the question, and says that it knows nobody there. */
static void test_kernel(void **state)
{
    _cleanup_close_ int fd = neighbour_listen();
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
    } answer;
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    assert_true(fd >= 0);
    assert_int_equal(neighbour_query(fd, &gateway), 0);
    do {
        assert_int_equal(poll(&wait, 1, 5000), 1);
        assert_true(recv(fd, &answer, sizeof(answer), 0) >= (ssize_t)sizeof(answer.header));
    } while (answer.header.nlmsg_type != NLMSG_ERROR);
    assert_int_equal(answer.error.error, -ENOENT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_states),
            cmocka_unit_test(test_others),
            cmocka_unit_test(test_cut_short),
            cmocka_unit_test(test_wrong_lengths),
            cmocka_unit_test(test_several),
            cmocka_unit_test(test_version_6),
            cmocka_unit_test(test_parse),
            cmocka_unit_test(test_kernel),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
