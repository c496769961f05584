/* SPDX-License-Identifier: MIT
 *
 * Where the JSON-RPC dialect over UDP will be: for now such a datagram is a sign of life and no more.
 */
#include "presence/datagram.h"

void
rpc_datagram(struct presence *presence, struct worker *worker, struct client *client, const struct datagram *datagram)
{
    (void)presence;
    (void)worker;
    (void)client;
    (void)datagram;
}
