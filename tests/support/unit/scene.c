/* SPDX-License-Identifier: MIT */
#include "support/unit/scene.h"

#include "support/pace.h"

#include <check.h>
#include <stdio.h>

const struct alo_user two_and_carol[2] = {{NULL, 2}, {"carol", 0}};

struct scene
scene_open(const struct fake_step *steps, struct alo_options options)
{
    struct scene scene = {.fake = fake_start(options.udp, steps)};
    char address[32];

    if (!options.udp && options.request_timeout_ms == 0)
        options.request_timeout_ms = pace_left_ms(pace_deadline_ms());
    scene.client = alo_new(&options);
    ck_assert_ptr_nonnull(scene.client);
    snprintf(address, sizeof address, "127.0.0.1:%d", fake_port(scene.fake));
    ck_assert_msg(alo_connect(scene.client, address) == ALO_OK, "%s", alo_error_text(scene.client));
    return scene;
}

struct scene
scene_login(const struct fake_step *steps)
{
    struct scene scene = scene_open(steps, (struct alo_options){0});

    ck_assert_msg(alo_login(scene.client, alo_user_number(1), two_and_carol, 2, NULL) == ALO_OK, "%s", alo_error_text(scene.client));
    return scene;
}

void
scene_close(struct scene *scene)
{
    fake_stop(scene->fake);
    alo_close(scene->client);
}

void
scene_next(struct scene *scene, enum alo_event_kind kind)
{
    enum alo_result result = alo_next_event(scene->client, &scene->event, pace_left_ms(pace_deadline_ms()));

    ck_assert_msg(result == ALO_OK, "%s: %s", alo_result_text(result), alo_error_text(scene->client));
    ck_assert_int_eq(scene->event.kind, kind);
}

void
scene_expect_presence(
    struct scene *scene, struct alo_user user, bool online, bool snapshot, int64_t at_ms, const char *status, enum alo_reason reason)
{
    scene_next(scene, ALO_EVENT_PRESENCE);
    ck_assert_pstr_eq(scene->event.user.name, user.name);
    ck_assert_int_eq(scene->event.user.number, user.number);
    ck_assert_int_eq(scene->event.online, online);
    ck_assert_int_eq(scene->event.snapshot, snapshot);
    ck_assert_int_eq(scene->event.at_ms, at_ms);
    ck_assert_pstr_eq(scene->event.status, status);
    ck_assert_int_eq(scene->event.reason, reason);
}

void
scene_expect_nothing(struct scene *scene)
{
    ck_assert_int_eq(alo_next_event(scene->client, &scene->event, 0), ALO_TIMEOUT);
    ck_assert_str_eq(alo_error_text(scene->client), alo_result_text(ALO_TIMEOUT));
}

void
scene_expect_lost(struct scene *scene, const char *code)
{
    scene_next(scene, ALO_EVENT_LOST);
    ck_assert_str_eq(alo_error_code(scene->client), code);
    ck_assert_str_ne(alo_error_text(scene->client), "");
    ck_assert_int_eq(alo_next_event(scene->client, &scene->event, -1), ALO_NOT_CONNECTED);
    ck_assert_int_eq(alo_fd(scene->client), -1);
    ck_assert_int_eq(alo_timeout_ms(scene->client), -1);
}
