/* SPDX-License-Identifier: MIT
 *
 * What can be wrong with what a client sends, as the protocol names it. Every dialect tells these words.
 */
#ifndef PROTOCOL_ERROR_H
#define PROTOCOL_ERROR_H

enum error_code {
    ERROR_BAD_JSON,
    ERROR_BAD_MESSAGE,
    ERROR_USER_MISMATCH,
    ERROR_TOO_LARGE,
    ERROR_TOO_MANY_FRIENDS,
    ERROR_HELLO_TIMEOUT,
    ERROR_SERVER_FULL,
    ERROR_TOO_SLOW,
    ERROR_MESSAGE_TIMEOUT,
    ERROR_UNAUTHORIZED,
    ERROR_SHUTTING_DOWN,
    ERROR_NOT_LOGGED_IN, /* this one and the next: JSON-RPC dialect only */
    ERROR_ALREADY_LOGGED_IN,
    ERROR_CODES /* how many there are */
};

/* A code and a sentence for a person: what was wrong, and where. The sentence is UTF-8 without control characters. */
struct protocol_error {
    enum error_code code;
    char message[192];
};

/* The word on the wire, such as "bad_json". */
const char *error_code_name(enum error_code code);

/* Fills in an error; the sentence is formatted as by printf and cut (at a whole UTF-8 character) where it does not fit. */
void protocol_error_set(struct protocol_error *error, enum error_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
