-- Who changed what, from what to what: one chain of hashes per book and one (book 0) for configuration, which only grow.
--
-- The tables belong to a role nobody signs in as. The server may add entries by audit.append and read
-- them, and nothing else. A superuser is bound by neither grants nor triggers: against him stand the
-- chain itself and the checkpoints that are kept outside the database.

create schema audit;

create table audit.entry (
  book_id int not null check (book_id >= 0),
  seq bigint not null check (seq > 0),
  at timestamptz not null,
  org_id int not null,
  actor_kind text not null check (actor_kind in ('user', 'key', 'platform', 'operator')),
  actor_id text not null,
  actor_person text not null,
  from_address text not null,
  action text not null,
  object text not null,
  -- As text, because the chain covers it to the letter.
  before text,
  after text,
  approval text,
  request_id text,
  prev_hash bytea not null check (length(prev_hash) = 32),
  hash bytea not null check (length(hash) = 32),
  primary key (book_id, seq)
);
create index entry_by_time on audit.entry (org_id, at, book_id, seq);
create index entry_by_object on audit.entry (org_id, object, at, book_id, seq);
create index entry_by_actor on audit.entry (org_id, actor_id, at, book_id, seq);
create index entry_by_person on audit.entry (org_id, actor_person, at, book_id, seq);

-- The end of each chain. Its row is the lock that puts the entries of a book in order.
create table audit.head (
  book_id int primary key check (book_id >= 0),
  seq bigint not null check (seq >= 0),
  hash bytea not null check (length(hash) = 32)
) with (fillfactor = 50);

-- How far the files of checkpoints go, as the database remembers it: a file that was cut shows.
create table audit.checkpoint_end (
  id int primary key check (id = 1),
  n bigint not null check (n >= 0),
  -- SHA-256 of the checkpoint's line; 32 zero bytes before the first.
  line_hash bytea not null check (length(line_hash) = 32),
  at timestamptz
) with (fillfactor = 50);
insert into audit.checkpoint_end (id, n, line_hash) values (1, 0, decode(repeat('00', 32), 'hex'));

create function audit.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'The audit log only grows: % on %.% is refused.',
    lower(tg_op), tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

create trigger entry_stays before update or delete or truncate on audit.entry
  for each statement execute function audit.refuse_change();
create trigger head_stays before delete or truncate on audit.head
  for each statement execute function audit.refuse_change();
create trigger head_goes_on before update on audit.head
  for each row when (new.book_id <> old.book_id or new.seq <= old.seq)
  execute function audit.refuse_change();
create trigger checkpoint_end_stays before delete or truncate on audit.checkpoint_end
  for each statement execute function audit.refuse_change();
create trigger checkpoint_end_goes_on before update on audit.checkpoint_end
  for each row when (new.n <= old.n)
  execute function audit.refuse_change();

-- A field as it is hashed: its length in bytes (4 bytes, big-endian; -1 when absent), then its bytes.
-- Named in full and without a search_path of its own, so that it is taken into the caller's expression.
create function audit.field(value text) returns bytea
language sql stable as $$
  select case
    when value is null then pg_catalog.int4send(-1)
    else pg_catalog.int4send(pg_catalog.octet_length(pg_catalog.convert_to(value, 'UTF8')))
      operator(pg_catalog.||) pg_catalog.convert_to(value, 'UTF8')
  end
$$;

-- Adds entries to the chain of a book, in the order of the arrays, and returns the number of the last.
-- The head's row stays locked until the tx ends, so that numbers are in the order of commits.
create function audit.append(
  book int, at timestamptz, org_ids int[], actor_kinds text[], actor_ids text[],
  actor_persons text[], from_addresses text[], actions text[], objects text[],
  befores text[], afters text[], approvals text[], request_ids text[]
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  number bigint;
  previous bytea;
  this bytea;
  micros bigint := (extract(epoch from append.at) * 1000000)::bigint;
begin
  if coalesce(cardinality(org_ids), 0) = 0 then
    raise exception 'audit.append takes at least one entry.'
      using errcode = 'invalid_parameter_value';
  end if;
  insert into audit.head (book_id, seq, hash)
    values (book, 0, decode(repeat('00', 32), 'hex')) on conflict (book_id) do nothing;
  select h.seq, h.hash into strict number, previous
    from audit.head h where h.book_id = book for update;
  for n in 1 .. cardinality(org_ids) loop
    number := number + 1;
    this := sha256(
      audit.field('tenon audit entry 1') || previous || int4send(book) || int8send(number)
      || int8send(micros) || int4send(org_ids[n]) || audit.field(actor_kinds[n])
      || audit.field(actor_ids[n]) || audit.field(actor_persons[n])
      || audit.field(from_addresses[n]) || audit.field(actions[n]) || audit.field(objects[n])
      || audit.field(befores[n]) || audit.field(afters[n]) || audit.field(approvals[n])
      || audit.field(request_ids[n])
    );
    insert into audit.entry (
      book_id, seq, at, org_id, actor_kind, actor_id, actor_person, from_address, action, object,
      before, after, approval, request_id, prev_hash, hash
    ) values (
      book, number, append.at, org_ids[n], actor_kinds[n], actor_ids[n], actor_persons[n],
      from_addresses[n], actions[n], objects[n], befores[n], afters[n], approvals[n],
      request_ids[n], previous, this
    );
    previous := this;
  end loop;
  update audit.head h set seq = number, hash = previous where h.book_id = book;
  return number;
end $$;

-- Remembers a checkpoint that is in its file; false when it is no later than the last one.
create function audit.note_checkpoint(number bigint, line_hash bytea, at timestamptz)
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update audit.checkpoint_end c
    set n = number, line_hash = note_checkpoint.line_hash, at = note_checkpoint.at
    where c.id = 1 and c.n < number;
  return found;
end $$;

-- Everything above is given to tenon_auditor, which the server's login is no member of afterwards.
do $$
declare
  login constant text := quote_ident(current_user);
  is_bound constant boolean := not (select rolsuper from pg_roles where rolname = current_user);
begin
  begin
    if not exists (select from pg_roles where rolname = 'tenon_auditor') then
      create role tenon_auditor nologin;
    end if;
  exception
    -- Another database of the same cluster made it at this moment.
    when duplicate_object or unique_violation then null;
  end;
  if is_bound and not pg_has_role(current_user, 'tenon_auditor', 'usage') then
    execute format('grant tenon_auditor to %s', login);
  end if;

  grant usage, create on schema audit to tenon_auditor;
  alter table audit.entry owner to tenon_auditor;
  alter table audit.head owner to tenon_auditor;
  alter table audit.checkpoint_end owner to tenon_auditor;
  alter function audit.refuse_change() owner to tenon_auditor;
  alter function audit.field(text) owner to tenon_auditor;
  alter function audit.append(
    int, timestamptz, int[], text[], text[], text[], text[], text[], text[], text[], text[], text[],
    text[]
  ) owner to tenon_auditor;
  alter function audit.note_checkpoint(bigint, bytea, timestamptz) owner to tenon_auditor;

  revoke all on all functions in schema audit from public;
  execute format('grant select on all tables in schema audit to %s', login);
  execute format('grant execute on function audit.append to %s', login);
  execute format('grant execute on function audit.note_checkpoint to %s', login);

  -- Whoever reads for one organisation sees its entries only; the server itself sees all.
  alter table audit.entry enable row level security;
  execute format('create policy server on audit.entry for select to %s using (true)', login);
  if exists (select from pg_roles where rolname = 'tenon_reader') then
    grant usage on schema audit to tenon_reader;
    grant select on audit.entry to tenon_reader;
    create policy of_organisation on audit.entry for select to tenon_reader
      using (org_id = nullif(current_setting('tenon.org_id', true), '')::int);
  end if;
  alter schema audit owner to tenon_auditor;
  execute format('grant usage on schema audit to %s', login);

  begin
    if is_bound then
      execute format('revoke tenon_auditor from %s', login);
    end if;
  exception
    when insufficient_privilege then
      raise warning 'Have a database administrator run: revoke tenon_auditor from %;', login;
  end;
exception
  when insufficient_privilege then
    raise exception 'The audit log must belong to a role that this login is not: %. Have a database administrator run "create role tenon_auditor nologin; grant tenon_auditor to %;" before the start, and "revoke tenon_auditor from %;" after it.',
      sqlerrm, login, login
      using errcode = 'insufficient_privilege';
end $$;

select base.set_reach('audit.head', 'server', 'ends of all chains');
select base.set_reach('audit.checkpoint_end', 'server', 'of the installation');
