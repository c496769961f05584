/* SPDX-License-Identifier: MIT
 *
 * What a server may send to libalo: any bytes, as lines, in both dialects and as the answer to a login. The first byte chooses.
 */
#include "client/client_internal.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
follow(struct alo_client *client)
{
    static const struct alo_user users[] = {{NULL, 1}, {NULL, 2}, {NULL, -3}, {"a", 0}, {"2", 0}};
    bool added;

    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        if (roster_add(&client->followed, users[i], &added) == NULL)
            abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct alo_options options = {.udp = size > 0 && (data[0] & 1), .classic = size > 0 && (data[0] & 2)};
    const char *line = (const char *)data + 1, *end = (const char *)data + size;
    struct alo_client *client;

    if (size == 0 || (client = alo_new(&options)) == NULL)
        return 0;
    follow(client);
    while (line < end) {
        const char *next = line;
        struct message message;
        struct alo_event event;

        while (next < end && *next != '\n')
            next++;
        if (message_read(client, line, (size_t)(next - line), &message) == ALO_OK && message.kind == MESSAGE_ANSWER)
            (void)message_login(client, message.result);
        while (client->followed.due_first != NULL)
            if (alo_next_event(client, &event, 0) != ALO_OK || event.kind != ALO_EVENT_PRESENCE)
                abort();
        line = next < end ? next + 1 : end;
    }
    alo_close(client);
    return 0;
}
