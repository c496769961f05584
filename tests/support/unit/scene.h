/* SPDX-License-Identifier: MIT
 *
 * A client of libalo that is connected to a server which follows a script (fake_server.h), and what such a server says.
 */
#ifndef SUPPORT_UNIT_SCENE_H
#define SUPPORT_UNIT_SCENE_H

#include "alo/client.h"
#include "support/unit/fake_server.h"

#include <stdbool.h>
#include <stdint.h>

#define RESULT(result) "{\"jsonrpc\": \"2.0\", \"id\": $, \"result\": " result "}\n"
#define REFUSAL(word) "{\"jsonrpc\": \"2.0\", \"id\": $, \"error\": {\"code\": -32000, \"message\": \"no: " word "\", \"data\": \"" word "\"}}\n"
#define CHANGES(changes) "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"changes\": [" changes "]}}\n"
#define LOGIN_RESULT(online) RESULT("{\"session\": \"s1\", \"online\": [" online "], \"heartbeat\": 10}")
#define LOGIN(online)                                                \
    {                                                                \
        .hear = "\"method\": \"login\"", .say = LOGIN_RESULT(online) \
    }
#define END             \
    {                   \
        .act = FAKE_END \
    }

/* A client that is connected to a server with this script. */
struct scene {
    struct fake *fake;
    struct alo_client *client;
    struct alo_event event;
};

/* The friends of whoever logs in. */
extern const struct alo_user two_and_carol[2];

/* Over UDP where the options say so. Over TCP an answer is waited for as long as a test may wait, unless they say how long. */
struct scene scene_open(const struct fake_step *steps, struct alo_options options);
/* Over TCP, and user 1 has logged in. */
struct scene scene_login(const struct fake_step *steps);
void scene_close(struct scene *scene);

/* The next event is of this kind. */
void scene_next(struct scene *scene, enum alo_event_kind kind);
void scene_expect_presence(
    struct scene *scene, struct alo_user user, bool online, bool snapshot, int64_t at_ms, const char *status, enum alo_reason reason);
void scene_expect_nothing(struct scene *scene);
/* The connection is lost, for this reason. */
void scene_expect_lost(struct scene *scene, const char *code);

#endif
