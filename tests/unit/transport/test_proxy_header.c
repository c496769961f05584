/* SPDX-License-Identifier: MIT
 *
 * Each example is read in one piece, byte by byte and with what the client says behind it; the outcome must be the same.
 */
#include "transport/proxy_header.h"

#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char behind[] = "{\"user_id\": 1}\r\nPROXY ";

/* Version 2 with this version and command, family and protocol, length; the body is the caller's. */
#define BINARY(command, family, high, low) "\r\n\r\n\0\r\nQUIT\n" command family high low

#define IPV4 "\x01\x02\x03\x04\x05\x06\x07\x08\x12\x34\x00\x50"
#define IPV6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\xff\xfe\x00\x50"

/* What comes out, in words: "more", "wrong", "none" (no address) or the address. */
static void
outcome_put(enum proxy_result result, const struct proxy_header *header, char text[TCP_ADDRESS_TEXT])
{
    if (result == PROXY_WRONG)
        ck_assert_ptr_nonnull(header->problem);
    if (result != PROXY_DONE)
        strcpy(text, result == PROXY_MORE ? "more" : "wrong");
    else if (!header->knows_source)
        strcpy(text, "none");
    else
        udp_address_format(&header->source, text);
}

static void
expect(const char *bytes, size_t length, const char *outcome)
{
    struct proxy_header whole = {0}, pieces = {0};
    enum proxy_result result = PROXY_MORE;
    char text[TCP_ADDRESS_TEXT], *all = malloc(length + sizeof behind);
    size_t consumed = SIZE_MAX, taken = 0;

    memcpy(all, bytes, length);
    memcpy(all + length, behind, sizeof behind);
    outcome_put(proxy_header_take(&whole, all, strcmp(outcome, "more") == 0 ? length : length + sizeof behind, &consumed), &whole, text);
    ck_assert_msg(strcmp(text, outcome) == 0, "\"%.*s\" is %s and not %s", (int)length, bytes, text, outcome);
    if (strcmp(outcome, "wrong") != 0)
        ck_assert_uint_eq(consumed, length);
    for (size_t i = 0; i < length && result == PROXY_MORE; i++) {
        char *one = malloc(1);

        *one = bytes[i];
        result = proxy_header_take(&pieces, one, 1, &consumed);
        ck_assert_uint_eq(consumed, 1);
        free(one);
        taken++;
    }
    outcome_put(result, &pieces, text);
    ck_assert_msg(
        strcmp(text, outcome) == 0 || strcmp(outcome, "wrong") == 0, "in pieces \"%.*s\" is %s and not %s", (int)length, bytes, text, outcome);
    ck_assert(strcmp(outcome, "wrong") == 0 || taken == length);
    free(all);
}

#define EXPECT(literal, outcome) expect((literal), sizeof(literal) - 1, (outcome))

START_TEST(version_1)
{
    EXPECT("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1:56324");
    EXPECT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535");
    EXPECT("PROXY TCP4 0.0.0.0 1.2.3.4 0 0\r\n", "0.0.0.0:0");
    EXPECT("PROXY TCP6 2001:db8::1 ::1 4000 80\r\n", "[2001:db8::1]:4000");
    EXPECT("PROXY TCP6 ffff:f:f:f:f:f:f:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "[ffff:f:f:f:f:f:f:ffff]:65535");
    EXPECT("PROXY TCP6 ::ffff:10.0.0.1 ::1 4000 80\r\n", "10.0.0.1:4000");
    EXPECT("PROXY UNKNOWN\r\n", "none");
    EXPECT("PROXY UNKNOWN \r\n", "none");
    EXPECT("PROXY UNKNOWN  \0\r\n", "none");
    EXPECT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "none");
    EXPECT("PROXY UNKNOWN any \0 thing\r\n", "none");
}
END_TEST

START_TEST(version_1_that_is_wrong)
{
    static const char *const lines[] = {"GET / HTTP/1.1\r\n", "{\"user_id\": 1}", "proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY\r\n", "PROXY \r\n",
        "PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY TCP4\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n", "PROXY TCP4 1.2.3.4  1.2.3.4 1 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r1\r\n", "PROXY TCP4 01.2.3.4 1.2.3.4 1 1\r\n",
        "PROXY TCP4 1.2.3.256 1.2.3.4 1 1\r\n", "PROXY TCP4 1.2.3 1.2.3.4 1 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4. 1 1\r\n",
        "PROXY TCP4 ::1 ::1 1 1\r\n", "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY TCP6 1:::2 ::1 1 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 00\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 +1\r\n", "PROXY TCP5 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY UNKNOWNS\r\n",
        "PROXY UNKNOW\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 0x1\r\n", "PROXY TCP4\t1.2.3.4 1.2.3.4 1 1\r\n"};
    char text[256];

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        expect(lines[i], strlen(lines[i]), "wrong");
    EXPECT("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 1\r\n", "wrong");
    EXPECT("PROXY TCP4 1.2.3.4 1.2.3.4 1 1\0\r\n", "wrong");

    /* 107 bytes are a line, 108 are not; and nobody waits for the end of what can be none. */
    int length = snprintf(text, sizeof text, "PROXY UNKNOWN %0*d\r\n", 107 - 16, 0);
    ck_assert_int_eq(length, 107);
    expect(text, 107, "none");
    snprintf(text, sizeof text, "PROXY UNKNOWN %0*d\r\n", 108 - 16, 0);
    expect(text, 108, "wrong");
    expect(text, 107, "wrong");
    expect(text, 106, "more");
}
END_TEST

START_TEST(version_2)
{
    EXPECT(BINARY("\x21", "\x11", "\0", "\x0c") IPV4, "1.2.3.4:4660");
    EXPECT(BINARY("\x21", "\x12", "\0", "\x0c") IPV4, "1.2.3.4:4660");
    EXPECT(BINARY("\x21", "\x21", "\0", "\x24") IPV6, "[2001:db8::1]:65534");
    EXPECT(BINARY("\x21", "\x00", "\0", "\0"), "none");
    EXPECT(BINARY("\x21", "\x00", "\0", "\x03") "any", "none");
    EXPECT(BINARY("\x20", "\x00", "\0", "\0"), "none");
    EXPECT(BINARY("\x20", "\x11", "\0", "\x0c") IPV4, "none");
    EXPECT(BINARY("\x20", "\xff", "\0", "\x02") "\x21\x11", "none"); /* LOCAL: the family is ignored, too */
}
END_TEST

START_TEST(values_behind_the_addresses_are_passed_over)
{
    char large[16 + 65535] = BINARY("\x21", "\x11", "\xff", "\xff") IPV4 "\x04";

    EXPECT(BINARY("\x21", "\x11", "\0", "\x0f") IPV4 "\x04\0\0", "1.2.3.4:4660");
    EXPECT(BINARY("\x21", "\x11", "\0", "\x16") IPV4 "\x03\0\x04"
                                                     "crc!"
                                                     "\x04\0\0",
        "1.2.3.4:4660");
    large[29] = (char)((65535 - 15) >> 8);
    large[30] = (char)((65535 - 15) & 0xff);
    expect(large, sizeof large, "1.2.3.4:4660");

    EXPECT(BINARY("\x21", "\x11", "\0", "\x0d") IPV4 "\x04", "wrong");
    EXPECT(BINARY("\x21", "\x11", "\0", "\x0e") IPV4 "\x04\0", "wrong");
    EXPECT(BINARY("\x21", "\x11", "\0", "\x0f") IPV4 "\x04\0\x01", "wrong");
    EXPECT(BINARY("\x21", "\x11", "\0", "\x10") IPV4 "\x04\xff\xff!", "wrong");
}
END_TEST

START_TEST(the_address_of_a_unix_socket_says_nothing)
{
    char bytes[16 + 216 + 3] = BINARY("\x21", "\x31", "\0", "\xd8") "/run/proxy";

    expect(bytes, 16 + 216, "none");
    bytes[15] = (char)(216 + 3);
    bytes[16 + 216] = 4;
    expect(bytes, 16 + 216 + 3, "none");
    bytes[15] = (char)215;
    expect(bytes, 16 + 215, "wrong");
}
END_TEST

START_TEST(version_2_that_is_wrong)
{
    EXPECT("\r\n\r\n\r\n", "wrong");
    EXPECT("\r\n\r\n\0\r\nQUIT\r", "wrong");
    EXPECT(BINARY("\x11", "\x11", "\0", "\x0c") IPV4, "wrong"); /* version 1 */
    EXPECT(BINARY("\x31", "\x11", "\0", "\x0c") IPV4, "wrong");
    EXPECT(BINARY("\x22", "\x11", "\0", "\x0c") IPV4, "wrong"); /* command 2 */
    EXPECT(BINARY("\x21", "\x41", "\0", "\x0c") IPV4, "wrong"); /* family 4 */
    EXPECT(BINARY("\x21", "\x13", "\0", "\x0c") IPV4, "wrong"); /* protocol 3 */
    EXPECT(BINARY("\x21", "\x11", "\0", "\x0b") IPV4, "wrong");
    EXPECT(BINARY("\x21", "\x21", "\0", "\x23") IPV6, "wrong");
    EXPECT(BINARY("\x21", "\x11", "\0", "\0"), "wrong");
}
END_TEST

START_TEST(what_is_not_complete_goes_on)
{
    static const char line[] = "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", binary[] = BINARY("\x21", "\x11", "\0", "\x0f") IPV4 "\x04\0\0";

    for (size_t length = 0; length < sizeof line - 1; length++)
        expect(line, length, "more");
    for (size_t length = 0; length < sizeof binary - 1; length++)
        expect(binary, length, "more");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("transport/proxy_header");
    TCase *tests = tcase_create("proxy_header");

    tcase_add_test(tests, version_1);
    tcase_add_test(tests, version_1_that_is_wrong);
    tcase_add_test(tests, version_2);
    tcase_add_test(tests, values_behind_the_addresses_are_passed_over);
    tcase_add_test(tests, the_address_of_a_unix_socket_says_nothing);
    tcase_add_test(tests, version_2_that_is_wrong);
    tcase_add_test(tests, what_is_not_complete_goes_on);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
