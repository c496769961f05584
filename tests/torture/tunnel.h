/* SPDX-License-Identifier: MIT
 *
 * Network devices, made without any program's help in the namespace that the caller is in.
 */
#ifndef TORTURE_TUNNEL_H
#define TORTURE_TUNNEL_H

/* A TUN device of this name, up, with this address of a network of 24 bits; -1 when that is not possible. Packets are read from and written to it, without waiting. */
int tunnel_new(const char *name, const char *address);

#endif
