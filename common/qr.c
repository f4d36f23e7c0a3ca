/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libqrencode chooses the modules; here they become one path, each row's runs as rectangles. */

#include "qr.h"

#include <qrencode.h>
#include <stdio.h>

#include "util.h"

/* What has to stay empty on every side, in modules. */
#define QUIET 4

static void free_code(QRcode **code)
{
    QRcode_free(*code);
}

static void draw_row(const unsigned char *row, int width, int y, FILE *stream)
{
    for (int x = 0; x < width; x++) {
        int begin = x;

        /* The lowest bit is the colour; the others say what the module is for. */
        while (x < width && row[x] & 1)
            x++;
        if (x > begin)
            fprintf(stream, "M%d %dh%dv1h-%dz", begin + QUIET, y + QUIET, x - begin, x - begin);
    }
}

int qr_svg(const char *text, char **ret)
{
    _cleanup_(free_code) QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    _cleanup_free_ char *document = NULL;
    FILE *stream;
    size_t size;
    int side;

    if (!code)
        return errno == ERANGE ? -EFBIG : -ENOMEM;
    stream = open_memstream(&document, &size);
    if (!stream)
        return -ENOMEM;
    side = code->width + 2 * QUIET;
    fprintf(stream,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/><path d=\"",
            side, side, side, side, side);
    for (int y = 0; y < code->width; y++)
        draw_row(code->data + y * code->width, code->width, y, stream);
    fputs("\"/></svg>\n", stream);
    if (fclose(stream) != 0)
        return -ENOMEM;
    *ret = STEAL(document);
    return 0;
}
