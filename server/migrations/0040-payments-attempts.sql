-- Attempts at payment channels, the pay-ins and plans they serve, and what needs a person: one row each, moved by conditional statements.
create schema payments;

create table payments.attempt (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  direction text not null check (direction in ('collect', 'pay', 'refund')),
  -- Public id of the pay-in, payout or refund it is for, and which of its attempts.
  owner text not null,
  number int not null check (number >= 1),
  channel text not null,
  method text not null check (method in
    ('', 'wechat_native', 'wechat_h5', 'wechat_jsapi', 'alipay_qr', 'alipay_page', 'collection',
     'bank_transfer')),
  bank text not null,
  account_type text not null check (account_type in ('', 'personal', 'corporate')),
  -- What the rail knows it by: unique for ever, carries the book.
  reference text not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  state text not null check (state in
    ('intended', 'sending', 'accepted', 'unknown', 'succeeded', 'failed')),
  -- How often it came back unsent; its due rows carry the number.
  sends int not null default 0,
  made_at timestamptz not null,
  -- Never sent after this.
  valid_until timestamptz not null,
  -- The last moment a byte may have left.
  send_before timestamptz,
  -- "Not found" answers that count, and when the last one came.
  not_found int not null default 0,
  not_found_at timestamptz,
  -- Whether it was reported as not final when it should have been.
  overdue boolean not null default false,
  code text not null default '',
  message text not null default '',
  channel_reference text not null default '',
  payer_action jsonb,
  -- Why this channel.
  route jsonb,
  -- Where a collection was booked to.
  booked_to text not null default '' check (booked_to in ('', 'destination', 'suspense')),
  -- Of a collection: reserved for refunds, paid back, and how many refunds were taken.
  refunding bigint not null default 0 check (refunding >= 0),
  refunded bigint not null default 0 check (refunded >= 0),
  refunds int not null default 0 check (refunds between 0 and 50),
  moved_at timestamptz not null,
  primary key (book_id, id),
  check (refunding + refunded <= amount)
) with (fillfactor = 80);
create unique index attempt_reference on payments.attempt (book_id, reference);
create unique index attempt_owner on payments.attempt (book_id, owner, number);

create table payments.pay_in (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  -- The ledger account the money is for.
  destination uuid not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  state text not null check (state in ('open', 'succeeded', 'closed')),
  subject text not null,
  -- What becomes of money that comes after the pay-in was closed.
  late text not null check (late in ('refund', 'attach')),
  -- Words of the caller's that routing rules may ask for.
  attributes jsonb not null,
  -- The plan it is a leg of.
  plan uuid,
  leg int,
  attempts int not null check (attempts >= 0),
  -- Attempts that are not final: it is closed only when there are none.
  open_attempts int not null check (open_attempts between 0 and attempts),
  -- The attempt that paid it.
  paid_by uuid,
  expires_at timestamptz not null,
  -- SHA-256 of the request it was made by.
  request_hash bytea not null,
  made_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (book_id, id)
) with (fillfactor = 80);

create table payments.plan (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  destination uuid not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  state text not null check (state in ('open', 'succeeded', 'closed')),
  subject text not null,
  bank text not null,
  account_type text not null check (account_type in ('', 'personal', 'corporate')),
  method text not null,
  attributes jsonb not null,
  -- Most per leg that a bank's refusal has taught; absent while none has.
  learnt_limit bigint check (learnt_limit > 0),
  paid bigint not null default 0 check (paid between 0 and amount),
  -- Moves with every change of the plan or its legs: what a change was decided on.
  version int not null,
  request_hash bytea not null,
  made_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (book_id, id)
);

create table payments.plan_leg (
  book_id int not null,
  org_id int not null,
  plan uuid not null,
  number int not null check (number >= 1),
  amount bigint not null check (amount > 0),
  state text not null check (state in ('planned', 'confirming', 'paid', 'dropped')),
  -- The day it can be paid on, Shanghai's `yyyymmdd`.
  pay_on text not null,
  -- The pay-in that carries it out, once it was begun.
  pay_in uuid,
  -- How often it was begun; the ids of its pay-ins follow from it.
  tries int not null default 0,
  moved_at timestamptz not null,
  primary key (book_id, plan, number)
);

create table payments.exception (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  kind text not null check (kind in
    ('late_success', 'paid_twice', 'amount_differs', 'currency_differs', 'payee_differs',
     'unknown_too_long', 'contradicted', 'callback_malformed', 'payout_returned',
     'refund_route_closed', 'refund_waiting_for_funds', 'approval_needed', 'settlement_differs',
     'file_row_unknown', 'chargeback', 'court_deduction', 'bank_fee', 'pool_interest',
     'unknown_credit', 'unknown_debit', 'hidden_then_found')),
  -- Public id, reference or flow number of what it is about.
  about text not null,
  state text not null check (state in ('open', 'resolved')),
  -- Minor units it is about; 0 when it is about none.
  amount bigint not null check (amount >= 0),
  -- Facts without personal data.
  evidence jsonb not null,
  -- How often it was seen while open.
  seen int not null default 1,
  opened_at timestamptz not null,
  deadline timestamptz not null,
  action text not null default '',
  note text not null default '',
  resolved_by text not null default '',
  moved_at timestamptz not null,
  primary key (book_id, id)
);
-- One open at a time about one thing.
create unique index exception_open on payments.exception (book_id, kind, about)
  where state = 'open';
create index exception_deadline on payments.exception (book_id, state, deadline);

-- A key whose book does not follow from the request: the book chosen first stays. Rows are of book 0.
create table payments.claim (
  book_id int not null check (book_id = 0),
  key_hash bytea not null check (length(key_hash) = 32),
  org_id int not null,
  request_hash bytea not null,
  -- The book chosen, and the destination in it.
  chosen_book int not null,
  destination uuid not null,
  made_at timestamptz not null,
  primary key (book_id, key_hash)
);
