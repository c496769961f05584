/* SPDX-License-Identifier: MIT
 *
 * What a server is told, looked at before anything is opened: each mistake is one sentence that says where it stands and what is allowed.
 */
#include "server_internal.h"

#include "service/options_value.h"
#include "transport/local.h"
#include "transport/tcp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int
server_fail(char problem[SERVER_PROBLEM], int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, SERVER_PROBLEM, format, arguments);
    va_end(arguments);
    return error;
}

static int
bind_check(const struct options *options, const char *const *bind, char problem[SERVER_PROBLEM])
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    char behind[OPTION_SOURCE_TEXT];
    bool optional;
    int count = tcp_addresses_parse(*bind, addresses, &optional);

    option_describe_field(options, bind, behind);
    if (count < 0)
        return server_fail(problem, -EINVAL,
            "%s %.200s: not an address to listen on; allowed are up to %d numeric addresses with commas between, localhost and all", behind, *bind,
            TCP_ADDRESSES_MAX);
    for (int i = 1; i < count; i++)
        for (int j = 0; j < i; j++)
            if (tcp_addresses_collide(&addresses[i], &addresses[j]))
                return server_fail(problem, -EINVAL,
                    "%s %.200s: one of these addresses includes another; allowed is each once, and 0.0.0.0 or :: for all of its kind", behind, *bind);
    return 0;
}

static int
listen_check(const struct options *options, char problem[SERVER_PROBLEM])
{
    struct local_file files[LOCAL_PATHS_MAX];
    char behind[OPTION_SOURCE_TEXT];
    bool tcp, local;
    mode_t mode;

    option_describe_field(options, &options->listen, behind);
    if (local_files_parse(options->listen, files) < 0)
        return server_fail(problem, -EINVAL,
            "%s %.60s: not what can be listened on; allowed is none, or up to %d different unix:/path of at most %d bytes with commas between",
            behind, options->listen, LOCAL_PATHS_MAX, LOCAL_PATH - 1);
    option_describe_field(options, &options->listen_mode, behind);
    if (local_mode_parse(options->listen_mode, &mode) < 0)
        return server_fail(problem, -EINVAL, "%s %.60s: not a file's mode; allowed is an octal number from 000 to 777", behind, options->listen_mode);
    option_describe_field(options, &options->proxy_protocol, behind);
    if (!server_proxied_parse(options->proxy_protocol, &tcp, &local))
        return server_fail(
            problem, -EINVAL, "%s %.60s: not a kind of listener; allowed is none, tcp, unix, or tcp,unix", behind, options->proxy_protocol);
    return 0;
}

int
server_check(const struct options *options, char problem[SERVER_PROBLEM])
{
    char names[64], behind[OPTION_SOURCE_TEXT];
    int error = bind_check(options, &options->bind, problem);

    if (error == 0)
        error = listen_check(options, problem);
    if (error == 0 && options->admin_port >= 0)
        error = bind_check(options, &options->admin_bind, problem);
    if (error < 0)
        return error;
    if (store_find(options->store) == NULL) {
        option_describe_field(options, &options->store, behind);
        store_names(names, sizeof names);
        return server_fail(problem, -EINVAL, "%s %.200s: there is no such store; there is: %s", behind, options->store, names);
    }
    return 0;
}

int
server_check_files(const struct options *options, char problem[SERVER_PROBLEM])
{
    return server_admin_check(options, problem, SERVER_PROBLEM);
}
