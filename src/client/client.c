/* SPDX-License-Identifier: MIT
 *
 * libalo's handle: made, asked why it failed, closed. What the functions promise is at each in alo/client.h.
 */
#include "client/client_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_MS = 5000, OUTPUT_KEPT = 4096 };

static const size_t line_bytes_usual = 16 << 20;

uint64_t
link_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *
alo_result_text(enum alo_result result)
{
    switch (result) {
    case ALO_OK: return "done";
    case ALO_TIMEOUT: return "nothing came in time";
    case ALO_LOST: return "the connection has ended";
    case ALO_REFUSED: return "the server refused";
    case ALO_NOT_CONNECTED: return "not connected";
    case ALO_NOT_LOGGED_IN: return "not logged in";
    case ALO_BAD_ARGUMENT: return "wrong argument";
    case ALO_UNSUPPORTED: return "the classic dialect cannot do this";
    case ALO_TOO_LARGE: return "too large for a datagram";
    case ALO_NO_MEMORY: return "out of memory";
    case ALO_BAD_SERVER: return "the server does not speak this protocol";
    case ALO_BAD_ADDRESS: return "not an address";
    }
    return "unknown result";
}

void
connection_begin(struct alo_client *client)
{
    client->error_text[0] = '\0';
    client->error_code[0] = '\0';
}

enum alo_result
connection_fail(struct alo_client *client, enum alo_result result, const char *text)
{
    connection_begin(client);
    snprintf(client->error_text, sizeof client->error_text, "%s", text != NULL ? text : alo_result_text(result));
    return result;
}

enum alo_result
connection_fail_errno(struct alo_client *client, enum alo_result result, const char *what, int error)
{
    /* strerror_r in GNU's form: no state of the process is used. */
    char room[128];

    connection_begin(client);
    snprintf(client->error_text, sizeof client->error_text, "%s: %s", what, strerror_r(error, room, sizeof room));
    return result;
}

static void
close_socket(struct alo_client *client)
{
    if (client->socket >= 0)
        (void)close(client->socket);
    client->socket = -1;
    client->logged_in = false;
}

enum alo_result
connection_lose(struct alo_client *client, enum alo_result result)
{
    if (client->socket < 0)
        return result;
    close_socket(client);
    client->lost = true;
    memcpy(client->lost_text, client->error_text, sizeof client->lost_text);
    memcpy(client->lost_code, client->error_code, sizeof client->lost_code);
    return result;
}

void
connection_say_why_lost(struct alo_client *client)
{
    memcpy(client->error_text, client->lost_text, sizeof client->error_text);
    memcpy(client->error_code, client->lost_code, sizeof client->error_code);
}

enum alo_result
connection_end(struct alo_client *client)
{
    if (client->lost_text[0] == '\0')
        snprintf(client->lost_text, sizeof client->lost_text, "the server closed the connection");
    connection_say_why_lost(client);
    return connection_lose(client, ALO_LOST);
}

void
connection_forget(struct alo_client *client)
{
    close_socket(client);
    client->lost = client->at_end = client->heard = false;
    client->lost_text[0] = client->lost_code[0] = '\0';
    client->retry_after_ms = -1;
    free(client->input);
    client->input = NULL;
    client->start = client->scanned = client->length = client->capacity = 0;
    buffer_reset(&client->output, OUTPUT_KEPT);
    roster_clear(&client->followed);
    roster_clear(&client->asked);
    client->upkeep = (struct upkeep){0};
    client->padding = 0;
    client->address_count = client->address_now = 0;
    client->session_id[0] = '\0';
    client->has_status = false;
}

struct alo_client *
alo_new(const struct alo_options *options)
{
    struct alo_client *client = calloc(1, sizeof *client);
    struct hash_key key;

    if (client == NULL)
        return NULL;
    client->socket = -1;
    client->next_id = 1;
    client->retry_after_ms = -1;
    if (options != NULL)
        client->options = *options;
    if (client->options.connect_timeout_ms <= 0)
        client->options.connect_timeout_ms = TIMEOUT_MS;
    if (client->options.request_timeout_ms <= 0)
        client->options.request_timeout_ms = TIMEOUT_MS;
    if (client->options.max_line_bytes == 0)
        client->options.max_line_bytes = line_bytes_usual;
    client->options.token = NULL;
    if (options != NULL && options->token != NULL) {
        size_t bytes = strlen(options->token) + 1;

        client->token = malloc(bytes);
        if (client->token == NULL) {
            free(client);
            return NULL;
        }
        memcpy(client->token, options->token, bytes);
    }
    /* Without the kernel's randomness the key is a poor one, which only makes it easier for friends to slow this client down. */
    if (hash_key_generate(&key) != 0)
        key = (struct hash_key){{link_now_ms(), (uint64_t)(uintptr_t)client}};
    roster_init(&client->followed, key);
    roster_init(&client->asked, key);
    return client;
}

void
alo_close(struct alo_client *client)
{
    if (client == NULL)
        return;
    connection_forget(client);
    buffer_done(&client->output);
    free(client->token);
    free(client);
}

enum alo_result
alo_connect(struct alo_client *client, const char *address)
{
    if (client == NULL || address == NULL)
        return ALO_BAD_ARGUMENT;
    connection_begin(client);
    connection_forget(client);
    return address_connect(client, address);
}

const char *
alo_error_text(const struct alo_client *client)
{
    return client != NULL ? client->error_text : "out of memory";
}

const char *
alo_error_code(const struct alo_client *client)
{
    return client != NULL ? client->error_code : "";
}

const char *
alo_session_id(const struct alo_client *client)
{
    return client != NULL ? client->session_id : "";
}

int
alo_retry_after_ms(const struct alo_client *client)
{
    return client != NULL ? client->retry_after_ms : -1;
}

int
alo_fd(const struct alo_client *client)
{
    return client != NULL ? client->socket : -1;
}
