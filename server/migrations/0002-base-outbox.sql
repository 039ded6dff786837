-- Facts for other modules, written in the tx that made them true, and how far each subscriber has read.
create table base.outbox (
  book_id int not null,
  seq bigint not null,
  n int not null,
  org_id int not null,
  kind text not null,
  aggregate text not null,
  payload jsonb not null,
  at timestamptz not null,
  primary key (book_id, seq, n)
);

create table base.outbox_cursor (
  book_id int not null,
  subscriber text not null,
  seq bigint not null,
  n int not null,
  primary key (book_id, subscriber)
);

-- Events a subscriber could not take yet, and the later ones of the same aggregate, which wait behind.
create table base.outbox_held (
  book_id int not null,
  subscriber text not null,
  seq bigint not null,
  n int not null,
  aggregate text not null,
  tries int not null,
  next_at timestamptz not null,
  last_error text,
  parked_at timestamptz,
  primary key (book_id, subscriber, seq, n)
);

create index outbox_held_by_aggregate on base.outbox_held (book_id, subscriber, aggregate, seq, n);
