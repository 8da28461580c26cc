// What a mutating webhook answers who changes the object.

/** The response of an AdmissionReview that admits the object with these operations of JSON Patch (RFC 6902) applied to it. */
export const jsonPatch = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: btoa(JSON.stringify(operations)),
});
