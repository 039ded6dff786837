-- Who may sign in: organisations, their merchants and persons, users with their roles, and what proves a user.
create schema identity;

create table identity.organisation (
  -- What every row's org_id points at.
  id int primary key check (id > 0),
  org_id int not null generated always as (id) stored,
  uuid uuid not null unique,
  name text not null check (name <> '')
);

create table identity.merchant (
  id uuid primary key,
  org_id int not null references identity.organisation,
  name text not null check (name <> ''),
  unique (org_id, id)
);

-- The natural person, so that two users of one person are told to be one.
create table identity.person (
  id uuid primary key,
  org_id int not null references identity.organisation,
  staff_number text not null check (staff_number <> ''),
  unique (org_id, staff_number),
  unique (org_id, id)
);

create table identity.user_ (
  id uuid primary key,
  org_id int not null references identity.organisation,
  person_id uuid not null,
  -- Lower case, NFKC. Unique over all organisations: whoever signs in names none.
  login text not null unique check (login <> '' and login = lower(login)),
  name text not null check (name <> ''),
  -- The merchant it belongs to, for good; absent for the organisation's own people.
  merchant_id uuid,
  of_merchant boolean not null generated always as (merchant_id is not null) stored,
  state text not null check (state in ('active', 'disabled')),
  password_hash text,
  -- The seed of one-time codes, sealed.
  totp_secret text,
  -- The last time step whose code was taken: each counts once.
  totp_step bigint not null default 0,
  failures int not null default 0 check (failures >= 0),
  locked_until timestamptz,
  -- Until then an administrator may make a link for new credentials: others have agreed to it.
  reset_until timestamptz,
  made_at timestamptz not null,
  foreign key (org_id, person_id) references identity.person (org_id, id),
  foreign key (org_id, merchant_id) references identity.merchant (org_id, id),
  unique (org_id, id),
  unique (id, of_merchant),
  -- A password alone opens nothing.
  check ((password_hash is null) = (totp_secret is null))
);
create index on identity.user_ (person_id);

create table identity.user_role (
  user_id uuid not null,
  org_id int not null,
  role text not null check (role in ('viewer', 'operator', 'approver', 'finance', 'product',
    'engineer', 'administrator', 'merchant')),
  of_merchant boolean not null generated always as (role = 'merchant') stored,
  -- The public id of the person who gave it: he may not have it used for him soon after.
  granted_by text not null,
  granted_at timestamptz not null,
  primary key (user_id, role),
  foreign key (org_id, user_id) references identity.user_ (org_id, id),
  -- A merchant's user has that role and no other; nobody else has it.
  foreign key (user_id, of_merchant) references identity.user_ (id, of_merchant)
);
create index on identity.user_role (org_id, role);

create table identity.passkey (
  -- The credential's own id, base64url.
  id text primary key,
  org_id int not null,
  user_id uuid not null,
  public_key bytea not null,
  -- The authenticator's signature counter; 0 for those that do not count.
  counter bigint not null check (counter >= 0),
  transports text[] not null,
  name text not null,
  backed_up boolean not null,
  made_at timestamptz not null,
  used_at timestamptz,
  foreign key (org_id, user_id) references identity.user_ (org_id, id)
);
create index on identity.passkey (user_id);

create table identity.session (
  id uuid primary key,
  org_id int not null,
  user_id uuid not null,
  -- SHA-256 of the token in the cookie, and of nothing else.
  token_hash bytea not null unique check (length(token_hash) = 32),
  made_at timestamptz not null,
  -- Within half a minute; a request does not cost a write.
  seen_at timestamptz not null,
  -- The last proof of presence.
  proved_at timestamptz not null,
  from_address text not null,
  agent text not null,
  ended_at timestamptz,
  ended_why text check (ended_why in ('signed_out', 'replaced', 'by_user', 'by_administrator',
    'password_changed', 'credentials_reset', 'roles_changed', 'disabled', 'locked')),
  foreign key (org_id, user_id) references identity.user_ (org_id, id),
  check ((ended_at is null) = (ended_why is null))
);
create index on identity.session (user_id) where ended_at is null;

create table identity.one_time_link (
  token_hash bytea primary key check (length(token_hash) = 32),
  org_id int not null references identity.organisation,
  -- Of the first administrator it is the id he will have.
  user_id uuid not null,
  purpose text not null check (purpose in ('first_administrator', 'invite', 'reset')),
  made_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  replaced_at timestamptz,
  -- The seed shown to whoever opened it last, sealed; it becomes the user's when a code of it is given.
  totp_secret text
);
-- A new link takes the place of an unused one.
create unique index on identity.one_time_link (user_id)
  where used_at is null and replaced_at is null;
create unique index on identity.one_time_link (org_id)
  where purpose = 'first_administrator' and used_at is null and replaced_at is null;

-- Challenges of passkey ceremonies: each is answered once, or forgotten.
create table identity.challenge (
  hash bytea primary key check (length(hash) = 32),
  purpose text not null check (purpose in ('sign_in', 'step_up', 'enrol')),
  -- The session or link it was given to; nobody else may answer it.
  given_to text not null,
  expires_at timestamptz not null
);
create index on identity.challenge (expires_at);

-- Failed sign-ins by address, so that one address does not try many users.
create table identity.sign_in_failure (
  address text primary key,
  failures int not null check (failures > 0),
  since timestamptz not null
);
create index on identity.sign_in_failure (since);

select base.set_reach('identity.challenge', 'server', 'proofs of who somebody is');
select base.set_reach('identity.one_time_link', 'server', 'proofs of who somebody is');
select base.set_reach('identity.passkey', 'server', 'proofs of who somebody is');
select base.set_reach('identity.session', 'server', 'proofs of who somebody is');
select base.set_reach('identity.sign_in_failure', 'server', 'proofs of who somebody is');
select base.set_reach('identity.user_', 'server', 'proofs of who somebody is');
