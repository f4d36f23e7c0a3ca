/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is drawn, module by module, against what libqrencode has chosen. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <qrencode.h>

#include "qr.h"
#include "util.h"

#define QUIET 4
#define SIDE_MAX 200

static char dark[SIDE_MAX][SIDE_MAX];

/* Paints what the path says; returns the side that the document says. */
static int paint(const char *svg)
{
    int side, height, x, y, width, back, taken;
    const char *at;

    assert_int_equal(sscanf(strstr(svg, "viewBox="), "viewBox=\"0 0 %d %d\"", &side, &height), 2);
    assert_int_equal(side, height);
    memset(dark, 0, sizeof(dark));
    at = strstr(svg, "<path d=\"") + strlen("<path d=\"");
    for (; *at == 'M'; at += taken) {
        assert_int_equal(sscanf(at, "M%d %dh%dv1h-%dz%n", &x, &y, &width, &back, &taken), 4);
        assert_int_equal(width, back);
        assert_true(x + width <= side && y < side);
        memset(&dark[y][x], 1, width);
    }
    assert_string_equal(at, "\"/></svg>\n");
    return side;
}

static void test_every_module(void **state)
{
    static const char text[] = "WIFI:T:WPA;S:a\\;b \xc3\xa9;P:k7mq-9ecb-2xwd;;";
    _cleanup_free_ char *svg = NULL;
    QRcode *code;
    int side;

    assert_int_equal(qr_svg(text, &svg), 0);
    assert_memory_equal(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 40);
    side = paint(svg);
    code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    assert_int_equal(side, code->width + 2 * QUIET);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            int row = y - QUIET, column = x - QUIET;
            bool inside = row >= 0 && row < code->width && column >= 0 && column < code->width;

            assert_int_equal(dark[y][x], inside ? code->data[row * code->width + column] & 1 : 0);
        }
    QRcode_free(code);
}

static void test_longest_of_a_hotspot(void **state)
{
    /* 32 and 63 bytes, each of them escaped. */
    char text[256] = "WIFI:T:WPA;S:";
    char *end = text + strlen(text);
    _cleanup_free_ char *svg = NULL;

    for (int i = 0; i < 95; i++) {
        *end++ = '\\';
        *end++ = ';';
    }
    assert_int_equal(qr_svg(text, &svg), 0);
    assert_true(paint(svg) < SIDE_MAX);
    /* It travels in one line of the protocol. */
    assert_true(strlen(svg) < 48 * 1024);
}

static void test_too_long(void **state)
{
    static char text[4096];
    char *svg = NULL;

    memset(text, 'x', sizeof(text) - 1);
    assert_int_equal(qr_svg(text, &svg), -EFBIG);
    assert_null(svg);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_every_module),
            cmocka_unit_test(test_longest_of_a_hotspot),
            cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
