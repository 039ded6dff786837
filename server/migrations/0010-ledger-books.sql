-- The ledger: books with one writer each, their accounts, transfers, holds, seals and refused ids.
-- Every key leads with book_id, so that the tables can be distributed by book.
create schema ledger;

create table ledger.book (
  book_id int primary key check (book_id between 1 and 999999999),
  org_id int not null,
  name text not null,
  currency char(3) not null,
  chart text not null,
  closed_before timestamptz,
  created_at timestamptz not null
);

-- One row per book: who may write it (epoch), how far it is (seq, last_id), from where a start must
-- replay (checkpoint_id: every account row is complete up to it), and the hash chain's end.
create table ledger.head (
  book_id int primary key references ledger.book,
  org_id int not null,
  epoch bigint not null,
  seq bigint not null,
  last_id bigint not null,
  checkpoint_id bigint not null,
  chain bytea not null,
  sealed_at timestamptz not null,
  owner_url text
) with (fillfactor = 10);

create table ledger.account (
  book_id int not null references ledger.book,
  org_id int not null,
  number int not null,
  id uuid not null,
  code text not null,
  name text not null,
  holder text,
  side text not null check (side in ('debit', 'credit')),
  credit_limit bigint check (credit_limit >= 0),
  state text not null check (state in ('open', 'frozen', 'closed')),
  debits_posted bigint not null check (debits_posted >= 0),
  credits_posted bigint not null check (credits_posted >= 0),
  debits_pending bigint not null check (debits_pending >= 0),
  credits_pending bigint not null check (credits_pending >= 0),
  -- The counters and last_entry are complete up to this transfer; later ones are in the tail.
  as_of_id bigint not null,
  -- The account's newest transfer up to as_of_id: the start of its history.
  last_entry bigint not null,
  opened_at timestamptz not null,
  primary key (book_id, number),
  -- A second guard behind the writer's own decision.
  check (
    credit_limit is null or
    case side
      when 'debit' then debits_posted::numeric - credits_posted - credits_pending + credit_limit
      else credits_posted::numeric - debits_posted - debits_pending + credit_limit
    end >= 0
  )
) with (fillfactor = 50);
create unique index account_id on ledger.account (book_id, id);

-- Legs of transfers, numbered by the writer without gaps. Each row is both entries, debit and
-- credit, and points to the previous entry of either account, so that history can be read from a
-- partition that has no index on the accounts yet.
create table ledger.transfer (
  book_id int not null,
  org_id int not null,
  id bigint not null,
  -- The caller's id on the first leg; the others are found by number.
  key uuid,
  leg smallint not null,
  type smallint not null check (type between 0 and 5),
  debit int not null,
  credit int not null,
  amount bigint not null check (amount > 0),
  -- Net posted balances after this leg, debits less credits.
  debit_after bigint not null,
  credit_after bigint not null,
  debit_prev bigint not null,
  credit_prev bigint not null,
  -- The hold that is released, voided or expired, or the transfer that is reversed.
  subject_id bigint,
  booked_at timestamptz not null,
  effective_at timestamptz,
  purpose text,
  primary key (book_id, id)
) partition by range (book_id, id);

create table ledger.partition (
  book_id int not null references ledger.book,
  org_id int not null,
  number int not null,
  first_id bigint not null,
  -- One past the last id it may hold.
  end_id bigint not null,
  sealed_at timestamptz,
  -- The filter over its ids, written when it is sealed.
  key_filter bytea,
  primary key (book_id, number)
);

create table ledger.hold (
  book_id int not null,
  org_id int not null,
  id bigint not null,
  key uuid not null,
  debit int not null,
  credit int not null,
  amount bigint not null check (amount > 0),
  remaining bigint not null check (remaining between 0 and amount),
  state text not null check (state in ('open', 'released', 'voided', 'expired')),
  expires_at timestamptz,
  pinned boolean not null,
  primary key (book_id, id),
  check ((state = 'open') = (remaining > 0))
) with (fillfactor = 70);
create unique index hold_key on ledger.hold (book_id, key);
create index hold_open on ledger.hold (book_id, id) where state = 'open';
create index hold_debit on ledger.hold (book_id, debit);
create index hold_credit on ledger.hold (book_id, credit);

-- One row per batch: the chain of what was decided, in order.
create table ledger.seal (
  book_id int not null references ledger.book,
  org_id int not null,
  seq bigint not null,
  first_id bigint not null,
  last_id bigint not null,
  at timestamptz not null,
  rows_hash bytea not null,
  hash bytea not null,
  primary key (book_id, seq)
);
create index seal_at on ledger.seal (book_id, at);
create index seal_last_id on ledger.seal (book_id, last_id);

-- Ids whose transfer was refused: the same id gets the same answer for ever.
create table ledger.refused (
  book_id int not null,
  org_id int not null,
  key uuid not null,
  seq bigint not null,
  position int not null,
  -- head.last_id when it was refused: which partition's key filter holds the id.
  after_id bigint not null,
  code text not null,
  -- As text, because the chain covers it to the letter.
  request json not null,
  at timestamptz not null,
  primary key (book_id, key)
);
create index refused_seq on ledger.refused (book_id, seq, position);
create index refused_after on ledger.refused (book_id, after_id);

-- A transfer is reversed once.
create table ledger.reversal (
  book_id int not null,
  org_id int not null,
  subject_id bigint not null,
  reversal_id bigint not null,
  primary key (book_id, subject_id)
);
