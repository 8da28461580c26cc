// The network as a component sees it: HTTP in the shape of the Fetch standard, and message channels for what is not HTTP (raft, Ethernet).
//
// Host names are process names ("etcd-1", "node-1"), with a port where upstream has one: http://etcd-1:2379, http://kube-apiserver:6443,
// http://node-1:10250. In the page a fetch crosses a MessagePort, in the simulator the simulated network, under Node a function call or a socket.
//
// Contract of fetch: rejects with a TypeError when the host is not there or dies before answering (as fetch does); an aborted signal reaches the server's
// request.signal; a cancelled response body does too; bodies stream both ways (a streaming request needs duplex: 'half', and unlike the web's,
// the answer may begin before the request body has ended).

export type Handler = (request: Request) => Promise<Response>;

/** Something open that can be closed. Idempotent. */
export interface Closable {
  close(): void;
}

export interface Network {
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Answers HTTP requests for `host` ("kube-apiserver:6443"). Throws if this process already serves it. */
  serve(host: string, handler: Handler): Closable;
  /** Opens this process's end of a named message channel. One open end per name and process. */
  channel(name: string): Channel;
}

/**
 * Datagrams between processes, in order while the link is whole, lost without notice when it is not. Messages are structured-cloneable; prefer strings and
 * Uint8Arrays. A Uint8Array given to send may be transferred: do not touch it afterwards.
 */
export interface Channel extends Closable {
  send(to: string, message: unknown): void;
  /** Set to receive. Messages that come before it is set are lost. */
  onmessage: ((from: string, message: unknown) => void) | undefined;
}
