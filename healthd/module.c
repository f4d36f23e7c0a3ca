/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Modules lie beside the daemon, wherever that is. */

#include "module.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unbox/log.h"

/* The folder of the executable with a "/" at its end. */
static int find_own_folder(char ret[static PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", ret, PATH_MAX - 1);

    if (size < 0)
        return -errno;
    ret[size] = '\0';
    strrchr(ret, '/')[1] = '\0';
    return 0;
}

void *module_symbol(const char *name, const char *symbol)
{
    char folder[PATH_MAX], file[PATH_MAX + 64];
    void *module, *found;

    if (find_own_folder(folder) < 0)
        return NULL;
    snprintf(file, sizeof(file), "%s%s.so", folder, name);
    module = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    found = module ? dlsym(module, symbol) : NULL;
    if (!found)
        unbox_log(LOG_ERR, "can't load a module: %s", dlerror());
    return found;
}
