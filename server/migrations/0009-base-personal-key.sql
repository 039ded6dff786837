-- Which keys have sealed personal data, by fingerprint, so that a lost or wrong key is seen at start. No key is in here.
create table base.personal_key (
  -- The key's id in envelopes; `index` names the root of the blind indexes.
  key_id text primary key,
  fingerprint text not null,
  first_used_at timestamptz not null
);
