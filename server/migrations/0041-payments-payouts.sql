-- Money that leaves: payouts, returned payouts, refunds over many pay-ins; channel settlements, bank lines, and money that moves without us.

create table payments.payout (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  -- The account whose owner's money leaves.
  source uuid not null,
  amount bigint not null check (amount > 0),
  purpose text not null check (purpose in
    ('payout', 'refund', 'refund_funding', 'reimbursement')),
  -- Public id of what it is for, such as a part of a refund; empty for a plain payout.
  about text not null,
  -- Sealed.
  payee_name text not null,
  payee_account text not null,
  -- Tells payees apart for day limits, and nothing else.
  payee_index text not null,
  bank text not null,
  account_type text not null check (account_type in ('personal', 'corporate')),
  cnaps text not null,
  memo text not null,
  state text not null check (state in
    ('waiting_for_cash', 'waiting_for_approval', 'processing', 'succeeded', 'failed', 'cancelled')),
  -- Counts attempts; 0 while nothing was tried.
  attempts int not null default 0 check (attempts >= 0),
  -- Channels that have refused it for sure.
  tried text[] not null default '{}',
  -- Counts the tries to reserve the money; a refused hold keeps its id.
  hold_try int not null check (hold_try >= 0),
  -- Never sent after this.
  valid_until timestamptz not null,
  requested_by text not null,
  approved_by text not null default '',
  request_hash text not null,
  code text not null default '',
  message text not null default '',
  made_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (book_id, id),
  check (approved_by = '' or approved_by <> requested_by)
);
create index payout_open on payments.payout (book_id, made_at)
  where state not in ('succeeded', 'failed', 'cancelled');
create index payout_waiting_for_cash on payments.payout (book_id, made_at)
  where state = 'waiting_for_cash';
create index payout_about on payments.payout (book_id, about) where about <> '';

-- What one payee has had over one channel on one business day: the guard of the channel's day limits.
create table payments.payee_day (
  book_id int not null,
  org_id int not null,
  payee text not null,
  channel text not null,
  business_date char(8) not null,
  used bigint not null check (used >= 0),
  count int not null check (count >= 0),
  primary key (book_id, payee, channel, business_date)
);

-- A payout that had succeeded and came back. The payout stays as it is.
create table payments.payout_return (
  book_id int not null,
  org_id int not null,
  attempt uuid not null,
  payout uuid not null,
  channel text not null,
  -- The rail's number of the entry that brought the money back.
  flow text not null,
  amount bigint not null check (amount > 0),
  code text not null,
  says text not null,
  business_date char(8) not null,
  booked_to text not null check (booked_to in ('source', 'suspense')),
  recorded_at timestamptz not null,
  -- An attempt moves its amount once, so it comes back once, by however many ways we hear of it.
  primary key (book_id, attempt)
);
create unique index payout_return_flow on payments.payout_return (book_id, channel, flow);

create table payments.refund (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  amount bigint not null check (amount > 0),
  reason text not null,
  state text not null check (state in ('processing', 'succeeded', 'failed')),
  open_parts int not null check (open_parts >= 0),
  succeeded bigint not null default 0 check (succeeded between 0 and amount),
  requested_by text not null,
  request_hash text not null,
  -- Where the verified payer is paid when the way back is closed; sealed, empty when not known.
  payer_name text not null,
  payer_account text not null,
  payer_bank text not null,
  payer_account_type text not null,
  -- Why the ledger refused it; empty when it did not.
  code text not null default '',
  made_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (book_id, id)
);
create index refund_open on payments.refund (book_id, made_at) where state = 'processing';

create table payments.refund_part (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  refund uuid not null,
  number int not null check (number > 0),
  -- The attempt that collected the money.
  collection uuid not null,
  channel text not null,
  -- The account the money lies in now.
  source uuid not null,
  amount bigint not null check (amount > 0),
  route text not null check (route in ('original', 'payout', 'manual')),
  state text not null check (state in
    ('planned', 'processing', 'waiting_for_funds', 'waiting_for_approval', 'paying_out', 'manual',
     'succeeded', 'failed')),
  attempts int not null default 0 check (attempts >= 0),
  hold_try int not null default 0 check (hold_try >= 0),
  -- Rails take refunds of one collection only so often.
  send_at timestamptz not null,
  code text not null default '',
  message text not null default '',
  made_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (book_id, id)
);
create unique index refund_part_number on payments.refund_part (book_id, refund, number);
create index refund_part_collection on payments.refund_part (book_id, collection, send_at);
create index refund_part_waiting on payments.refund_part (book_id, channel)
  where state = 'waiting_for_funds';

-- What a channel settles for a business day, from its file, and the bank line that brought it.
create table payments.settlement (
  book_id int not null,
  org_id int not null,
  channel text not null,
  business_date char(8) not null,
  -- The text the settling transfer carries.
  reference text not null,
  -- Negative when more was refunded than came in.
  settled bigint not null,
  -- Kept back by the channel; owed by our own book.
  fee bigint not null,
  -- Refunds the channel paid out of our balance with it.
  from_balance bigint not null check (from_balance >= 0),
  rows int not null check (rows >= 0),
  file_hash text not null,
  state text not null check (state in ('expected', 'settled', 'differs')),
  flow text not null default '',
  -- What came over (or, negative, under) the expected amount.
  difference bigint not null default 0,
  made_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (book_id, channel, business_date)
);
create unique index settlement_reference on payments.settlement (book_id, reference);

create table payments.settlement_row (
  book_id int not null,
  org_id int not null,
  channel text not null,
  business_date char(8) not null,
  row int not null check (row > 0),
  direction text not null check (direction in ('collect', 'pay', 'refund', 'payout_returned')),
  reference text not null,
  amount bigint not null check (amount >= 0),
  fee bigint not null,
  state text not null check (state in ('matched', 'unknown', 'differs', 'repeated', 'idle')),
  primary key (book_id, channel, business_date, row)
);
-- An order is settled once, whatever later files say.
create unique index settlement_row_once on payments.settlement_row
  (book_id, channel, direction, reference) where state = 'matched';

create table payments.bank_line (
  book_id int not null,
  org_id int not null,
  channel text not null,
  -- The bank's number of the entry: it is taken once.
  flow text not null,
  side text not null check (side in ('in', 'out')),
  amount bigint not null check (amount > 0),
  business_date char(8) not null,
  memo text not null,
  reference text not null,
  taken_as text not null check (taken_as in
    ('payout', 'payout_returned', 'settlement', 'bank_transfer', 'reimbursement',
     'court_deduction', 'bank_fee', 'pool_interest', 'unknown_credit', 'unknown_debit')),
  taken_at timestamptz not null,
  primary key (book_id, channel, flow)
);
create index bank_line_memo on payments.bank_line (book_id, memo) where taken_as = 'unknown_credit';

-- How far the lines of a bank were read; moved with the lines themselves.
create table payments.bank_cursor (
  book_id int not null,
  org_id int not null,
  channel text not null,
  cursor text not null,
  read_at timestamptz not null,
  primary key (book_id, channel)
);

-- Money that moved without us.
create table payments.outside_entry (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  kind text not null check (kind in
    ('chargeback', 'court_deduction', 'bank_fee', 'pool_interest', 'unknown_credit',
     'unknown_debit')),
  -- `waiting`: it has left, but what is left of the cash is reserved; booked once that is released.
  state text not null check (state in ('booked', 'waiting', 'cleared')),
  account uuid not null,
  amount bigint not null check (amount > 0),
  channel text not null,
  -- The number it goes by outside.
  flow text not null,
  about text not null,
  tries int not null default 1,
  made_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (book_id, id)
);
create index outside_entry_waiting on payments.outside_entry (book_id, made_at) where state = 'waiting';

-- The orders a bank's lines are matched with.
create index attempt_bank_transfer on payments.attempt (book_id, channel, made_at)
  where method = 'bank_transfer';
