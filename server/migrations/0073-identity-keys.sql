-- How programs prove who they are: API keys, the nonces of signed requests, and permits of rate limits.

create table identity.api_key (
  id uuid primary key,
  org_id int not null references identity.organisation,
  -- The merchant it belongs to; absent for one of the organisation itself.
  merchant_id uuid,
  -- One of the two places a holder has.
  slot int2 not null check (slot in (1, 2)),
  name text not null check (name <> ''),
  state text not null check (state in ('live', 'revoked', 'expired')),
  role text not null check (role in ('merchant', 'operator', 'engineer')),
  -- Those of the role it has; fewer where it was asked for fewer.
  permissions text[] not null,
  requires_signature boolean not null,
  -- The first characters of its secret, by which it is found, and SHA-256 of the whole.
  handle text unique check (handle ~ '^[0-9a-f]{16}$'),
  secret_hash bytea check (length(secret_hash) = 32),
  algorithm text check (algorithm in ('ed25519', 'rsa-pss-sha512', 'sm2-sm3')),
  -- PEM.
  public_key text,
  made_by text not null,
  made_by_person text not null,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  -- The key that took its place, where it was rotated.
  replaced_by uuid,
  foreign key (org_id, merchant_id) references identity.merchant (org_id, id),
  check ((handle is null) = (secret_hash is null)),
  check ((algorithm is null) = (public_key is null)),
  check (handle is not null or public_key is not null),
  check (public_key is not null or not requires_signature),
  check ((merchant_id is not null) = (role = 'merchant')),
  check ((state = 'live') = (ended_at is null))
);
-- Two live keys at most for one holder, whoever asks at the same moment.
create unique index api_key_slot on identity.api_key (org_id, merchant_id, slot)
  nulls not distinct where state = 'live';
create index api_key_holder on identity.api_key (org_id, merchant_id, made_at);

-- Nonces of signed requests, by the ten minutes in which they were created, in a ring of four tables:
-- old ones go by emptying a table, row by row nothing is ever deleted. Unlogged: a crash forgets them,
-- and then a captured request could be sent again within five minutes. A POST carries a signed
-- idempotency key and is answered as it was the first time; a GET changes nothing.
create table identity.nonce (
  slot int2 not null check (slot between 0 and 3),
  -- The first half of SHA-256 over key and nonce.
  hash bytea not null check (length(hash) = 16),
  primary key (slot, hash)
) partition by list (slot);
create unlogged table identity.nonce_0 partition of identity.nonce for values in (0);
create unlogged table identity.nonce_1 partition of identity.nonce for values in (1);
create unlogged table identity.nonce_2 partition of identity.nonce for values in (2);
create unlogged table identity.nonce_3 partition of identity.nonce for values in (3);

-- Permits of rate limits that replicas have taken, in the newest window of each limit. Unlogged: after
-- a crash a window begins anew.
create unlogged table identity.permit (
  name text primary key,
  -- Number of the window since 1970.
  window_no int8 not null,
  taken int not null check (taken >= 0)
) with (fillfactor = 50);

select base.set_reach('identity.api_key', 'server', 'proofs of who somebody is');
select base.set_reach('identity.nonce', 'server', 'proofs of who somebody is');
select base.set_reach('identity.permit', 'server', 'how much others ask for');
