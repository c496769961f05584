/* SPDX-License-Identifier: MIT
 *
 * Questions of operators that workers do not answer, and those that are none.
 */
#include "server_api.h"

#include "support/unit.h"
#include "support/unit/stage.h"

#include <string.h>

enum { WORKERS = 2 };

static struct api api;

static void
open_stage(void)
{
    stage_open(WORKERS);
    ck_assert_int_eq(api_init(&api, stage.workers, WORKERS), 0);
}

static void
close_stage(void)
{
    stage_close();
    api_done(&api);
}

/* While the workers hang, only so much is kept for what nobody waits for any more; when they go on, there is room again. */
START_TEST(workers_that_hang_are_not_asked_without_end)
{
    struct admin_request requests[API_QUESTIONS_MAX] = {0}, refused = {.path = "/api/v1/sessions"};

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < API_QUESTIONS_MAX; i++) {
            requests[i].path = "/api/v1/sessions";
            ck_assert_int_eq(api_ask(&api, &requests[i]), ADMIN_LATER);
            api_give_up(&api, &requests[i]);
        }
        ck_assert_int_eq(api_ask(&api, &refused), ADMIN_ANSWERED);
        ck_assert_uint_eq(refused.status, 503);
        ck_assert_int_eq(memcmp(refused.body.bytes, "the workers have not answered", 29), 0);
        buffer_done(&refused.body);
        refused.body = (struct buffer){0};
        stage_settle();
        api_collect(&api);
        ck_assert_ptr_null(api.questions);
    }
}
END_TEST

START_TEST(what_is_no_id_is_said)
{
    static const char *const wrong[] = {"\xff", "\xc3", "\"\xed\xa0\x80\"", "a\xc0\x80", "9223372036854775808", "-9223372036854775809", "\"\""};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[64] = "/api/v1/users/";
        struct admin_request request = {.path = strcat(path, wrong[i])};

        ck_assert_msg(api_ask(&api, &request) == ADMIN_ANSWERED && request.status == 400, "%zu", i);
        buffer_done(&request.body);
        ck_assert_uint_eq(api.question_count, 0);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("server_api");
    TCase *tests = tcase_create("server_api");

    tcase_add_checked_fixture(tests, open_stage, close_stage);
    tcase_add_test(tests, workers_that_hang_are_not_asked_without_end);
    tcase_add_test(tests, what_is_no_id_is_said);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
