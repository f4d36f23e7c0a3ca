/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Labels of the bench's devices, as a page that any browser prints: one file, with nothing to load.
 */

#include "ctl.h"
#include "html.h"

/* As sheets of labels have them: 3 by 8 of 63.5 by 33.9 mm on A4, 2.5 mm between the columns. */
#define LABELS_PER_SHEET 24

static const char head[] =
        "<!DOCTYPE html>\n"
        "<html lang=\"en\">\n"
        "<meta charset=\"utf-8\">\n"
        "<title>Labels</title>\n"
        "<style>\n"
        "@page { size: A4; margin: 0 }\n"
        "body { margin: 0; font: 8pt/1.25 sans-serif }\n"
        "section { box-sizing: border-box; width: 210mm; height: 297mm; padding: 12.9mm 7.25mm;\n"
        "  display: grid; grid-template: repeat(8, 33.9mm) / repeat(3, 63.5mm); column-gap: "
        "2.5mm;\n"
        "  page-break-after: always }\n"
        "section:last-of-type { page-break-after: auto }\n"
        "article { display: flex; gap: 2mm; align-items: center; padding: 2mm; overflow: hidden }\n"
        "svg { flex: none; width: 26mm; height: 26mm }\n"
        "h1 { margin: 0; font-size: 9pt }\n"
        "p { margin: 0; overflow-wrap: anywhere }\n"
        "small { display: block; margin-top: 0.6mm; font-size: 6pt }\n"
        "</style>\n";

static void put_row(const char *name, const char *text)
{
    printf("<small>%s</small>", name);
    html_write(stdout, text);
}

static void put_label(const json_t *label)
{
    fputs("<article>", stdout);
    fputs(ctl_text(label, "svg"), stdout);
    fputs("<div><h1>", stdout);
    html_write(stdout, ctl_text(label, "hostname"));
    fputs("</h1><p>", stdout);
    put_row("Serial", ctl_text(label, "serial"));
    put_row("Wi-Fi", ctl_text(label, "ssid"));
    put_row("Password", ctl_text(label, "password"));
    fputs("</p></div></article>\n", stdout);
}

static int print_page(const json_t *labels)
{
    json_t *label;
    size_t i;

    fputs(head, stdout);
    json_array_foreach (labels, i, label) {
        if (i % LABELS_PER_SHEET == 0)
            fputs(i > 0 ? "</section>\n<section>\n" : "<section>\n", stdout);
        put_label(label);
    }
    fputs("</section>\n", stdout);
    return fflush(stdout) == 0 && !ferror(stdout) ? UNBOX_EXIT_OK : UNBOX_EXIT_FAILURE;
}

/* The bench gives them a sheet at a time; *ret_all is all of them. */
static int collect(const char *batch, const char *serial, json_t **ret_all)
{
    _cleanup_json_ json_t *all = json_array(), *answer = NULL;
    const char *after = NULL;
    int r;

    do {
        json_t *params =
                json_pack("{s:s*, s:s*, s:s*}", "batch", batch, "serial", serial, "after", after);

        json_decref(answer);
        answer = NULL;
        r = ctl_ask(CTL_BENCH, "labels", params, CTL_ASK_USEC, &answer);
        if (r != 0)
            return r;
        if (json_array_extend(all, json_object_get(answer, "labels")) < 0)
            return UNBOX_EXIT_FAILURE;
        after = ctl_text(answer, "next");
    } while (*after);
    *ret_all = STEAL(all);
    return 0;
}

static int show(const struct ctl *ctl, const char *batch, const char *serial)
{
    _cleanup_json_ json_t *labels = NULL;
    int r = collect(batch, serial, &labels);

    if (r != 0)
        return r;
    if (json_array_size(labels) == 0) {
        ctl_complain("%s: no device that has its identity", serial ?: batch ?: "the bench");
        return UNBOX_EXIT_FAILURE;
    }
    return ctl->json ? ctl_print_json(labels) : print_page(labels);
}

int ctl_factory_labels(const struct ctl *ctl)
{
    return show(ctl, ctl->words[0], NULL);
}

int ctl_factory_label(const struct ctl *ctl)
{
    return show(ctl, NULL, ctl->words[0]);
}
