/* SPDX-License-Identifier: MIT
 *
 * Each connection is closed after its answer: then its time can be limited as a whole, and nobody holds one open for nothing.
 */
#include "service/admin_routes.h"

#include "service/exposition.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#define PLAIN "text/plain; charset=utf-8"
#define NO_PAGE "there is no such page; / lists those that there are\n"

struct route {
    const char *path;
    const char *about;
    void (*write)(const struct admin_config *config, struct admin_request *request);
};

static void
write_livez(const struct admin_config *config, struct admin_request *request)
{
    (void)config;
    buffer_append_text(&request->body, "ok\n");
}

static void
write_readyz(const struct admin_config *config, struct admin_request *request)
{
    if (config->calls->is_ready(config->context)) {
        buffer_append_text(&request->body, "ready\n");
        return;
    }
    request->status = MHD_HTTP_SERVICE_UNAVAILABLE;
    buffer_append_text(&request->body, "not ready\n");
}

static void
write_metrics(const struct admin_config *config, struct admin_request *request)
{
    request->type = EXPOSITION_CONTENT_TYPE;
    config->calls->write_metrics(config->context, &request->body);
}

static void write_index(const struct admin_config *config, struct admin_request *request);

static const struct route routes[] = {
    {"/", "this list", write_index},
    {"/livez", "200 while the process answers", write_livez},
    {"/readyz", "200 while it takes connections and serves them, else 503", write_readyz},
    {"/metrics", "all metrics, for Prometheus", write_metrics},
};

enum { ROUTES = sizeof routes / sizeof routes[0] };

/* What is below /api/, for the list only. */
static const char *const api_about[][2] = {
    {"/api/v1/sessions", "sessions; ?sort=age|newest|queue|rate &limit= &offset= &format=table"},
    {"/api/v1/sessions/NAME/close", "POST: ends one"},
    {"/api/v1/users/ID", "one user and its sessions"},
    {"/api/v1/users/ID/close", "POST: ends all its sessions"},
    {"/api/v1/drain", "POST: begins to let all sessions go, spread over --drain-time"},
    {"/api/v1/explain", "?watcher=ID&user=ID: what the one can have heard of the other, and why"},
};

static void
write_index(const struct admin_config *config, struct admin_request *request)
{
    for (int i = 0; i < ROUTES; i++)
        buffer_format(&request->body, "%-28s %s\n", routes[i].path, routes[i].about);
    for (size_t i = 0; config->calls->ask != NULL && i < sizeof api_about / sizeof api_about[0]; i++)
        buffer_format(&request->body, "%-28s %s\n", api_about[i][0], api_about[i][1]);
}

static enum admin_outcome
refuse(struct admin_request *request, unsigned status, const char *text)
{
    request->status = status;
    request->type = PLAIN;
    buffer_append_text(&request->body, text);
    return ADMIN_ANSWERED;
}

/* Compares in a time that depends on the length of what was brought, and on nothing of the token. */
static bool
token_equal(const char *token, const char *brought)
{
    size_t length = strlen(token), brought_length = strlen(brought);
    unsigned difference = length != brought_length;

    for (size_t i = 0; i < brought_length; i++)
        difference |= (unsigned char)(brought[i] ^ token[i % length]);
    return difference == 0;
}

bool
admin_brings_token(const struct admin_request *request, const char *token)
{
    static const char scheme[] = "Bearer ";
    const char *brought = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

    return brought != NULL && strncasecmp(brought, scheme, sizeof scheme - 1) == 0 && token_equal(token, brought + sizeof scheme - 1);
}

/* May the request do something? If not, it is answered. */
static bool
is_allowed(const struct admin_config *config, struct admin_request *request, bool brings_token)
{
    if (brings_token)
        return true;
    if (config->calls->refused != NULL)
        config->calls->refused(config->context, request);
    if (config->token == NULL) {
        (void)refuse(request, MHD_HTTP_FORBIDDEN, "nothing may be done here: the server was started without --admin-token-file\n");
        return false;
    }
    (void)refuse(request, MHD_HTTP_UNAUTHORIZED, "this needs the token of --admin-token-file, as Authorization: Bearer\n");
    return false;
}

static enum admin_outcome
route_api(const struct admin_config *config, struct admin_request *request, bool brings_token)
{
    enum admin_outcome outcome;

    if (request->is_post && !is_allowed(config, request, brings_token))
        return ADMIN_ANSWERED;
    outcome = config->calls->ask == NULL ? ADMIN_UNKNOWN : config->calls->ask(config->context, request);
    return outcome == ADMIN_UNKNOWN ? refuse(request, MHD_HTTP_NOT_FOUND, NO_PAGE) : outcome;
}

enum admin_outcome
admin_route(const struct admin_config *config, struct admin_request *request, const char *method, bool brings_token)
{
    bool is_get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

    request->status = MHD_HTTP_OK;
    request->type = PLAIN;
    request->is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    if (strncmp(request->path, "/api/", 5) == 0) {
        if (is_get || request->is_post)
            return route_api(config, request, brings_token);
        request->allow = "GET, HEAD, POST";
        return refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET, HEAD and POST are allowed here\n");
    }
    for (int i = 0; i < ROUTES; i++) {
        if (strcmp(request->path, routes[i].path) != 0)
            continue;
        if (!is_get) {
            request->allow = "GET, HEAD";
            return refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are allowed here\n");
        }
        routes[i].write(config, request);
        return ADMIN_ANSWERED;
    }
    return refuse(request, MHD_HTTP_NOT_FOUND, NO_PAGE);
}

/* What goes with an answer of this status. */
static bool
add_headers(struct MHD_Response *response, const struct admin_request *request)
{
    return MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, request->type) == MHD_YES &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES &&
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES &&
        (request->allow == NULL || MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow) == MHD_YES) &&
        (request->status != MHD_HTTP_UNAUTHORIZED || MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer") == MHD_YES);
}

bool
admin_send(struct admin_request *request)
{
    struct MHD_Response *response = NULL;
    bool queued = false;

    if (!request->body.failed)
        response = MHD_create_response_from_buffer(request->body.length, request->body.bytes, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        buffer_done(&request->body);
        return false;
    }
    request->body = (struct buffer){0};
    if (add_headers(response, request))
        queued = MHD_queue_response(request->connection, request->status, response) == MHD_YES;
    MHD_destroy_response(response); /* the connection has a reference of its own */
    return queued;
}

const char *
admin_argument(const struct admin_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}
