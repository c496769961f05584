/* SPDX-License-Identifier: MIT
 *
 * The parrot's datagrams: its sockets, and what it hears by them.
 */
#include "support/unit/parrot_internal.h"

#include "base/assert.h"
#include "transport/tcp.h"
#include "transport/udp.h"

#include <arpa/inet.h>
#include <check.h>
#include <string.h>

void
parrot_datagram(void *context, struct worker *worker, struct session *session, const struct datagram *received) REQUIRES(worker_role)
{
    char line[64];
    size_t length = received->length < sizeof line - 1 ? received->length : sizeof line - 2;

    (void)context;
    memcpy(line, received->bytes, length);
    line[length] = '\0';
    if (session != NULL) {
        ASSERT(session->state == SESSION_OPEN && session_is_datagram(session));
        parrot_obey(worker, (struct parrot_session *)session, line);
    } else if (strcmp(line, "open") == 0) {
        session = worker_open_datagram(worker, received);
        parrot_say_event(session == NULL ? "full" : "opened");
    } else if (strncmp(line, "answer ", 7) == 0) {
        line[length] = '\n';
        worker_answer(worker, received, line + 7, length - 6);
    } else {
        parrot_say_event(received->truncated ? "truncated" : "stranger");
    }
}

int
parrot_serve_datagrams(void)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    int sockets[PARROT_WORKERS_MAX];
    bool optional;

    ck_assert_int_eq(tcp_addresses_parse("127.0.0.1", addresses, &optional), 1);
    ck_assert_int_eq(workers_init(parrot.workers, parrot.count, &parrot.config), 0);
    parrot.initialised = true;
    for (uint32_t worker = 0; worker < parrot.count; worker++) {
        sockets[worker] = udp_open(&addresses[0], parrot.port, worker > 0);
        ck_assert_int_ge(sockets[worker], 0);
        ck_assert_int_eq(worker_add_socket(&parrot.workers[worker], sockets[worker]), 0);
    }
    for (uint32_t worker = 0; worker < parrot.count; worker++)
        udp_begin(sockets[worker]);
    return sockets[0];
}

int
parrot_correspond(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(parrot.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(peer, 0);
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
    return peer;
}
