-- What people classified after the files were written, version by version, and the codes nobody has classified yet.
create schema codes;

create table codes.version (
  version int primary key check (version > 0),
  made_at timestamptz not null,
  made_by text not null check (made_by <> ''),
  note text not null
);

-- A row of a version wins over the files' and over those of earlier versions; none is ever changed.
create table codes.entry (
  version int not null references codes.version,
  list text not null,
  direction text not null check (direction in ('collect', 'pay', 'refund', 'any')),
  code text not null check (code <> ''),
  cause text check (cause in ('user', 'bank', 'channel', 'merchant', 'system', 'risk')),
  reason text not null,
  certainty text not null check (certainty in ('succeeded', 'failed', 'unknown')),
  retry text not null check (retry in
    ('none', 'by_user', 'other_channel', 'same_channel_later', 'after_fix')),
  text_zh text not null check (text_zh <> ''),
  text_en text not null check (text_en <> ''),
  primary key (version, list, direction, code),
  -- Money may have moved: an unknown outcome is asked about, never tried again.
  check (certainty <> 'unknown' or retry = 'none'),
  check ((certainty = 'succeeded') <= (cause is null)),
  check (certainty <> 'failed' or cause is not null)
);

create table codes.inbox (
  list text not null,
  direction text not null check (direction in ('collect', 'pay', 'refund')),
  code text not null,
  -- Attempts that ended with it while it was unmapped.
  count bigint not null check (count > 0),
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  -- Public id of the attempt that met it last.
  sample text not null,
  -- The version that classified it.
  classified_in int references codes.version,
  primary key (list, direction, code)
);
