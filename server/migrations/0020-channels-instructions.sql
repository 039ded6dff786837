-- One row for each call we make of a bank, written before it is made, and one for each entry a bank says came in.
create schema channels;

create table channels.instruction (
  book_id int not null,
  org_id int not null,
  id uuid not null,
  channel text not null,
  operation text not null check (operation in
    ('open_sub_account', 'bind_account', 'freeze', 'unfreeze', 'pay', 'withdraw')),
  -- What the bank sees: unique for ever, carries the book.
  reference text not null check (length(reference) = 22),
  -- The aggregate it is for, and which of its steps.
  owner text not null,
  step uuid not null,
  amount bigint not null check (amount >= 0),
  state text not null check (state in
    ('intended', 'sending', 'accepted', 'unknown', 'succeeded', 'failed')),
  -- How often it came back unsent; its due rows carry the number.
  sends int not null default 0,
  -- Never sent after this.
  valid_until timestamptz not null,
  -- The last moment a byte may have left.
  send_before timestamptz,
  -- "No such flow" answers that count, and when the last one came.
  not_found int not null default 0,
  not_found_at timestamptz,
  code text not null default '',
  message text not null default '',
  bank_reference text not null default '',
  intended_at timestamptz not null,
  moved_at timestamptz not null,
  primary key (book_id, id)
);
create unique index instruction_reference on channels.instruction (book_id, reference);
create index instruction_owner on channels.instruction (book_id, owner);
create index instruction_open on channels.instruction (book_id, intended_at)
  where state not in ('succeeded', 'failed');

create table channels.inbound (
  book_id int not null,
  org_id int not null,
  channel text not null,
  -- The bank's number of the entry, the same in notice, list and file: it is booked once.
  flow text not null,
  sub_account text not null,
  amount bigint not null check (amount > 0),
  kind text not null check (kind in ('credited', 'suspense', 'returned')),
  state text not null check (state in ('held', 'booked')),
  told_by text not null check (told_by in ('notice', 'list', 'file')),
  -- Sealed.
  payer_name text,
  payer_account text,
  memo text not null,
  business_date char(8) not null,
  return_of text not null,
  recorded_at timestamptz not null,
  primary key (book_id, channel, flow)
);
create index inbound_date on channels.inbound (book_id, channel, business_date);
