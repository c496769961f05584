/* SPDX-License-Identifier: MIT */
#include "support/unit/rpc.h"

#include "support/unit/require.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1 << 18 };

static void
requote(char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '\'')
            *text = '"';
}

const char *
rpc_text(const char *method, const char *params, const char *id)
{
    static char text[TEXT_MAX];
    int length = snprintf(text, sizeof text, "{'jsonrpc': '2.0', 'method': '%s'%s%s%s%s%s}", method, params == NULL ? "" : ", 'params': {",
        params == NULL ? "" : params, params == NULL ? "" : "}", id == NULL ? "" : ", 'id': ", id == NULL ? "" : id);

    REQUIRE(length > 0 && length < TEXT_MAX, "too long a call");
    requote(text);
    return text;
}

void
rpc_call(struct actor *actor, const char *method, const char *params, const char *id)
{
    stage_receive(actor, rpc_text(method, params, id));
}

void
rpc_say(struct actor *actor, const char *text)
{
    static char quoted[TEXT_MAX];
    int length = snprintf(quoted, sizeof quoted, "%s", text);

    REQUIRE(length >= 0 && length < TEXT_MAX, "too long a text");
    requote(quoted);
    stage_receive(actor, quoted);
}

static struct actor *
log_in(struct actor *actor, const char *user, const char *friends, const char *snapshot)
{
    char params[4096], expected[4096];
    int length = snprintf(params, sizeof params, "'user_id': %s, 'friends': [%s], 'token': '%s'", user, friends,
        actor->sends_datagrams ? "so that the answer may be as long as three times all of this, whatever there is to tell" : "");

    REQUIRE(length < (int)sizeof params, "too many friends");
    rpc_call(actor, "login", params, "0");
    stage_settle();
    snprintf(expected, sizeof expected, "0:hi[%s]", snapshot);
    stage_expect(actor, expected);
    return actor;
}

struct actor *
rpc_login(uint32_t worker, const char *user, const char *friends, const char *snapshot)
{
    return log_in(stage_connect(worker), user, friends, snapshot);
}

struct actor *
rpc_login_datagram(uint32_t worker, const char *user, const char *friends, const char *snapshot)
{
    return log_in(stage_correspond(worker), user, friends, snapshot);
}

void
rpc_expect_said(struct actor *actor, const char *text, const char *answer)
{
    rpc_say(actor, text);
    stage_settle();
    stage_expect(actor, answer);
}

void
rpc_expect(struct actor *actor, const char *method, const char *params, const char *answer)
{
    rpc_call(actor, method, params, "1");
    stage_settle();
    stage_expect(actor, answer);
}

int
rpc_ask_until_blocked(struct actor *actor)
{
    int asked = 0;

    stage_shrink(actor);
    while (!actor->session->blocked) {
        REQUIRE(asked < 100000, "its socket takes everything");
        rpc_call(actor, "ping", NULL, "1");
        stage_settle();
        asked++;
    }
    return asked;
}

int
rpc_count(const char *heard, const char *word)
{
    int count = 0;

    for (const char *at = heard; (at = strstr(at, word)) != NULL; at += strlen(word))
        count++;
    return count;
}
