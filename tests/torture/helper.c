/* SPDX-License-Identifier: MIT */
#include "torture/helper.h"

#include "support/pace.h"
#include "support/process.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_DESCRIPTOR = 3, LOOK_MS = 5, ADDRESSES = 250 };

void
helper_start(struct helper *helper, uint16_t port, uint64_t seed, void (*run)(struct helper *helper))
{
    pid_t parent = getpid();

    if (helper->books == NULL)
        helper->books = mmap(NULL, sizeof *helper->books, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(helper->books, MAP_FAILED);
    memset(helper->books, 0, sizeof *helper->books);
    helper->port = port;
    helper->seed = seed;
    helper->process = fork();
    ck_assert_int_ge(helper->process, 0);
    if (helper->process != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    if (helper->space > 0 && setns(helper->space, CLONE_NEWNET) != 0)
        _exit(EXIT_FAILURE);
    close_range(FIRST_DESCRIPTOR, ~0U, 0);
    run(helper);
    _exit(EXIT_SUCCESS);
}

void
helper_stop(struct helper *helper)
{
    int64_t deadline = pace_deadline_ms();
    int status;

    atomic_store_explicit(&helper->books->ends, true, memory_order_relaxed);
    while (waitpid(helper->process, &status, WNOHANG) == 0) {
        if (pace_left_ms(deadline) == 0)
            kill(helper->process, SIGKILL);
        poll(NULL, 0, LOOK_MS);
    }
    ck_assert_msg(helper->books->trouble[0] == '\0', "%s", helper->books->trouble);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS, "a process that does harm has ended with status %d", status);
}

int
helper_connect(const struct helper *helper, unsigned from)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(helper->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in source = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (1 << 16) + (from / ADDRESSES << 8) + from % ADDRESSES)};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(descriptor, (struct sockaddr *)&source, sizeof source) == 0 &&
        (connect(descriptor, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS))
        return descriptor;
    close(descriptor);
    return -1;
}
