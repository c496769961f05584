// SPDX-License-Identifier: MIT
//
// The conversation of tests/system/test_interop.c in JavaScript, with json-rpc-2.0 from npm, a client and a server in one that leaves the transport
// to its user: what is written here is a socket and the cutting into lines. Requests leave as the library makes them, with nothing between them.
//
//   client.js <port>
'use strict';

const net = require('node:net');
const readline = require('node:readline');

let rpc;
try {
  rpc = require('json-rpc-2.0');
} catch (error) {
  console.log('not installed: %s', error.code);
  process.exit(77);
}

const socket = net.connect(Number(process.argv[2]), '127.0.0.1');
const peer = new rpc.JSONRPCServerAndClient(
  new rpc.JSONRPCServer(),
  new rpc.JSONRPCClient((payload) => { socket.write(JSON.stringify(payload)); }),
);

// Changes that came, and who waits for one.
const changes = [];
const waiting = [];

peer.addMethod('presence', (params) => {
  for (const change of params.changes) {
    if (waiting.length > 0) waiting.shift()(change);
    else changes.push(change);
  }
});
readline.createInterface({ input: socket }).on('line', (line) => peer.receiveAndSend(JSON.parse(line)));
const closed = new Promise((resolve) => { socket.on('end', resolve); });

function say(...words) {
  console.log(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '));
}

async function sayChange() {
  const change = changes.shift() ?? await new Promise((resolve) => { waiting.push(resolve); });
  if (!Number.isSafeInteger(change.at)) throw new Error('a change without its time');
  say('presence', JSON.stringify(change.user_id), change.online, change.status ?? change.reason ?? '');
}

async function sayError(method, params) {
  try {
    await peer.request(method, params);
    say('no error');
  } catch (error) {
    say('error', error.code, error.data ?? '');
  }
}

async function converse() {
  say('ping', await peer.request('ping'));
  await sayError('follow', { friends: [8] });
  const login = await peer.request('login', { user_id: 1, friends: [7, 8] });
  if (typeof login.session !== 'string' || typeof login.heartbeat !== 'number') throw new Error('no session');
  say('login', login.online);
  await sayChange();
  await sayChange();
  say('follow', (await peer.request('follow', { friends: ['zoe'] })).online);
  await sayChange();
  peer.notify('status', { status: 'busy' });
  await sayChange();
  await sayChange();
  say('online', (await peer.request('online', { users: [7, 8, 'zoe'] })).online);
  const batch = await peer.requestAdvanced([
    rpc.createJSONRPCRequest('a', 'ping'),
    rpc.createJSONRPCNotification('status', { status: null }),
    rpc.createJSONRPCRequest('b', 'online', { users: [7] }),
    rpc.createJSONRPCRequest('c', 'fly'),
  ]);
  say('batch', batch[0].result, batch[1].result.online, batch[2].error.code);
  await sayError('fly', {});
  say('unfollow', await peer.request('unfollow', { friends: [7] }));
  say('logout', await peer.request('logout'));
  await closed;
  say('closed');
}

converse().catch((error) => {
  console.log('failed: %s', error);
  process.exit(1);
});
