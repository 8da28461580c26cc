// Base64 as Kubernetes' objects carry it.

/** Throws if the text is no base64 (RFC 4648, standard alphabet). */
export const bytesOfBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** The UTF-8 text within. Throws as bytesOfBase64 does. */
export const textOfBase64 = (text: string): string => new TextDecoder().decode(bytesOfBase64(text));

/** The URL alphabet (RFC 4648 section 5), with or without padding. */
export const bytesOfBase64Url = (text: string): Uint8Array<ArrayBuffer> =>
  bytesOfBase64(text.replaceAll('-', '+').replaceAll('_', '/'));
