/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names, labels and types of what the tab shows; the actions are methods of ipc.c. */

#include "tab.h"

#include "list.h"
#include "register.h"
#include "util.h"

/* As much as somebody looks at. */
#define ROWS 25
#define HOURS 12

#define NAME "{\"title\":\"Batch\",\"type\":\"string\",\"maxLength\":64}"
#define SERIAL "{\"title\":\"Serial\",\"type\":\"string\",\"maxLength\":64}"
#define QUOTA "{\"title\":\"How many devices\",\"type\":\"integer\",\"minimum\":1}"
#define ALL_BATCHES "{\"title\":\"Batch; empty: all\",\"type\":\"string\",\"maxLength\":64}"
#define LISTED "{\"title\":\"Only serials on its list\",\"type\":\"boolean\"}"

/* clang-format off */
static const char status[] =
        "[{\"name\":\"active\",\"label\":\"Devices enrolled\",\"type\":\"number\"},"
        "{\"name\":\"pending\",\"label\":\"Not acknowledged yet\",\"type\":\"number\"},"
        "{\"name\":\"places\",\"label\":\"Places left\",\"type\":\"number\"},"
        "{\"name\":\"hours\",\"label\":\"Devices an hour\",\"type\":\"chart\"},"
        "{\"name\":\"batches\",\"label\":\"Batches\",\"type\":\"table\",\"columns\":["
        "  {\"name\":\"name\",\"label\":\"Batch\",\"type\":\"text\"},"
        "  {\"name\":\"open\",\"label\":\"Open\",\"type\":\"boolean\"},"
        "  {\"name\":\"done\",\"label\":\"Done\",\"type\":\"number\"},"
        "  {\"name\":\"used\",\"label\":\"Places used\",\"type\":\"number\"},"
        "  {\"name\":\"quota\",\"label\":\"Places\",\"type\":\"number\"},"
        "  {\"name\":\"pool\",\"label\":\"Hostnames\",\"type\":\"text\"},"
        "  {\"name\":\"listed\",\"label\":\"By its list alone\",\"type\":\"boolean\"},"
        "  {\"name\":\"name\",\"label\":\"Labels\",\"type\":\"document\",\"document\":\"labels\","
        "  \"parameter\":\"batch\",\"text\":\"Show\"},"
        "  {\"name\":\"name\",\"label\":\"List\",\"type\":\"document\",\"document\":\"export_csv\","
        "  \"parameter\":\"batch\",\"text\":\"Save\"}]},"
        "{\"name\":\"failures\",\"label\":\"Refused last\",\"type\":\"table\",\"columns\":["
        "  {\"name\":\"at\",\"label\":\"When\",\"type\":\"time\"},"
        "  {\"name\":\"serial\",\"label\":\"Serial\",\"type\":\"text\"},"
        "  {\"name\":\"reason\",\"label\":\"Why\",\"type\":\"text\"}]},"
        "{\"name\":\"devices\",\"label\":\"Devices seen last\",\"type\":\"table\",\"columns\":["
        "  {\"name\":\"serial\",\"label\":\"Serial\",\"type\":\"text\"},"
        "  {\"name\":\"hostname\",\"label\":\"Hostname\",\"type\":\"text\"},"
        "  {\"name\":\"batch\",\"label\":\"Batch\",\"type\":\"text\"},"
        "  {\"name\":\"state\",\"label\":\"State\",\"type\":\"text\"},"
        "  {\"name\":\"first_seen_at\",\"label\":\"Since\",\"type\":\"time\"},"
        "  {\"name\":\"serial\",\"label\":\"Label\",\"type\":\"document\",\"document\":\"labels\","
        "  \"parameter\":\"serial\",\"text\":\"Show\"}]}]";

static const char actions[] =
        "[{\"method\":\"make_token\",\"label\":\"Make a re-assign token\",\"result\":["
        "  {\"name\":\"token\",\"label\":\"Token\",\"type\":\"text\"},"
        "  {\"name\":\"good_for\",\"label\":\"Good for\",\"type\":\"seconds\"}],\"parameters\":{"
        "  \"type\":\"object\",\"required\":[\"serial\"],\"properties\":{\"serial\":" SERIAL ","
        "  \"reason\":{\"title\":\"Reason\",\"type\":\"string\",\"maxLength\":200}}}},"
        "{\"method\":\"add_batch\",\"label\":\"Open a batch\",\"parameters\":{"
        "  \"type\":\"object\",\"required\":[\"name\",\"quota\",\"pool\"],\"properties\":{"
        "  \"name\":" NAME ",\"quota\":" QUOTA ","
        "  \"pool\":{\"title\":\"Pool of hostnames\",\"type\":\"string\",\"maxLength\":64},"
        "  \"pattern\":{\"title\":\"Pattern of a new pool, as KXP2-CORO-###\",\"type\":\"string\"},"
        "  \"listed\":" LISTED ","
        "  \"country\":{\"title\":\"Country, as CA\",\"type\":\"string\",\"maxLength\":2},"
        "  \"cloud_endpoint\":{\"title\":\"Cloud endpoint\",\"type\":\"string\"}}}},"
        "{\"method\":\"set_batch\",\"label\":\"Open or close a batch\",\"parameters\":{"
        "  \"type\":\"object\",\"required\":[\"name\",\"open\"],\"properties\":{\"name\":" NAME ","
        "  \"open\":{\"title\":\"Open\",\"type\":\"boolean\"}}}},"
        "{\"method\":\"set_batch\",\"label\":\"Change a batch\",\"parameters\":{"
        "  \"type\":\"object\",\"required\":[\"name\",\"quota\"],\"properties\":{"
        "  \"name\":" NAME ",\"quota\":" QUOTA "}}},"
        "{\"method\":\"allow_serials\",\"label\":\"Add to a batch's list\",\"result\":["
        "  {\"name\":\"serials\",\"label\":\"How many serials\",\"type\":\"number\"}],\"parameters\":{"
        "  \"type\":\"object\",\"required\":[\"batch\",\"csv\"],\"properties\":{"
        "  \"batch\":" NAME ",\"csv\":{\"title\":\"A serial, or the first and last of a range\","
        "  \"type\":\"string\"}}}},"
        "{\"method\":\"retire_hostname\",\"label\":\"Retire a hostname\",\"confirm\":"
        "  \"Revoke the certificates of its device for good?\",\"parameters\":{"
        "  \"type\":\"object\",\"required\":[\"hostname\"],\"properties\":{"
        "  \"hostname\":{\"title\":\"Hostname\",\"type\":\"string\",\"maxLength\":63}}}}]";

static const char documents[] =
        "[{\"method\":\"labels\",\"label\":\"Labels to print\",\"type\":\"labels\",\"parameters\":{"
        "  \"type\":\"object\",\"properties\":{\"batch\":" ALL_BATCHES ",\"serial\":{"
        "  \"title\":\"Serials, with commas between; empty: all\",\"type\":\"string\"}}}},"
        "{\"method\":\"export_csv\",\"label\":\"Devices as a spreadsheet (CSV)\",\"type\":\"csv\","
        "  \"file\":\"devices\",\"parameters\":{\"type\":\"object\",\"properties\":{"
        "  \"batch\":" ALL_BATCHES "}}}]";
/* clang-format on */

json_t *tab_new(void)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "title", "Factory", "method", TAB_METHOD,
            "status", json_loads(status, 0, NULL), "actions", json_loads(actions, 0, NULL),
            "documents", json_loads(documents, 0, NULL));
}

/* The database has numbers where the page knows yes and no, and moments as text. */
static json_t *decided(json_int_t number)
{
    return json_boolean(number != 0);
}

static json_t *moment(json_int_t seconds)
{
    time_t time = seconds;
    char text[32];
    struct tm tm;

    if (!gmtime_r(&time, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return NULL;
    return json_string(text);
}

static int convert(json_t *rows, const char *name, json_t *(*as)(json_int_t))
{
    json_t *row;
    size_t i;

    json_array_foreach (rows, i, row) {
        json_int_t number = json_integer_value(json_object_get(row, name));

        if (json_object_set_new(row, name, as(number)) < 0)
            return -ENOMEM;
    }
    return 0;
}

int tab_values(struct database *database, time_t now, json_t **ret)
{
    _cleanup_json_ json_t *batches = NULL, *failures = NULL, *devices = NULL, *hours = NULL;
    struct register_summary summary;
    int r;

    r = register_summary(database, &summary);
    if (r >= 0)
        r = list_batches(database, &batches);
    if (r >= 0)
        r = convert(batches, "open", decided);
    if (r >= 0)
        r = convert(batches, "listed", decided);
    if (r >= 0)
        r = list_failures(database, 0, ROWS, &failures);
    if (r >= 0)
        r = convert(failures, "at", moment);
    if (r >= 0)
        r = list_latest(database, ROWS, now, &devices);
    if (r >= 0)
        r = convert(devices, "first_seen_at", moment);
    if (r >= 0)
        r = list_hours(database, HOURS, now, &hours);
    if (r < 0)
        return r;
    *ret = json_pack("{s:I, s:I, s:I, s:O, s:O, s:O, s:O}", "active", (json_int_t)summary.active,
            "pending", (json_int_t)summary.pending, "places", (json_int_t)summary.places, "hours",
            hours, "batches", batches, "failures", failures, "devices", devices);
    return *ret ? 0 : -ENOMEM;
}
