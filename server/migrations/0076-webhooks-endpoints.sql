-- Telling others what happened: who wants which events, the events as they were told, and how each delivery went.
create schema webhooks;

create table webhooks.endpoint (
  id uuid not null,
  org_id int not null,
  -- The public id of the merchant whose events it gets; empty for all of the organisation.
  merchant text not null default '',
  -- A listener is a developer's terminal: it asks for its deliveries and is called by nobody.
  kind text not null check (kind in ('url', 'listener')),
  url text not null,
  -- Types, groups such as payout.*, or *.
  events text[] not null check (cardinality(events) > 0),
  description text not null default '',
  state text not null check (state in ('enabled', 'disabled')),
  disabled_because text not null check (disabled_because in ('', 'person', 'gone', 'failing')),
  disabled_at timestamptz,
  -- Grows when it is enabled again: due work of before then is not taken for work of now.
  epoch int not null default 0,
  -- Sealed. While a secret is replaced, the one before it signs too.
  secret text not null,
  old_secret text,
  old_secret_until timestamptz,
  -- The request that replaced it last: sent again, it is answered the same.
  rotation text not null default '',
  -- Failed attempts since the last success.
  failures int not null default 0,
  failing_since timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  -- When a listener last asked, on the wall clock.
  polled_at timestamptz,
  created_at timestamptz not null,
  primary key (id),
  check ((state = 'enabled') = (disabled_because = '')),
  check ((old_secret is null) = (old_secret_until is null)),
  check ((kind = 'listener') = (polled_at is not null))
);
create index endpoint_of_org on webhooks.endpoint (org_id, id);

-- What was told, byte for byte: a signature covers it, and every retry and replay sends the same.
create table webhooks.event (
  book_id int not null,
  id uuid not null,
  seq bigint not null,
  n int not null,
  org_id int not null,
  merchant text not null default '',
  type text not null,
  aggregate text not null,
  body text not null,
  at timestamptz not null,
  primary key (book_id, id)
);
create index event_of_org on webhooks.event (org_id, at, id);

create table webhooks.delivery (
  book_id int not null,
  id uuid not null,
  org_id int not null,
  endpoint uuid not null,
  event uuid not null,
  -- Zero for the first telling; else the replay that asked for it.
  replay uuid not null,
  aggregate text not null,
  seq bigint not null,
  n int not null,
  state text not null check (state in ('waiting', 'delivered', 'dead')),
  attempts int not null default 0,
  -- When it is tried next; it may still wait behind an earlier event.
  next_at timestamptz,
  -- Until when a listener may answer for it, on the wall clock.
  offered_until timestamptz,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (book_id, id),
  unique (book_id, event, endpoint, replay),
  check ((state = 'waiting') = (next_at is not null)),
  check ((state = 'waiting') = (ended_at is null))
);
create index delivery_waiting on webhooks.delivery (book_id, endpoint, aggregate, seq, n)
  where state = 'waiting';
create index delivery_of_endpoint on webhooks.delivery (endpoint, created_at, id);
create index delivery_ended on webhooks.delivery (ended_at) where ended_at is not null;

create table webhooks.attempt (
  book_id int not null,
  delivery uuid not null,
  number int not null,
  org_id int not null,
  at timestamptz not null,
  status int,
  ms int not null,
  reply text not null,
  error text not null,
  primary key (book_id, delivery, number)
);
create index attempt_by_age on webhooks.attempt (at);
