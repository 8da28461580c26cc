// The Kubernetes API machinery: everything that is known about objects without a server. Pure: no clock, no environment (time is passed in).
// Import the module you need; this page says which.
//
//   status.ts          ApiError and its constructors (NotFound, Conflict, Invalid, ...)
//   field-error.ts     field paths and the errors that name them
//   resources.ts       the table of built-in resources: names, scope, verbs, subresources
//   labels.ts          label selectors          fields.ts   field selectors
//   quantity.ts        resource.Quantity        time.ts     RFC 3339, durations, ages
//   names.ts           DNS names, label syntax, ports, addresses
//   int-or-string.ts   IntOrString
//   schema/schema.ts   every type as data: fields, shapes, merge keys, list types, protobuf numbers (facts.txt has what OpenAPI lacks)
//   json-text.ts, yaml-text.ts   reading text          decode.ts   untyped -> typed, as Go would; strict errors
//   decode-request.ts  a request's body against its resource, with the server's messages
//   defaulting/        setDefaults(type, object)
//   patch/             JSON, merge and strategic merge patches; applyPatch(mediaType, type, document, body)
//   managed-fields/    server-side apply (applyConfiguration) and ownership of other writes (updateManagedFields)
//   tables/            columnsFor(type): server-side tables; summarizePod
//   validation/        validateCreate, validateUpdate
//   openapi-v3.ts      documents per group and version  editor-schema.ts   JSON Schema for YAML editors
//   generated/types.ts one interface per API type (made by scripts/generate-api.mjs)

export * from './fields.ts';
export * from './int-or-string.ts';
export * from './labels.ts';
export * from './names.ts';
export * from './quantity.ts';
export * from './resources.ts';
export * from './status.ts';
export * from './time.ts';
