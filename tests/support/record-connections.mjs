// Loaded into every Node process of a host with NODE_OPTIONS=--import. Each attempt to reach something
// that is not this machine is written to the file that RECORD_CONNECTIONS names, one line each, and refused.
import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const file = process.env.RECORD_CONNECTIONS;
const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;
const record = (what, host) => {
  if (loopback.test(String(host))) return;
  appendFileSync(file, `${what} ${host}\n`);
  throw new Error(`${what} ${host} would leave this machine`);
};

/** Calls `note` with the arguments before the original is called. */
function before(object, name, note) {
  const original = object[name];
  object[name] = function (...args) {
    note(...args);
    return original.apply(this, args);
  };
}

before(net.Socket.prototype, 'connect', (...args) => {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  const options = typeof first === 'object' && first !== null ? first : null;
  // Pipes and sockets of the file system stay on the machine.
  if (options ? options.path : typeof first === 'string' && Number.isNaN(Number(first))) return;
  record(
    'net',
    (options ? options.host : typeof second === 'string' ? second : null) ?? 'localhost',
  );
});
before(dgram.Socket.prototype, 'send', (...args) => {
  record('dgram', args.findLast((arg) => typeof arg === 'string') ?? 'localhost');
});
before(dgram.Socket.prototype, 'connect', (_port, address) =>
  record('dgram', address ?? 'localhost'),
);
for (const owner of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
  const names = Object.getOwnPropertyNames(owner).filter((name) =>
    /^(lookup|resolve|reverse)/.test(name),
  );
  for (const name of names) before(owner, name, (host) => record(`dns.${name}`, host));
}
syncBuiltinESMExports();
