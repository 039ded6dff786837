-- The bank's own book. It shares nothing with the platform: its own schema, its own role, its own truth.
-- Amounts are fen. Business dates are yyyyMMdd in Asia/Shanghai.

create table custody_bank.pool (
  pool_no    text primary key,
  balance    int8 not null default 0 check (balance >= 0)
);

-- property: 1 member, 2 suspense, 3 fee, 4 interest, 5 guarantee, 12 withdrawals in transit.
create table custody_bank.sub_account (
  sub_acct_no     text primary key,
  property        text not null,
  member_code     text unique,
  member_property text,
  name            text not null,
  global_type     text,
  global_id       text,
  nickname        text,
  mobile          text,
  virtual_no      text unique,
  available       int8 not null default 0 check (available >= 0),
  -- available, but not yet withdrawable
  immature        int8 not null default 0 check (immature >= 0),
  withdrawable    int8 not null generated always as (greatest(available - immature, 0)) stored,
  -- this member's money that lies on the guarantee sub-account
  frozen          int8 not null default 0 check (frozen >= 0),
  opened_on       text not null,
  updated_on      text not null,
  check ((property = '1') = (member_code is not null))
);
create unique index one_function_account on custody_bank.sub_account (property) where property <> '1';

create table custody_bank.bound_account (
  sub_acct_no text not null references custody_bank.sub_account,
  acct_no     text not null,
  name        text not null,
  bank_name   text not null,
  primary key (sub_acct_no, acct_no)
);
create index bound_account_by_number on custody_bank.bound_account (acct_no);

-- Every CnsmrSeqNo ever seen; `reply` is the first answer to an instruction.
create table custody_bank.request (
  cnsmr_seq_no text primary key,
  txn_code     text not null,
  content_hash text not null,
  received_at  timestamptz not null,
  reply        jsonb,
  -- what a status query is told; null for queries and for account opening
  state        text check (state in ('succeeded', 'failed', 'processing')),
  booking_flag text,
  fen          int8,
  in_acct      text,
  out_acct     text,
  front_seq_no text,
  fail_msg     text
);

-- Order numbers are unique over all operations that take one.
create table custody_bank.order_number (
  order_no text primary key,
  txn_code text not null
);

create table custody_bank.freeze_order (
  id          bigint generated always as identity primary key,
  order_no    text not null unique references custody_bank.order_number,
  sub_acct_no text not null references custody_bank.sub_account,
  fen         int8 not null check (fen > 0),
  remaining   int8 not null,
  check (remaining between 0 and fen)
);

create sequence custody_bank.front_seq;
create sequence custody_bank.sub_acct_seq;

-- Double entry: each row leaves one account and reaches another. 'OUTSIDE' is the world beyond the pool.
create table custody_bank.movement (
  id            bigint generated always as identity primary key,
  front_seq_no  text not null unique,
  cnsmr_seq_no  text,
  kind          text not null check (kind in ('inbound', 'returned', 'register', 'revoke', 'freeze',
                  'unfreeze', 'pay', 'withdraw', 'withdraw_paid', 'withdraw_failed')),
  from_acct     text not null,
  to_acct       text not null,
  fen           int8 not null check (fen > 0),
  -- the member whose money it is while it lies on a function sub-account
  on_behalf_of  text references custody_bank.sub_account,
  order_no      text,
  tran_seq_no   text unique,
  remark        text not null,
  booked_at     timestamptz not null,
  business_date text not null,
  check (from_acct <> to_acct)
);
create index movement_by_date on custody_bank.movement (business_date, id);

create table custody_bank.registration (
  order_no    text primary key references custody_bank.order_number,
  sub_acct_no text not null references custody_bank.sub_account,
  fen         int8 not null check (fen > 0),
  revoked     int8 not null default 0,
  inbound     text,
  check (revoked between 0 and fen)
);

create table custody_bank.withdrawal (
  cnsmr_seq_no text primary key,
  front_seq_no text not null,
  sub_acct_no  text not null references custody_bank.sub_account,
  fen          int8 not null check (fen > 0),
  to_acct_no   text not null,
  to_name      text not null,
  to_bank      text not null,
  remark       text not null,
  fate         text not null check (fate in ('succeeds', 'fails', 'returns')),
  state        text not null check (state in ('processing', 'succeeded', 'failed')),
  paid_flow    text
);

-- What came in from outside. in_acct_type: 02 credited to a member, 03 to suspense.
create table custody_bank.inbound (
  front_seq_no    text primary key references custody_bank.movement (front_seq_no),
  cnsmr_seq_no    text,
  in_acct_type    text not null check (in_acct_type in ('02', '03')),
  sub_acct_no     text not null references custody_bank.sub_account,
  fen             int8 not null check (fen > 0),
  payer_acct_no   text not null,
  payer_name      text not null,
  payer_bank      text not null,
  remark          text not null,
  accounting_date text not null,
  -- how much of a suspense row has been registered to members
  registered      int8 not null default 0,
  -- the withdrawal this is the return of
  returned_of     text unique references custody_bank.withdrawal,
  check (registered between 0 and fen)
);

create table custody_bank.notice (
  id       bigint generated always as identity primary key,
  event    text not null,
  body     text not null,
  state    text not null check (state in ('waiting', 'delivered', 'lost', 'given_up')),
  attempts int not null default 0,
  -- waits until another notice has gone first
  held     boolean not null default false
);

-- What happens later, in the bank's time.
create table custody_bank.due (
  id     bigint generated always as identity primary key,
  due_at timestamptz not null,
  kind   text not null check (kind in ('settle', 'return', 'mature', 'notice')),
  key    text not null,
  fen    int8
);
create index due_in_order on custody_bank.due (due_at, id);

create table custody_bank.setting (
  name  text primary key,
  value jsonb not null
);
