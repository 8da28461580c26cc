// The content type of the store's own form of the v3 messages (server/http.ts): asked for with `accept`, never assumed.

export const plainType = 'application/vnd.drydock.etcd+json';
