// Upgrades to SPDY/3.1: exec and attach of kubectl before 1.30, and port-forward of every kubectl whose WebSocket is refused on the way.
//
// Invariant: a client that may not do what it asks is answered in HTTP, before the upgrade, as a Status. Upstream: apimachinery's httpstream.Handshake and spdy/upgrade.go.

import { mayForward, openClusterStream, refuse, streamKind, type Upgrade } from './cluster-stream.ts';
import { servePortForward } from './port-forward.ts';
import { commandProtocols, serveCommand } from './remote-command.ts';

export const portForwardProtocol = 'portforward.k8s.io';
const versionHeader = 'x-stream-protocol-version';

/** Takes over a connection that asked for SPDY. Never rejects. */
export async function serveSpdy(upgrade: Upgrade): Promise<void> {
  const { target, headers, socket, head } = upgrade;
  const kind = streamKind(target);
  const protocol = negotiate(headers, kind === 'portforward' ? [portForwardProtocol] : commandProtocols);
  if (protocol instanceof Response) return refuse(socket, protocol);
  if (head.length > 0) socket.unshift(head);
  if (kind === 'portforward') {
    const refusal = await mayForward(upgrade);
    if (refusal) return refuse(socket, refusal);
    switchProtocols(upgrade, protocol);
    return servePortForward(upgrade, socket);
  }
  const gone = new AbortController();
  const abort = () => gone.abort();
  socket.once('close', abort);
  const command = await openClusterStream(upgrade, target, gone.signal);
  if (command instanceof Response) return refuse(socket, command);
  switchProtocols(upgrade, protocol);
  return serveCommand(upgrade, protocol, command, abort);
}

/** The best version that both sides speak, or the refusal. */
function negotiate(headers: Headers, spoken: string[]): string | Response {
  const offered = (headers.get(versionHeader) ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (offered.length === 0) return plain(400, 'unable to upgrade: X-Stream-Protocol-Version is required');
  // as upstream, the client's order counts
  const chosen = offered.find((name) => spoken.includes(name));
  if (chosen) return chosen;
  const why = `client supports [${offered.join(' ')}], server accepts [${spoken.join(' ')}]`;
  const refusal = plain(403, `unable to upgrade: unable to negotiate protocol: ${why}`);
  for (const name of spoken) refusal.headers.append('x-accepted-stream-protocol-versions', name);
  return refusal;
}

const plain = (status: number, text: string): Response =>
  new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });

function switchProtocols({ socket }: Upgrade, protocol: string): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
}
