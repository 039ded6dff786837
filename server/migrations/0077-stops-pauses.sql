-- Emergency stops: what is paused, whose money an order freezes, and which payouts look like another one.
create schema stops;

-- One pause each. A scope field that is null covers everything: all null stops the organisation.
create table stops.pause (
  org_id int not null,
  id uuid not null,
  channel text,
  direction text check (direction in ('collect', 'pay', 'refund')),
  book int check (book > 0),
  -- Public id of the merchant, the holder of the account that money comes to or leaves.
  merchant text,
  reason text not null check (reason <> ''),
  state text not null check (state in ('paused', 'resumed')),
  paused_by text not null,
  paused_at timestamptz not null,
  -- The approval that ended it.
  approval text,
  resumed_at timestamptz,
  primary key (id),
  check ((state = 'paused') = (approval is null) and (approval is null) = (resumed_at is null))
);
create index pause_standing on stops.pause (org_id, paused_at) where state = 'paused';
create index pause_of_org on stops.pause (org_id, paused_at);

-- One order of a court or another authority against one party of an organisation.
create table stops.freeze_order (
  org_id int not null,
  id uuid not null,
  -- Public id of the party or merchant, as accounts name their holder.
  holder text not null check (holder <> ''),
  order_number text not null check (order_number <> ''),
  authority text not null check (authority <> ''),
  reason text not null,
  state text not null check (state in ('ordered', 'lifted')),
  -- It ends by itself then, on the business clock.
  until timestamptz,
  ordered_by text not null,
  ordered_at timestamptz not null,
  approval text,
  lifted_at timestamptz,
  primary key (id),
  check ((state = 'ordered') = (approval is null) and (approval is null) = (lifted_at is null))
);
-- An order is carried out once, however often it is sent.
create unique index freeze_order_number on stops.freeze_order (org_id, authority, order_number, holder);
create index freeze_order_standing on stops.freeze_order (org_id, holder) where state = 'ordered';

-- The books an order was sent to, and why one has not acknowledged it. Configuration: it says what was
-- tried, never what is frozen.
create table stops.freeze_target (
  freeze_id uuid not null,
  book_id int not null check (book_id > 0),
  org_id int not null,
  why text not null,
  tries int not null check (tries >= 0),
  tried_at timestamptz,
  primary key (book_id, freeze_id)
);
create index freeze_target_order on stops.freeze_target (freeze_id);

-- That a book has acknowledged an order, and later its end: moved by the book's own writer.
create table stops.freeze_book (
  book_id int not null,
  org_id int not null,
  freeze_id uuid not null,
  state text not null check (state in ('frozen', 'lifted')),
  -- The party's accounts in the book when it was acknowledged last.
  accounts int not null check (accounts >= 0),
  moved_at timestamptz not null,
  primary key (book_id, freeze_id)
);
create index freeze_book_order on stops.freeze_book (freeze_id);

-- One row per party and book: the orders in force there. An account is opened again by whoever takes
-- the last order out; `version` is what that was decided on.
create table stops.frozen_party (
  book_id int not null,
  org_id int not null,
  holder text not null,
  orders uuid[] not null,
  -- Accounts somebody had frozen before the first order: they stay frozen when the last one ends.
  kept uuid[] not null,
  version int not null,
  moved_at timestamptz not null,
  primary key (book_id, holder)
);
