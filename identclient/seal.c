/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * plain    encrypt, keep the result, decrypt it again, compare, put the link in the key's place
 * sealed   decrypt, put the key into memory; or back into its place, if it is to be plain
 *
 * systemd-creds' host key is bound to the machine-id, and systemd 252 deletes it when asked to
 * decrypt under another one: with it goes every credential of this device, not only ours. So the
 * sealed file says under which machine-id it was made, and is not tried under another. A TPM keeps
 * nothing of ours and loses nothing: whichever is there may be tried.
 */

#include "seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>

#include "child.h"
#include "credentials.h"
#include "ending.h"
#include "identity.h"
#include "session.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/run.h"
#include "unbox/store.h"

#define SYSTEMD_CREDS "/usr/bin/systemd-creds"
#define TPM "class/tpmrm/tpmrm0"
#define CHILD_TIMEOUT_USEC (20 * USEC_PER_SEC)
#define FILE_SIZE_MAX (64 * 1024)
#define SEALED CREDENTIALS_KEY ".sealed"

/* What the machine-id is hashed with before it is written down. */
#define APPLICATION SD_ID128_MAKE(4e, 27, 91, 5b, 0c, 6d, 4c, 9e, a8, 13, 70, f2, 5d, b6, 1e, 48)

struct seal {
    struct unbox_run *run;
    struct child *child;
    const char *with; /* "none", "host", "tpm2" */
    const char *sysfs;
    char *key_path; /* of the current generation */
    char *sealed_path;
    char *memory_path; /* where the key is in memory */
    char *credential;  /* files that systemd-creds reads and writes, in memory */
    char *opened;
    char *plain; /* the key as it was before it was sealed; NULL: it is sealed */
    bool by_tpm; /* what made the sealed file, whatever is configured now */
    uid_t owner;
    mode_t mode;
};

static void seal_done(struct seal *seal)
{
    child_free(seal->child);
    unbox_run_free(seal->run);
    if (seal->credential)
        (void)unlink(seal->credential);
    if (seal->opened)
        (void)unlink(seal->opened);
    free(seal->key_path);
    free(seal->sealed_path);
    free(seal->memory_path);
    free(seal->credential);
    free(seal->opened);
    crypto_secret_free(seal->plain);
}

__attribute__((format(printf, 3, 4))) static void stop(
        struct seal *seal, int code, const char *format, ...)
{
    char text[320];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (code == UNBOX_EXIT_REFUSED)
        unbox_log_event(LOG_ERR, UNBOX_MESSAGE_IDENTITY_DAMAGED, UNBOX_FIELDS("UNBOX_REASON", text),
                "The key can't be used: %s", text);
    unbox_run_exit(seal->run, ending(code, "%s", text));
}

static int machine(char ret[static SD_ID128_STRING_MAX])
{
    sd_id128_t id;
    int r;

    r = sd_id128_get_machine_app_specific(APPLICATION, &id);
    if (r >= 0)
        (void)sd_id128_to_string(id, ret);
    return r < 0 ? r : 0;
}

/* The key is where its readers look for it; nothing is left of another one. */
static void settle(struct seal *seal)
{
    const char *plain = NULL;
    int r;

    if (strcmp(seal->with, "none") == 0) {
        plain = "the key is no longer encrypted at rest";
        r = unbox_store_remove(seal->sealed_path);
        (void)unlink(seal->memory_path);
    } else {
        r = unbox_store_link(seal->key_path, seal->memory_path);
    }
    if (r < 0)
        stop(seal, UNBOX_EXIT_FAILURE, "can't put the key in its place: %s", strerror(-r));
    else
        stop(seal, UNBOX_EXIT_OK, "%s", plain ?: "the key is encrypted at rest, and at hand");
}

/* Why it failed: what the TPM's library has to say of it comes before that. */
static const char *complaint(const char *output)
{
    const char *last = strrchr(output, '\n');

    last = last ? last + 1 : output;
    return *last ? last : "systemd-creds failed";
}

static void not_opened(struct seal *seal, const char *why)
{
    if (seal->by_tpm)
        stop(seal, UNBOX_EXIT_REFUSED,
                "the key can't be decrypted by this TPM (%.120s): if it was replaced or cleared, "
                "put the old one back, or ask the bench operator for a re-assignment token",
                why);
    else
        stop(seal, UNBOX_EXIT_REFUSED,
                "the key can't be decrypted (%.120s): ask the bench operator for a re-assignment "
                "token",
                why);
}

static void on_opened(int status, char *output, void *userdata)
{
    struct seal *seal = userdata;
    _cleanup_(crypto_secret_free_p) char *key = NULL;
    const char *where = strcmp(seal->with, "none") == 0 ? seal->key_path : seal->memory_path;
    int r;

    seal->child = NULL;
    if (status != 0) {
        not_opened(seal, complaint(output));
        return;
    }
    r = unbox_store_read(seal->opened, FILE_SIZE_MAX, &key, NULL);
    if (r >= 0 && seal->plain && strcmp(key, seal->plain) != 0)
        r = -EIO;
    if (r >= 0)
        r = unbox_store_write(where, key, strlen(key), seal->mode, seal->owner, -1);
    if (r < 0)
        stop(seal, UNBOX_EXIT_FAILURE, "can't keep the decrypted key: %s", strerror(-r));
    else
        settle(seal);
}

static int run_creds(struct seal *seal, const char *const *argv, child_done done)
{
    return child_start(
            unbox_run_event(seal->run), argv, CHILD_TIMEOUT_USEC, done, seal, &seal->child);
}

static void open_credential(struct seal *seal)
{
    const char *const argv[] = {SYSTEMD_CREDS, "decrypt", "--name=" CREDENTIALS_KEY,
            seal->credential, seal->opened, NULL};
    int r = run_creds(seal, argv, on_opened);

    if (r < 0)
        stop(seal, UNBOX_EXIT_FAILURE, "can't run " SYSTEMD_CREDS ": %s", strerror(-r));
}

static int keep_sealed(struct seal *seal)
{
    _cleanup_free_ char *credential = NULL, *text = NULL;
    _cleanup_json_ json_t *sealed = NULL;
    char id[SD_ID128_STRING_MAX];
    int r;

    r = machine(id);
    if (r >= 0)
        r = unbox_store_read(seal->credential, FILE_SIZE_MAX, &credential, NULL);
    if (r < 0)
        return r;
    sealed = json_pack(
            "{s:s, s:s, s:s}", "machine", id, "with", seal->with, "credential", credential);
    text = sealed ? json_dumps(sealed, JSON_INDENT(2)) : NULL;
    return text ? unbox_store_write(seal->sealed_path, text, strlen(text), 0600, -1, -1) : -ENOMEM;
}

static void on_sealed(int status, char *output, void *userdata)
{
    struct seal *seal = userdata;
    int r;

    seal->child = NULL;
    if (status != 0) {
        stop(seal, UNBOX_EXIT_CONFIG,
                "enrolment.key_encryption: can't encrypt with %s, the key stays plain (%.160s)",
                seal->with, complaint(output));
        return;
    }
    r = unbox_store_remove(seal->opened);
    if (r >= 0)
        r = keep_sealed(seal);
    if (r < 0)
        stop(seal, UNBOX_EXIT_FAILURE, "can't keep the encrypted key: %s", strerror(-r));
    else
        open_credential(seal);
}

static int make_sealed(struct seal *seal)
{
    char with[32];
    const char *const argv[] = {SYSTEMD_CREDS, "encrypt", with, "--name=" CREDENTIALS_KEY,
            seal->opened, seal->credential, NULL};

    seal->by_tpm = strcmp(seal->with, "tpm2") == 0;
    (void)snprintf(with, sizeof(with), "--with-key=%s", seal->with);
    return run_creds(seal, argv, on_sealed);
}

static int join(char **ret, const char *folder, const char *name)
{
    if (asprintf(ret, "%s/%s", folder, name) >= 0)
        return 0;
    *ret = NULL;
    return -ENOMEM;
}

static bool has_tpm(const char *sysfs)
{
    _cleanup_free_ char *path = NULL;

    return join(&path, sysfs, TPM) >= 0 && access(path, F_OK) == 0;
}

/* -ESTALE: made under another machine-id; -ENODEV: by a TPM, and there is none. */
static int read_sealed(struct seal *seal)
{
    const char *made_under, *with, *credential;
    _cleanup_json_ json_t *sealed = NULL;
    _cleanup_free_ char *text = NULL;
    char id[SD_ID128_STRING_MAX];
    int r;

    r = machine(id);
    if (r >= 0)
        r = unbox_store_read(seal->sealed_path, FILE_SIZE_MAX, &text, NULL);
    if (r < 0)
        return r;
    sealed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json_unpack(sealed, "{s:s, s:s, s:s}", "machine", &made_under, "with", &with, "credential",
                &credential) < 0)
        return -EBADMSG;
    if (strcmp(with, "host") == 0 && strcmp(made_under, id) != 0)
        return -ESTALE;
    seal->by_tpm = strcmp(with, "tpm2") == 0;
    if (seal->by_tpm && !has_tpm(seal->sysfs))
        return -ENODEV;
    return unbox_store_write(seal->credential, credential, strlen(credential), 0600, -1, -1);
}

static void begin_opening(struct seal *seal)
{
    int r = read_sealed(seal);

    if (r == -ESTALE)
        stop(seal, UNBOX_EXIT_REFUSED,
                "the key was encrypted under another machine-id: restore /etc/machine-id, or ask "
                "the "
                "bench operator for a re-assignment token");
    else if (r == -ENODEV)
        /* Its driver may be late. */
        stop(seal, UNBOX_EXIT_FAILURE,
                "the key was encrypted by a TPM, and the device has none: look at the board, or "
                "ask the bench operator for a re-assignment token");
    else if (r == -ENOENT || r == -EBADMSG)
        stop(seal, UNBOX_EXIT_REFUSED,
                "the encrypted key is damaged: ask the bench operator for a re-assignment token");
    else if (r < 0)
        stop(seal, UNBOX_EXIT_FAILURE, "can't read the encrypted key: %s", strerror(-r));
    else
        open_credential(seal);
}

/*
 * The folder is not root's, but this process may read what it likes: it takes no link, and nothing
 * but a key.
 */
static int read_plain(struct seal *seal)
{
    _cleanup_close_ int fd = open(seal->key_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_SIZE_MAX)
        return -EBADMSG;
    seal->plain = calloc(1, st.st_size + 1);
    if (!seal->plain)
        return -ENOMEM;
    if (read(fd, seal->plain, st.st_size) != st.st_size)
        return -EIO;
    return crypto_key_from_pem(seal->plain, &key);
}

static void begin_sealing(struct seal *seal)
{
    int r;

    r = read_plain(seal);
    if (r >= 0)
        r = unbox_store_write(seal->opened, seal->plain, strlen(seal->plain), 0600, -1, -1);
    if (r >= 0)
        r = make_sealed(seal);
    if (r < 0)
        stop(seal, UNBOX_EXIT_FAILURE, "can't encrypt the key: %s", strerror(-r));
}

static void close_dir_p(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

/* Keys of other generations, and what a process that was cut short has left. */
static void forget_others(const char *memory, const char *wanted)
{
    _cleanup_(close_dir_p) DIR *dir = opendir(memory);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (entry->d_type == DT_REG && strcmp(entry->d_name, wanted) != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
}

/* -ENOENT: there is no generation. */
static int find_key(struct seal *seal, const char *directory, const char *memory)
{
    _cleanup_free_ char *current = NULL;
    char generation[NAME_MAX - sizeof(".key")], name[NAME_MAX];
    struct stat st;
    ssize_t size;
    int r;

    r = join(&current, directory, "current");
    if (r < 0)
        return r;
    size = readlink(current, generation, sizeof(generation) - 1);
    if (size < 0 || stat(current, &st) < 0)
        return -errno;
    generation[size] = '\0';
    seal->owner = st.st_uid;
    (void)snprintf(name, sizeof(name), "%s.key", generation);
    forget_others(memory, name);
    r = join(&seal->key_path, current, CREDENTIALS_KEY);
    r = r ?: join(&seal->sealed_path, current, SEALED);
    r = r ?: join(&seal->memory_path, memory, name);
    r = r ?: join(&seal->credential, memory, "credential");
    return r ?: join(&seal->opened, memory, "opened");
}

static int begin(struct seal *seal)
{
    struct stat st;

    if (lstat(seal->key_path, &st) < 0)
        return ending(UNBOX_EXIT_REFUSED,
                "there is no key (%s): ask the bench operator for a re-assignment token",
                strerror(errno));
    if (S_ISREG(st.st_mode) && strcmp(seal->with, "none") == 0)
        return ending(UNBOX_EXIT_OK, "the key is not encrypted at rest");
    if (S_ISLNK(st.st_mode) && strcmp(seal->with, "none") != 0 &&
            access(seal->memory_path, R_OK) == 0)
        return ending(UNBOX_EXIT_OK, "the key is encrypted at rest, and at hand");
    if (S_ISLNK(st.st_mode))
        begin_opening(seal);
    else
        begin_sealing(seal);
    return unbox_run_loop(seal->run);
}

int seal_identity(const char *directory, const char *sysfs, const char *memory,
        const struct unbox_config *config)
{
    _cleanup_(seal_done) struct seal seal = {
            .with = unbox_config_string(config, "enrolment.key_encryption"),
            .sysfs = sysfs,
            .mode = session_key_mode(config),
    };
    _cleanup_close_ int lock = -1;
    sigset_t signals;
    int r;

    /* The loop hears of the end of its children. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    r = identity_lock(directory, &lock);
    if (r == -EWOULDBLOCK)
        return ending(UNBOX_EXIT_FAILURE, "an enrolment is under way on this device");
    if (r >= 0)
        r = find_key(&seal, directory, memory);
    if (r == -ENOENT || (r >= 0 && !identity_provisioned(directory)))
        return ending(UNBOX_EXIT_OK, "there is no identity yet");
    if (r >= 0)
        r = unbox_run_new(NULL, NULL, &seal.run);
    if (r < 0)
        return ending(UNBOX_EXIT_FAILURE, "can't use %s: %s", directory, strerror(-r));
    r = begin(&seal);
    return r < 0 ? ending(UNBOX_EXIT_FAILURE, "can't run: %s", strerror(-r)) : r;
}
