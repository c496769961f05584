/* SPDX-License-Identifier: MIT */
#include "server_api.h"

#include "server_api_text.h"

#include "base/handle.h"
#include "base/log.h"
#include "base/sync.h"
#include "base/utf8.h"
#include "service/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200, STATUS_BAD = 400, STATUS_METHOD = 405, STATUS_CONFLICT = 409, STATUS_NOT_FOUND = 404, STATUS_BUSY = 503 };

struct api_question {
    struct api_question *next;
    struct inquiry *inquiry;
    struct admin_request *request; /* NULL: it was given up */
    uint32_t offset, limit;
    bool as_table;
};

int
api_init(struct api *api, struct worker *workers, uint32_t worker_count)
{
    api->workers = workers;
    api->worker_count = worker_count;
    atomic_init(&api->stopping, false);
    RACE_IGNORE(&api->stopping, sizeof api->stopping); /* helgrind: a flag by itself; no other memory is published through it */
    pressure_init(&api->pressure);
    return mailbox_init(&api->answers, &api->pressure);
}

static void
question_free(struct api_question *question)
{
    inquiry_free(question->inquiry);
    free(question);
}

void
api_done(struct api *api)
{
    (void)mailbox_take(&api->answers);
    mailbox_done(&api->answers);
    while (api->questions != NULL) {
        struct api_question *next = api->questions->next;

        question_free(api->questions);
        api->questions = next;
    }
}

static enum admin_outcome
refuse(struct admin_request *request, unsigned status, const char *text)
{
    request->status = status;
    buffer_append_text(&request->body, text);
    return ADMIN_ANSWERED;
}

/* A number from 0 to `most`, or the default where there is none. False: it is something else. */
static bool
number_argument(const struct admin_request *request, const char *name, uint32_t most, uint32_t *number)
{
    const char *text = admin_argument(request, name);
    char *end;
    unsigned long value;

    if (text == NULL)
        return true;
    if (text[0] < '0' || text[0] > '9' || strlen(text) > 9)
        return false;
    value = strtoul(text, &end, 10);
    if (*end != '\0' || value > most)
        return false;
    *number = (uint32_t)value;
    return true;
}

static bool
is_utf8(const char *text, size_t length)
{
    const char *end = text + length;
    uint32_t point;
    size_t bytes;

    for (; text < end; text += bytes) {
        bytes = utf8_read(text, end, &point);
        if (bytes == 0)
            return false;
    }
    return true;
}

/* An id as it stands in JSON: an integer, or a string in quotes; a word without quotes that is no integer is a string, too. Returns 0, -EINVAL or -ENOMEM. */
static int
user_read(const char *text, struct user_id *user)
{
    size_t length = strlen(text);
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (((text[0] >= '0' && text[0] <= '9') || text[0] == '-') && *end == '\0') {
        *user = (struct user_id){.number = number};
        return errno == 0 ? 0 : -EINVAL;
    }
    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        text++;
        length -= 2;
    }
    if (length == 0 || length > USER_NAME_MAX || !is_utf8(text, length))
        return -EINVAL;
    *user = (struct user_id){.name = text_new(text, length)};
    return user->name == NULL ? -ENOMEM : 0;
}

/* Adds a user to the inquiry. False: the request is answered. */
static bool
add_user(struct inquiry *inquiry, const char *text, struct admin_request *request)
{
    int error = text == NULL ? -EINVAL : user_read(text, &inquiry->users[inquiry->user_count]);

    if (error == 0)
        inquiry->user_count++;
    else if (error == -EINVAL)
        (void)refuse(request, STATUS_BAD, "a user's id is an integer of 64 bits, or a string of 1 to 128 bytes of UTF-8\n");
    else
        (void)refuse(request, STATUS_BUSY, "out of memory\n");
    return error == 0;
}

/* What stands in path between these two, in text; NULL when the path is another, or what stands there does not fit. A name may have a slash. */
static const char *
path_middle(const char *path, const char *begin, const char *end, char *text, size_t size)
{
    size_t length = strlen(path), begin_length = strlen(begin), end_length = strlen(end);
    size_t middle = length >= begin_length + end_length ? length - begin_length - end_length : 0;

    if (middle == 0 || middle >= size || strncmp(path, begin, begin_length) != 0 || strcmp(path + length - end_length, end) != 0)
        return NULL;
    memcpy(text, path + begin_length, middle);
    text[middle] = '\0';
    return text;
}

/* Makes a question of this kind; NULL: the request is answered. */
static struct api_question *
question_new(struct api *api, struct admin_request *request, enum inquiry_kind kind, uint32_t wanted)
{
    const char *format = admin_argument(request, "format");
    struct api_question *question;

    if (api->question_count == API_QUESTIONS_MAX) {
        (void)refuse(request, STATUS_BUSY, "the workers have not answered earlier questions yet\n");
        return NULL;
    }
    question = calloc(1, sizeof *question);
    if (question != NULL)
        question->inquiry = inquiry_new(kind, api->worker_count, wanted);
    if (question == NULL || question->inquiry == NULL) {
        free(question);
        (void)refuse(request, STATUS_BUSY, "out of memory\n");
        return NULL;
    }
    question->as_table = format != NULL && strcmp(format, "table") == 0;
    question->inquiry->answers = &api->answers;
    question->request = request;
    return question;
}

static enum admin_outcome
ask(struct api *api, struct api_question *question, struct admin_request *request)
{
    request->question = question;
    if (!question->as_table)
        request->type = "application/json";
    question->next = api->questions;
    api->questions = question;
    api->question_count++;
    inquiry_ask(question->inquiry, api->workers);
    return ADMIN_LATER;
}

static enum admin_outcome
ask_for_sessions(struct api *api, struct admin_request *request)
{
    static const struct {
        const char *word;
        enum inquiry_order order;
    } orders[] = {{"age", ORDER_AGE}, {"newest", ORDER_NEWEST}, {"queue", ORDER_QUEUE}, {"rate", ORDER_RATE}};
    const char *sort = admin_argument(request, "sort");
    struct api_question *question;
    uint32_t limit = LIMIT_DEFAULT, offset = 0;
    size_t which = 0;

    while (sort != NULL && which < sizeof orders / sizeof orders[0] && strcmp(sort, orders[which].word) != 0)
        which++;
    if (which == sizeof orders / sizeof orders[0])
        return refuse(request, STATUS_BAD, "sort is age, newest, queue or rate\n");
    if (!number_argument(request, "limit", LIMIT_MAX, &limit) || !number_argument(request, "offset", INQUIRY_WANTED_MAX - LIMIT_MAX, &offset))
        return refuse(request, STATUS_BAD, "limit is a number from 0 to 200, offset one from 0 to 800\n");
    question = question_new(api, request, INQUIRY_SESSIONS, limit + offset);
    if (question == NULL)
        return ADMIN_ANSWERED;
    question->inquiry->order = orders[which].order;
    question->offset = offset;
    question->limit = limit;
    return ask(api, question, request);
}

/* About the users of these texts, one or two. */
static enum admin_outcome
ask_for_users(struct api *api, struct admin_request *request, enum inquiry_kind kind, const char *const *texts, uint32_t count)
{
    struct api_question *question = question_new(api, request, kind, kind == INQUIRY_USERS ? count * GRAPH_FACTS_SESSIONS : 0);

    if (question == NULL)
        return ADMIN_ANSWERED;
    for (uint32_t i = 0; i < count; i++) {
        if (!add_user(question->inquiry, texts[i], request)) {
            question_free(question);
            return ADMIN_ANSWERED;
        }
    }
    if (kind == INQUIRY_CLOSE_USER)
        log_event(LEVEL_INFO, "operator_closes", LOG_FIELD_TEXT("user", texts[0]), LOG_FIELD_TEXT("peer", request->peer));
    return ask(api, question, request);
}

/* A session's name is as session_name() writes it. */
static enum admin_outcome
close_session(struct api *api, struct admin_request *request, const char *name)
{
    struct api_question *question;
    unsigned long worker, generation = 0;
    char *end;

    worker = strtoul(name, &end, 10);
    if (*end == '-')
        generation = strtoul(end + 1, &end, 16);
    if (*end != '\0' || generation == 0 || generation > UINT32_MAX || worker >= HANDLE_WORKERS_MAX)
        return refuse(request, STATUS_BAD, "a session's name is like 0-1a\n");
    question = question_new(api, request, INQUIRY_CLOSE_SESSION, 0);
    if (question == NULL)
        return ADMIN_ANSWERED;
    log_event(LEVEL_INFO, "operator_closes", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("peer", request->peer));
    question->inquiry->worker = (uint32_t)worker;
    question->inquiry->generation = (uint32_t)generation;
    return ask(api, question, request);
}

/* The main thread does it, as if it had got the signal. */
static enum admin_outcome
drain(struct api *api, struct admin_request *request)
{
    if (atomic_load_explicit(&api->stopping, memory_order_relaxed))
        return refuse(request, STATUS_CONFLICT, "the server is stopping, and has said so to every session; there is nothing to drain any more\n");
    log_event(LEVEL_INFO, "operator_drains", LOG_FIELD_TEXT("peer", request->peer));
    signals_ask_drain();
    request->type = "application/json";
    buffer_append_text(&request->body, "{\"draining\":true}\n");
    return ADMIN_ANSWERED;
}

/* The methods that a path has. */
static enum admin_outcome
refuse_method(struct admin_request *request, const char *allow)
{
    request->allow = allow;
    return refuse(request, STATUS_METHOD, request->is_post ? "this can only be asked with GET\n" : "this is done with POST\n");
}

enum admin_outcome
api_ask(struct api *api, struct admin_request *request)
{
    char text[USER_NAME_MAX + 3];
    const char *middle;

    if (strcmp(request->path, "/api/v1/sessions") == 0)
        return request->is_post ? refuse_method(request, "GET, HEAD") : ask_for_sessions(api, request);
    if (strcmp(request->path, "/api/v1/explain") == 0) {
        const char *const texts[] = {admin_argument(request, "watcher"), admin_argument(request, "user")};

        return request->is_post ? refuse_method(request, "GET, HEAD") : ask_for_users(api, request, INQUIRY_USERS, texts, 2);
    }
    if (strcmp(request->path, "/api/v1/drain") == 0)
        return request->is_post ? drain(api, request) : refuse_method(request, "POST");
    middle = path_middle(request->path, "/api/v1/sessions/", "/close", text, sizeof text);
    if (middle != NULL)
        return request->is_post ? close_session(api, request, middle) : refuse_method(request, "POST");
    middle = path_middle(request->path, "/api/v1/users/", "/close", text, sizeof text);
    if (middle != NULL)
        return request->is_post ? ask_for_users(api, request, INQUIRY_CLOSE_USER, &middle, 1) : refuse_method(request, "POST");
    middle = path_middle(request->path, "/api/v1/users/", "", text, sizeof text);
    if (middle != NULL)
        return request->is_post ? refuse_method(request, "GET, HEAD") : ask_for_users(api, request, INQUIRY_USERS, &middle, 1);
    return ADMIN_UNKNOWN;
}

/* All workers have answered. */
static void
answer(struct api_question *question)
{
    const struct inquiry *inquiry = question->inquiry;
    struct admin_request *request = question->request;

    if (inquiry->kind == INQUIRY_SESSIONS)
        api_write_sessions(&request->body, inquiry, question->offset, question->limit, question->as_table);
    else if (inquiry->kind == INQUIRY_USERS && inquiry->user_count == 2)
        api_write_explanation(&request->body, inquiry, question->as_table);
    else if (inquiry->kind == INQUIRY_USERS)
        api_write_user(&request->body, inquiry, question->as_table);
    else
        api_write_closed(&request->body, inquiry, question->as_table);
    admin_answered(request);
}

static void
question_done(struct api *api, const struct inquiry *inquiry)
{
    struct api_question **link = &api->questions;
    struct api_question *question;

    while ((*link)->inquiry != inquiry)
        link = &(*link)->next;
    question = *link;
    *link = question->next;
    api->question_count--;
    if (question->request != NULL)
        answer(question);
    question_free(question);
}

void
api_collect(struct api *api)
{
    struct mail *mail;

    mailbox_slept(&api->answers);
    mail = mailbox_take(&api->answers);
    while (mail != NULL) {
        struct mail *next = mail->next; /* before the inquiry may be freed */
        struct inquiry *inquiry = inquiry_part_of(mail)->inquiry;

        if (++inquiry->returned == inquiry->part_count)
            question_done(api, inquiry);
        mail = next;
    }
}

void
api_give_up(struct api *api, struct admin_request *request)
{
    struct api_question *question = request->question;

    (void)api;
    question->request = NULL;
    request->type = "text/plain; charset=utf-8";
}
