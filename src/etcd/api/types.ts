// Requests and answers of etcd's v3 API (rpc.proto, kv.proto, v3lock.proto, v3election.proto), as the store handles them: proto3 messages with names in
// camel case, bytes as byte strings (bytes.ts), revisions and counts as numbers, 64-bit ids as decimal strings ("0": none). As in proto3, a field that has its
// zero value may be left out; answers leave it out.

export interface ResponseHeader {
  clusterId?: string;
  memberId?: string;
  revision?: number;
  raftTerm?: number;
}

export interface KeyValue {
  key: string;
  createRevision?: number;
  modRevision?: number;
  version?: number;
  value?: string;
  lease?: string;
}

export type SortOrder = 'NONE' | 'ASCEND' | 'DESCEND';
export type SortTarget = 'KEY' | 'VERSION' | 'CREATE' | 'MOD' | 'VALUE';

export interface RangeRequest {
  key?: string;
  rangeEnd?: string;
  limit?: number;
  revision?: number;
  sortOrder?: SortOrder | number;
  sortTarget?: SortTarget | number;
  serializable?: boolean;
  keysOnly?: boolean;
  countOnly?: boolean;
  minModRevision?: number;
  maxModRevision?: number;
  minCreateRevision?: number;
  maxCreateRevision?: number;
}

export interface RangeResponse {
  header?: ResponseHeader;
  kvs?: KeyValue[];
  more?: boolean;
  count?: number;
  /** Only in the plain form: keys and values are all ASCII, so these byte strings are the texts themselves. */
  ascii?: true;
}

export interface PutRequest {
  key?: string;
  value?: string;
  lease?: string;
  prevKv?: boolean;
  ignoreValue?: boolean;
  ignoreLease?: boolean;
}

export interface PutResponse {
  header?: ResponseHeader;
  prevKv?: KeyValue;
}

export interface DeleteRangeRequest {
  key?: string;
  rangeEnd?: string;
  prevKv?: boolean;
}

export interface DeleteRangeResponse {
  header?: ResponseHeader;
  deleted?: number;
  prevKvs?: KeyValue[];
}

export interface Compare {
  result?: 'EQUAL' | 'GREATER' | 'LESS' | 'NOT_EQUAL' | number;
  target?: 'VERSION' | 'CREATE' | 'MOD' | 'VALUE' | 'LEASE' | number;
  key?: string;
  version?: number;
  createRevision?: number;
  modRevision?: number;
  value?: string;
  lease?: string;
  rangeEnd?: string;
}

export interface RequestOp {
  requestRange?: RangeRequest;
  requestPut?: PutRequest;
  requestDeleteRange?: DeleteRangeRequest;
  requestTxn?: TxnRequest;
}

export interface ResponseOp {
  responseRange?: RangeResponse;
  responsePut?: PutResponse;
  responseDeleteRange?: DeleteRangeResponse;
  responseTxn?: TxnResponse;
}

export interface TxnRequest {
  compare?: Compare[];
  success?: RequestOp[];
  failure?: RequestOp[];
}

export interface TxnResponse {
  header?: ResponseHeader;
  succeeded?: boolean;
  responses?: ResponseOp[];
}

export interface CompactionRequest {
  revision?: number;
  physical?: boolean;
}

export interface HashKvRequest {
  revision?: number;
}

export interface HashKvResponse {
  header?: ResponseHeader;
  hash?: number;
  compactRevision?: number;
}

export interface WatchCreateRequest {
  key?: string;
  rangeEnd?: string;
  startRevision?: number;
  progressNotify?: boolean;
  filters?: ('NOPUT' | 'NODELETE' | number)[];
  prevKv?: boolean;
  watchId?: string;
  fragment?: boolean;
}

export interface WatchRequest {
  createRequest?: WatchCreateRequest;
  cancelRequest?: { watchId?: string };
  progressRequest?: Record<string, never>;
}

export interface Event {
  type?: 'PUT' | 'DELETE';
  kv?: KeyValue;
  prevKv?: KeyValue;
}

export interface WatchResponse {
  header?: ResponseHeader;
  watchId?: string;
  created?: boolean;
  canceled?: boolean;
  compactRevision?: number;
  cancelReason?: string;
  fragment?: boolean;
  events?: Event[];
}

export interface LeaseGrantRequest {
  TTL?: number;
  ID?: string;
}

export interface LeaseGrantResponse {
  header?: ResponseHeader;
  ID?: string;
  TTL?: number;
  error?: string;
}

export interface LeaseId {
  ID?: string;
}

export interface LeaseKeepAliveResponse {
  header?: ResponseHeader;
  ID?: string;
  TTL?: number;
}

export interface LeaseTimeToLiveRequest {
  ID?: string;
  keys?: boolean;
}

export interface LeaseTimeToLiveResponse {
  header?: ResponseHeader;
  ID?: string;
  TTL?: number;
  grantedTTL?: number;
  keys?: string[];
}

export interface LeaseLeasesResponse {
  header?: ResponseHeader;
  leases?: LeaseId[];
}

export interface Member {
  ID?: string;
  name?: string;
  peerURLs?: string[];
  clientURLs?: string[];
  isLearner?: boolean;
}

export interface MemberAddRequest {
  peerURLs?: string[];
  isLearner?: boolean;
}

export interface MemberUpdateRequest {
  ID?: string;
  peerURLs?: string[];
}

export interface MemberChangeResponse {
  header?: ResponseHeader;
  member?: Member;
  members?: Member[];
}

export type AlarmType = 'NONE' | 'NOSPACE' | 'CORRUPT';

export interface AlarmRequest {
  action?: 'GET' | 'ACTIVATE' | 'DEACTIVATE' | number;
  memberID?: string;
  alarm?: AlarmType | number;
}

export interface AlarmMember {
  memberID?: string;
  alarm?: AlarmType;
}

export interface AlarmResponse {
  header?: ResponseHeader;
  alarms?: AlarmMember[];
}

export interface StatusResponse {
  header?: ResponseHeader;
  version?: string;
  dbSize?: number;
  leader?: string;
  raftIndex?: number;
  raftTerm?: number;
  raftAppliedIndex?: number;
  errors?: string[];
  dbSizeInUse?: number;
  isLearner?: boolean;
}

export interface SnapshotResponse {
  header?: ResponseHeader;
  remainingBytes?: number;
  blob?: string;
}

export interface LockRequest {
  name?: string;
  lease?: string;
}

export interface LeaderKey {
  name?: string;
  key?: string;
  rev?: number;
  lease?: string;
}

export interface CampaignRequest {
  name?: string;
  lease?: string;
  value?: string;
}

export interface ProclaimRequest {
  leader?: LeaderKey;
  value?: string;
}

/** An empty answer: just the header. */
export interface HeaderResponse {
  header?: ResponseHeader;
}
