/* SPDX-License-Identifier: MIT */
#include "support/config_file.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEMPLATE "/tmp/alo-config-XXXXXX"

char config_path[] = TEMPLATE;

const struct config_mistake config_mistakes[CONFIG_MISTAKES] = {
    {"max-friend = 1\n", ":1: 'max-friend' is not a key; the nearest is max-friends; allowed are"},
    {"\nport = 0\nport = 0\n", ":3: port is given twice, in line 2 too; allowed is once"},
    {"max-friends = many\n", ":1: max-friends 'many' is not a number; allowed is a number from 1 to 1000000"},
    {"max-nesting = 65\n", ":1: max-nesting '65' is out of range; allowed is a number from 2 to 64"},
    {"# off\nverbose\n", ":2: 'verbose' has no '='; allowed are key = value"},
    {"udp =\n", ":1: udp has no value; allowed is on or off"},
    {"config = none\n", ":1: config cannot stand in a file; allowed are --config and $ALO_CONFIG"},
    {"\n\nstore = \xff\n", ":3: byte 9 of the line is not UTF-8; allowed is text in UTF-8"},
    {"store = \x01\n", ":1: byte 9 of the line is a control character; allowed is text in UTF-8"},
    {"store = redis\n", ":1: store redis: there is no such store; there is: light"},
    {"bind = here\n", ":1: bind here: not an address to listen on; allowed are"},
    {"bind = 127.0.0.1,0.0.0.0\n", ":1: bind 127.0.0.1,0.0.0.0: one of these addresses includes another; allowed is"},
};

void
config_set_up(void)
{
    strcpy(config_path, TEMPLATE);
    close(mkstemp(config_path));
}

void
config_tear_down(void)
{
    unlink(config_path);
}

void
config_write(const char *text)
{
    char fresh[sizeof config_path + 8];

    snprintf(fresh, sizeof fresh, "%s.new", config_path);
    FILE *file = fopen(fresh, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(rename(fresh, config_path), 0);
}

struct server *
config_start(const char *text)
{
    char all[1024];

    snprintf(all, sizeof all, CONFIG_USUAL "%s", text);
    config_write(all);
    struct server *server = server_launch("--config %s", config_path);
    server->port = (uint16_t)server_event_number(server, "listening", 0, "port");
    return server;
}
