-- Custody cases: one running scheme each, with its parties, ledger accounts, milestones and steps, and what is left to people.
-- References are checked at commit: one batch inserts cases and their rows in the order of its statements.
create schema custody;

-- Which pool at which bank a book is.
create table custody.pool (
  book_id int primary key,
  org_id int not null,
  channel text not null,
  pool_no text not null,
  opened_at timestamptz not null
);

create table custody.case (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  -- The caller's number of the deal.
  deal text not null,
  -- The document it runs by, kept for ever, and its hash.
  scheme jsonb not null,
  scheme_hash text not null,
  -- Minor units as text, by name.
  amounts jsonb not null,
  state text not null check (state in ('opening', 'running', 'returning', 'returned', 'completed')),
  -- What was reported of the world: registration, mortgage and the like.
  facts jsonb not null,
  -- Counts every command on the case; a decision made on an older one is made again.
  version int not null,
  opened_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (book_id, id)
);
create unique index case_deal on custody.case (book_id, org_id, deal);

create table custody.party (
  book_id int not null,
  org_id int not null,
  case_id uuid not null,
  role text not null,
  kind text not null check (kind in ('person', 'company')),
  -- Our number of the party at the bank.
  member text not null,
  -- Sealed personal data.
  name text not null,
  id_number text not null,
  mobile text not null,
  account text not null,
  bank text not null,
  sub_account text not null,
  -- The number a payer transfers to.
  pay_to text not null,
  primary key (book_id, case_id, role),
  foreign key (book_id, case_id) references custody.case deferrable initially deferred
);
create index party_sub_account on custody.party (book_id, sub_account);

create table custody.account (
  book_id int not null,
  org_id int not null,
  case_id uuid not null,
  name text not null,
  role text not null,
  purpose text not null check (purpose in ('received', 'guarantee', 'payable')),
  ledger_account uuid not null,
  primary key (book_id, case_id, name),
  foreign key (book_id, case_id) references custody.case deferrable initially deferred
);

create table custody.milestone (
  book_id int not null,
  org_id int not null,
  case_id uuid not null,
  position int not null,
  name text not null,
  state text not null check (state in
    ('waiting', 'moving', 'reached', 'lapsing', 'lapsed', 'stopped')),
  deadline_at timestamptz,
  ended_at timestamptz,
  primary key (book_id, case_id, name),
  foreign key (book_id, case_id) references custody.case deferrable initially deferred
);

-- What is done towards a milestone, in order: a payer's tranche awaited, or one instruction to the bank.
create table custody.step (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  case_id uuid not null,
  -- Empty for the opening of sub-accounts and for returns.
  milestone text not null,
  position int not null,
  kind text not null check (kind in
    ('open_sub_account', 'bind_account', 'collect', 'freeze', 'pay', 'unfreeze', 'withdraw')),
  role text not null,
  -- Accounts of the case, by name; empty where none is touched.
  from_account text not null,
  legs jsonb not null,
  amount bigint not null check (amount >= 0),
  received bigint not null check (received >= 0),
  -- The order number the bank knows it by.
  order_no text not null,
  state text not null check (state in
    ('planned', 'awaiting', 'instructed', 'done', 'failed', 'dropped')),
  tries int not null,
  -- The last instruction sent for it; empty before the first.
  instruction text not null,
  ended_at timestamptz,
  primary key (book_id, id),
  foreign key (book_id, case_id) references custody.case deferrable initially deferred
);
create unique index step_position on custody.step (book_id, case_id, position);

-- Differences and doubts that people must settle, each with its owner and deadline.
create table custody.open_item (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  kind text not null check (kind in
    ('under_paid', 'over_paid', 'unexpected_inbound', 'suspense_inbound', 'inbound_told_differently',
     'instruction_refused', 'payout_failed', 'payout_returned', 'outcome_unknown',
     'outcome_contradicted', 'statement_missing', 'statement_refused', 'statement_flow_unknown',
     'statement_flow_missing', 'statement_amount_differs', 'balance_differs')),
  -- Minor units; what the two sides differ by, or what is in doubt.
  amount bigint not null,
  -- Whose book has more: ours, the bank's, or neither.
  side text not null check (side in ('ours', 'bank', 'neither')),
  -- Bank flow, our reference, sub-account or file it is about.
  reference text not null,
  -- Public id of the case, empty when it belongs to none.
  case_ref text not null,
  -- The step whose end closes it; empty when only a person can.
  step text not null,
  detail text not null,
  owner text not null,
  deadline_at timestamptz not null,
  state text not null check (state in ('open', 'closed')),
  opened_at timestamptz not null,
  closed_at timestamptz,
  primary key (book_id, id)
);
create index open_item_open on custody.open_item (book_id, deadline_at) where state = 'open';
