/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What queues.c and queue-file.c share. */

#include "queues.h"

struct message {
    uint64_t id;
    json_t *body;
    size_t size;
    unsigned attempts;    /* since healthd was started */
    uint64_t given_until; /* CLOCK_BOOTTIME; 0: nobody has it */
};

struct queue {
    char *name;
    struct message messages[QUEUE_MESSAGES]; /* the oldest first */
    size_t count;
    size_t size;
    struct queue *next;
};

/* NULL: no memory. */
struct queue *queue_new(const char *name);
struct queue *queue_free(struct queue *queue);

/* Adds it; `body` is borrowed. -ENOSPC: full. */
int queue_add(struct queue *queue, uint64_t id, json_t *body, size_t size);
void queue_remove(struct queue *queue, size_t i);

/* The durable half: each before anybody is told. 0 or a negative errno. */
int queue_file_write(const char *path, const char *queue, uint64_t id, const char *text);
int queue_file_remove(const char *path, const char *queue, uint64_t id);

/* Fills *queue with what lies in its folder, which is removed where there is nothing. */
int queue_file_load(const char *path, struct queue *queue);
