-- What routing decides by: versions of its rules, how attempts ended lately, and what refusals have taught. Configuration of the installation; no row is of a book.
create schema routing;

-- Every version that was ever checked and kept, under the hash of its content.
create table routing.rule_set (
  version text not null check (version ~ '^[0-9a-f]{64}$'),
  document jsonb not null,
  note text not null default '',
  made_at timestamptz not null,
  primary key (version)
);

-- The versions that were put in force; the last one is.
create table routing.activation (
  number bigint generated always as identity,
  version text not null references routing.rule_set (version),
  activated_by text not null,
  activated_at timestamptz not null,
  primary key (number)
);

-- How attempts ended in the last hours: health is told again from here at every start.
create table routing.observation (
  attempt text not null,
  direction text not null check (direction in ('collect', 'pay', 'refund')),
  channel text not null,
  bank text not null,
  account_type text not null check (account_type in ('', 'personal', 'corporate')),
  verdict text not null check (verdict in ('good', 'bad', 'permission', 'none')),
  code text not null,
  made_at timestamptz not null,
  at timestamptz not null,
  -- When this server wrote it down: others read what is new by it.
  recorded_at timestamptz not null,
  primary key (attempt)
);
create index observation_recorded on routing.observation (recorded_at);

-- Kinds of accounts at banks that a channel refuses for lack of permission.
create table routing.learnt_permission (
  direction text not null check (direction in ('collect', 'pay', 'refund')),
  channel text not null,
  bank text not null,
  account_type text not null check (account_type in ('', 'personal', 'corporate')),
  refusals int not null check (refusals >= 1),
  -- Absent while there are too few refusals to believe it.
  learnt_at timestamptz,
  expires_at timestamptz check ((expires_at is null) = (learnt_at is null)),
  -- The attempts that were refused, the last ones first: attempt, code, at.
  evidence jsonb not null,
  primary key (direction, channel, bank, account_type)
);
