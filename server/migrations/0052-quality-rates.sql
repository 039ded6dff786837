-- Success rates are asked over months: kept as counts that each fact moves, never by scanning attempts.
create schema quality;

-- Facts as they came, until they are folded into the counts; the position tells repeats.
create table quality.arrival (
  book_id int not null,
  seq bigint not null,
  n int not null,
  fact jsonb not null,
  primary key (book_id, seq, n)
);

-- One row, locked by whoever folds: one at a time. The number of folds that counted something.
create table quality.fold (
  one bool primary key check (one),
  folds bigint not null
);
insert into quality.fold values (true, 0);

-- The ways an attempt can have ended. No cause in here: it is asked for when somebody counts.
create table quality.ending (
  id int generated always as identity primary key,
  direction text not null check (direction in ('collect', 'pay', 'refund')),
  channel text not null,
  code text not null,
  outcome text not null check (outcome in
    ('succeeded', 'failed', 'overdue', 'returned', 'returned_late')),
  -- The first attempt of its order. The order's own end is noted here, and on no other attempt:
  first boolean not null,
  -- whether any attempt of the order succeeded,
  converted boolean not null,
  -- and else how its last attempt ended, when that is not this one.
  last_channel text not null,
  last_code text not null,
  -- Ended otherwise than it stood when it was due.
  reclassified boolean not null,
  unique (direction, channel, code, outcome, first, converted, last_channel, last_code, reclassified),
  check (first or not converted)
);

-- Where the money was to come from or go to, and about how much it was.
create table quality.segment (
  id int generated always as identity primary key,
  bank text not null,
  account_type text not null check (account_type in ('', 'personal', 'corporate')),
  band text not null,
  unique (bank, account_type, band)
);

create table quality.attempt (
  book_id int not null,
  id uuid not null,
  order_id uuid not null,
  number int not null check (number > 0),
  ending int not null,
  segment int not null,
  made_at timestamptz not null,
  -- Of the fact that told the ending.
  at timestamptz not null,
  succeeded_at timestamptz,
  was_overdue boolean not null,
  had_failed boolean not null,
  primary key (book_id, id)
);
create index attempt_order on quality.attempt (book_id, order_id);
create index attempt_made on quality.attempt (made_at) include (ending, segment);

-- Attempts per Shanghai day (days since 1970-01-01), ending and segment.
create table quality.day (
  day int not null,
  ending int not null,
  segment int not null,
  n bigint not null,
  primary key (day, ending, segment)
);

-- The last fold that moved a count of the day: whoever keeps a day in memory asks whether it still holds.
create table quality.day_moved (
  day int primary key,
  fold bigint not null
);

-- Attempts per hour (hours since 1970-01-01T00Z), without segments.
create table quality.hour (
  hour int not null,
  ending int not null,
  n bigint not null,
  primary key (hour, ending)
);
