-- The channels the servers route over, as they noted them at their start: a replay on another machine decides by the same matrix.
create table routing.channel (
  name text not null,
  -- The capability matrix, amounts as text.
  capability jsonb not null,
  noted_at timestamptz not null,
  primary key (name)
);
