// etcd's errors, by the names etcd gives them (api/v3rpc/rpctypes), with gRPC code and message. Every refusal of the store is one of these.

import { EtcdError } from './client/types.ts';

/** gRPC status codes in use. */
export const grpc = {
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
} as const;

const table = {
  emptyKey: [grpc.invalidArgument, 'etcdserver: key is not provided'],
  keyNotFound: [grpc.invalidArgument, 'etcdserver: key not found'],
  valueProvided: [grpc.invalidArgument, 'etcdserver: value is provided'],
  leaseProvided: [grpc.invalidArgument, 'etcdserver: lease is provided'],
  tooManyOps: [grpc.invalidArgument, 'etcdserver: too many operations in txn request'],
  duplicateKey: [grpc.invalidArgument, 'etcdserver: duplicate key given in txn request'],
  invalidSortOption: [grpc.invalidArgument, 'etcdserver: invalid sort option'],
  compacted: [grpc.outOfRange, 'etcdserver: mvcc: required revision has been compacted'],
  futureRevision: [grpc.outOfRange, 'etcdserver: mvcc: required revision is a future revision'],
  noSpace: [grpc.resourceExhausted, 'etcdserver: mvcc: database space exceeded'],
  leaseNotFound: [grpc.notFound, 'etcdserver: requested lease not found'],
  leaseExists: [grpc.failedPrecondition, 'etcdserver: lease already exists'],
  leaseTtlTooLarge: [grpc.outOfRange, 'etcdserver: too large lease TTL'],
  memberExists: [grpc.failedPrecondition, 'etcdserver: member ID already exist'],
  peerUrlExists: [grpc.failedPrecondition, 'etcdserver: Peer URLs already exists'],
  /** The gateway of etcd 3.4 lets this one out without its code. */
  memberNotEnoughStarted: [grpc.unknown, 'etcdserver: re-configuration failed due to not enough started members'],
  memberBadUrls: [grpc.invalidArgument, 'etcdserver: given member URLs are invalid'],
  memberNotFound: [grpc.notFound, 'etcdserver: member not found'],
  memberNotLearner: [grpc.failedPrecondition, 'etcdserver: can only promote a learner member'],
  learnerNotReady: [
    grpc.failedPrecondition,
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  tooManyLearners: [grpc.failedPrecondition, 'etcdserver: too many learner members in cluster'],
  requestTooLarge: [grpc.invalidArgument, 'etcdserver: request is too large'],
  tooManyRequests: [grpc.resourceExhausted, 'etcdserver: too many requests'],
  noLeader: [grpc.unavailable, 'etcdserver: no leader'],
  leaderChanged: [grpc.unavailable, 'etcdserver: leader changed'],
  notLeader: [grpc.failedPrecondition, 'etcdserver: not leader'],
  notCapable: [grpc.unavailable, 'etcdserver: not capable'],
  stopped: [grpc.unavailable, 'etcdserver: server stopped'],
  timeout: [grpc.unavailable, 'etcdserver: request timed out'],
  /** No leader took it up in time: it did not happen. (etcd lets Go's own error out.) */
  deadlineExceeded: [grpc.unknown, 'context deadline exceeded'],
  timeoutLeaderFail: [grpc.unavailable, 'etcdserver: request timed out, possibly due to previous leader failure'],
  timeoutLeaderTransfer: [grpc.unavailable, 'etcdserver: request timed out, leader transfer took too long'],
  badLeaderTransferee: [grpc.failedPrecondition, 'etcdserver: bad leader transferee'],
  notSupportedForLearner: [grpc.unavailable, 'etcdserver: rpc not supported for learner'],
  unhealthy: [grpc.unavailable, 'etcdserver: unhealthy cluster'],
  corrupt: [grpc.dataLoss, 'etcdserver: corrupt cluster'],
  authNotEnabled: [grpc.failedPrecondition, 'etcdserver: authentication is not enabled'],
  rootUserNotExist: [grpc.failedPrecondition, 'etcdserver: root user does not exist'],
  userEmpty: [grpc.invalidArgument, 'etcdserver: user name is empty'],
  userNotFound: [grpc.failedPrecondition, 'etcdserver: user name not found'],
  roleEmpty: [grpc.invalidArgument, 'etcdserver: role name is empty'],
  roleNotFound: [grpc.failedPrecondition, 'etcdserver: role name not found'],
  /** Ours alone: an etcd can always make them. */
  usersNotSupported: [grpc.unimplemented, 'etcdserver: users and roles are not supported'],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorName = keyof typeof table;

/** A new error of that name. */
export function etcdError(name: ErrorName): EtcdError {
  const [code, message] = table[name];
  return new EtcdError(code, message);
}

/** HTTP status for a gRPC code, as etcd 3.4's gateway maps them. */
export function httpStatus(code: number): number {
  switch (code) {
    case 0:
      return 200;
    case grpc.canceled:
      return 408;
    case grpc.invalidArgument:
    case grpc.outOfRange:
      return 400;
    case grpc.deadlineExceeded:
      return 504;
    case grpc.notFound:
      return 404;
    case grpc.alreadyExists:
    case grpc.aborted:
      return 409;
    case 7:
      return 403;
    case 16:
      return 401;
    case grpc.resourceExhausted:
      return 429;
    case grpc.failedPrecondition:
      return 412;
    case grpc.unimplemented:
      return 501;
    case grpc.unavailable:
      return 503;
    default:
      return 500;
  }
}

/** The words of those statuses, as Go has them. */
export const statusText: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
