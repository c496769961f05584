/* SPDX-License-Identifier: MIT
 *
 * Input that no honest client sends, in quantities that no honest client sends: it ends the session that sent it and nothing else.
 * While it goes on, two friends hear each other exactly.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

/* Ten megabytes in which no message ever begins: refused at the first byte. */
START_TEST(ten_megabytes_without_a_brace)
{
    enum { BYTES = 10 << 20, PIECE = 1 << 20 };
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct client *client = client_connect(server);
    char *text = malloc(PIECE);

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', PIECE);
    for (size_t sent = 0; sent < BYTES; sent += PIECE)
        if (client_try_send(client, text, PIECE) < PIECE)
            break;
    pair_exchange(pair);
    client_expect_error(client, "bad_json");
    client_close(client);
    free(text);
    pair_close(pair);
    server_stop(server);
}
END_TEST

static Suite *
bad_input_suite(void)
{
    Suite *suite = suite_create("bad input");
    TCase *tests = tcase_create("bad input");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, ten_megabytes_without_a_brace);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(bad_input_suite());
}
