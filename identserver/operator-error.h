/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the register answers an operator who asks for what can't be: the `code` of a refusal, and of
 * an error over IPC.
 */

#include "unbox/ipc.h"

#define OPERATOR_INVALID UNBOX_IPC_INVALID_PARAMS
#define OPERATOR_NOT_FOUND UNBOX_IPC_NOT_FOUND
#define OPERATOR_CONFLICT "CONFLICT"
