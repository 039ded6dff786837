-- Generated from the migrations by `npm run golden`. Do not edit; change a migration instead.

create schema approvals;

CREATE OR REPLACE FUNCTION approvals.begin_execution()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if not exists (select from approvals.request r
    where r.book_id = new.book_id and r.id = new.approval_id and r.state = 'approved') then
    raise exception 'only what is approved is carried out'
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION approvals.begin_request()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.state <> 'requires_review' or new.approvals <> 0 then
    raise exception 'a request begins unapproved' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION approvals.move_request()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  found bigint;
begin
  if (new.book_id, new.id, new.org_id, new.action, new.bound, new.content_hash, new.maker_kind,
      new.maker_id, new.maker_person, new.reason, new.rule, new.needed, new.permission,
      new.break_glass, new.requested_at, new.expires_at, new.preview, new.replaces)
    is distinct from
     (old.book_id, old.id, old.org_id, old.action, old.bound, old.content_hash, old.maker_kind,
      old.maker_id, old.maker_person, old.reason, old.rule, old.needed, old.permission,
      old.break_glass, old.requested_at, old.expires_at, old.preview, old.replaces) then
    raise exception 'what a request asks never changes'
      using errcode = 'integrity_constraint_violation';
  end if;
  if new.state = old.state then
    return new;
  end if;
  if not (old.state, new.state) in (
    ('requires_review', 'approved'), ('requires_review', 'rejected'),
    ('requires_review', 'canceled'), ('requires_review', 'expired'),
    ('approved', 'executed'), ('approved', 'failed')) then
    raise exception 'a request does not move from % to %', old.state, new.state
      using errcode = 'integrity_constraint_violation';
  end if;
  if new.state in ('approved', 'rejected') then
    select count(*) into found from approvals.decision d
      where d.book_id = new.book_id and d.request_id = new.id
        and d.verdict = case new.state when 'approved' then 'approve' else 'reject' end;
    if found < (case new.state when 'approved' then new.needed else 1 end) then
      raise exception 'too few persons have decided' using errcode = 'integrity_constraint_violation';
    end if;
  elsif new.state in ('executed', 'failed') then
    select count(*) into found from approvals.execution e
      where e.book_id = new.book_id and e.approval_id = new.id
        and e.outcome = case new.state when 'executed' then 'done' else 'refused' end;
    if found = 0 then
      raise exception 'nothing says that it was carried out or refused'
        using errcode = 'integrity_constraint_violation';
    end if;
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION approvals.stays()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'rows of %.% stay as they are', tg_table_schema, tg_table_name
    using errcode = 'integrity_constraint_violation';
end $function$;

create table approvals.decision (
  book_id integer not null,
  request_id uuid not null,
  org_id integer not null,
  content_hash bytea not null,
  maker_person text not null,
  checker_person text not null,
  checker_id text not null,
  verdict text not null,
  note text not null,
  seen jsonb,
  stepped_up_at timestamp with time zone,
  came_from text not null,
  at timestamp with time zone not null,
  constraint decision_pkey PRIMARY KEY (book_id, request_id, checker_person),
  constraint decision_check CHECK (((verdict = 'reject'::text) OR (stepped_up_at IS NOT NULL))),
  constraint decision_checker_person_check CHECK ((checker_person <> ''::text)),
  constraint decision_verdict_check CHECK ((verdict = ANY (ARRAY['approve'::text, 'reject'::text]))),
  constraint maker_is_not_checker CHECK ((maker_person <> checker_person)),
  constraint decision_book_id_request_id_content_hash_maker_person_fkey FOREIGN KEY (book_id, request_id, content_hash, maker_person) REFERENCES approvals.request(book_id, id, content_hash, maker_person)
);

create table approvals.execution (
  book_id integer not null,
  approval_id uuid not null,
  org_id integer not null,
  content_hash bytea not null,
  outcome text not null,
  at timestamp with time zone not null,
  constraint execution_pkey PRIMARY KEY (book_id, approval_id),
  constraint execution_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'refused'::text]))),
  constraint execution_book_id_approval_id_content_hash_fkey FOREIGN KEY (book_id, approval_id, content_hash) REFERENCES approvals.request(book_id, id, content_hash)
);

create table approvals.policy (
  org_id integer not null,
  version integer not null,
  document jsonb not null,
  approval text not null,
  made_at timestamp with time zone not null,
  constraint policy_pkey PRIMARY KEY (org_id, version)
);

create table approvals.request (
  book_id integer not null,
  id uuid not null,
  org_id integer not null,
  action text not null,
  bound text not null,
  content_hash bytea not null,
  state text default 'requires_review'::text not null,
  maker_kind text not null,
  maker_id text not null,
  maker_person text not null,
  reason text not null,
  rule text not null,
  needed integer not null,
  permission text not null,
  break_glass boolean not null,
  requested_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  preview jsonb not null,
  replaces text default ''::text not null,
  replaced_by text default ''::text not null,
  approvals integer default 0 not null,
  result jsonb,
  ended_by text default ''::text not null,
  note text default ''::text not null,
  moved_at timestamp with time zone not null,
  constraint request_pkey PRIMARY KEY (book_id, id),
  constraint request_book_id_id_content_hash_key UNIQUE (book_id, id, content_hash),
  constraint request_book_id_id_content_hash_maker_person_key UNIQUE (book_id, id, content_hash, maker_person),
  constraint request_check CHECK ((expires_at > requested_at)),
  constraint request_check1 CHECK ((content_hash = sha256(convert_to(bound, 'UTF8'::name)))),
  constraint request_check2 CHECK (((((bound)::jsonb ->> 'action'::text) = action) AND (((bound)::jsonb ->> 'org'::text) = (org_id)::text))),
  constraint request_maker_person_check CHECK ((maker_person <> ''::text)),
  constraint request_needed_check CHECK ((needed = ANY (ARRAY[1, 2]))),
  constraint request_state_check CHECK ((state = ANY (ARRAY['requires_review'::text, 'approved'::text, 'rejected'::text, 'canceled'::text, 'expired'::text, 'executed'::text, 'failed'::text])))
);
CREATE INDEX request_newest ON approvals.request USING btree (org_id, requested_at DESC, book_id DESC, id DESC);
CREATE INDEX request_waiting ON approvals.request USING btree (org_id, requested_at DESC, book_id DESC, id DESC) WHERE (state = 'requires_review'::text);

CREATE TRIGGER kept BEFORE TRUNCATE ON approvals.decision FOR EACH STATEMENT EXECUTE FUNCTION approvals.stays();

CREATE TRIGGER stays BEFORE DELETE OR UPDATE ON approvals.decision FOR EACH ROW EXECUTE FUNCTION approvals.stays();

CREATE TRIGGER begins BEFORE INSERT ON approvals.execution FOR EACH ROW EXECUTE FUNCTION approvals.begin_execution();

CREATE TRIGGER kept BEFORE TRUNCATE ON approvals.execution FOR EACH STATEMENT EXECUTE FUNCTION approvals.stays();

CREATE TRIGGER stays BEFORE DELETE OR UPDATE ON approvals.execution FOR EACH ROW EXECUTE FUNCTION approvals.stays();

CREATE TRIGGER stays BEFORE DELETE OR UPDATE ON approvals.policy FOR EACH ROW EXECUTE FUNCTION approvals.stays();

CREATE TRIGGER begins BEFORE INSERT ON approvals.request FOR EACH ROW EXECUTE FUNCTION approvals.begin_request();

CREATE TRIGGER kept BEFORE TRUNCATE ON approvals.request FOR EACH STATEMENT EXECUTE FUNCTION approvals.stays();

CREATE TRIGGER moves BEFORE UPDATE ON approvals.request FOR EACH ROW EXECUTE FUNCTION approvals.move_request();

CREATE TRIGGER stays BEFORE DELETE ON approvals.request FOR EACH ROW EXECUTE FUNCTION approvals.stays();

create schema audit;

CREATE OR REPLACE FUNCTION audit.append(book integer, at timestamp with time zone, org_ids integer[], actor_kinds text[], actor_ids text[], actor_persons text[], from_addresses text[], actions text[], objects text[], befores text[], afters text[], approvals text[], request_ids text[])
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION audit.field(value text)
 RETURNS bytea
 LANGUAGE sql
 STABLE
AS $function$
  select case
    when value is null then pg_catalog.int4send(-1)
    else pg_catalog.int4send(pg_catalog.octet_length(pg_catalog.convert_to(value, 'UTF8')))
      operator(pg_catalog.||) pg_catalog.convert_to(value, 'UTF8')
  end
$function$;

CREATE OR REPLACE FUNCTION audit.note_checkpoint(number bigint, line_hash bytea, at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update audit.checkpoint_end c
    set n = number, line_hash = note_checkpoint.line_hash, at = note_checkpoint.at
    where c.id = 1 and c.n < number;
  return found;
end $function$;

CREATE OR REPLACE FUNCTION audit.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise exception 'The audit log only grows: % on %.% is refused.',
    lower(tg_op), tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege';
end $function$;

create table audit.checkpoint_end (
  id integer not null,
  n bigint not null,
  line_hash bytea not null,
  at timestamp with time zone,
  constraint checkpoint_end_pkey PRIMARY KEY (id),
  constraint checkpoint_end_id_check CHECK ((id = 1)),
  constraint checkpoint_end_line_hash_check CHECK ((length(line_hash) = 32)),
  constraint checkpoint_end_n_check CHECK ((n >= 0))
) with (fillfactor=50);

create table audit.entry (
  book_id integer not null,
  seq bigint not null,
  at timestamp with time zone not null,
  org_id integer not null,
  actor_kind text not null,
  actor_id text not null,
  actor_person text not null,
  from_address text not null,
  action text not null,
  object text not null,
  before text,
  after text,
  approval text,
  request_id text,
  prev_hash bytea not null,
  hash bytea not null,
  constraint entry_pkey PRIMARY KEY (book_id, seq),
  constraint entry_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['user'::text, 'key'::text, 'platform'::text, 'operator'::text]))),
  constraint entry_book_id_check CHECK ((book_id >= 0)),
  constraint entry_hash_check CHECK ((length(hash) = 32)),
  constraint entry_prev_hash_check CHECK ((length(prev_hash) = 32)),
  constraint entry_seq_check CHECK ((seq > 0))
);
CREATE INDEX entry_by_actor ON audit.entry USING btree (org_id, actor_id, at, book_id, seq);
CREATE INDEX entry_by_object ON audit.entry USING btree (org_id, object, at, book_id, seq);
CREATE INDEX entry_by_person ON audit.entry USING btree (org_id, actor_person, at, book_id, seq);
CREATE INDEX entry_by_time ON audit.entry USING btree (org_id, at, book_id, seq);

create table audit.head (
  book_id integer not null,
  seq bigint not null,
  hash bytea not null,
  constraint head_pkey PRIMARY KEY (book_id),
  constraint head_book_id_check CHECK ((book_id >= 0)),
  constraint head_hash_check CHECK ((length(hash) = 32)),
  constraint head_seq_check CHECK ((seq >= 0))
) with (fillfactor=50);

CREATE TRIGGER checkpoint_end_goes_on BEFORE UPDATE ON audit.checkpoint_end FOR EACH ROW WHEN ((new.n <= old.n)) EXECUTE FUNCTION audit.refuse_change();

CREATE TRIGGER checkpoint_end_stays BEFORE DELETE OR TRUNCATE ON audit.checkpoint_end FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

CREATE TRIGGER entry_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.entry FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

CREATE TRIGGER head_goes_on BEFORE UPDATE ON audit.head FOR EACH ROW WHEN (((new.book_id <> old.book_id) OR (new.seq <= old.seq))) EXECUTE FUNCTION audit.refuse_change();

CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON audit.head FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

create schema base;

CREATE OR REPLACE FUNCTION base.set_reach(relation text, reach text, why text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog'
AS $function$
  insert into base.table_reach (relation, reach, why) values (relation, reach, why)
$function$;

CREATE OR REPLACE FUNCTION base.wall_off()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
declare
  each record;
begin
  for each in
    select t.id, t.schema, t.relation, t.has_org, r.reach is distinct from 'server' as is_read
    from base.module_table t left join base.table_reach r using (relation)
    where (t.has_org or r.reach = 'shared') and pg_has_role(t.owner, 'usage')
  loop
    if each.is_read and not has_schema_privilege('tenon_reader', each.schema, 'usage') then
      execute format('grant usage on schema %I to tenon_reader', each.schema);
    end if;
    if each.has_org and not (select relrowsecurity from pg_class where oid = each.id) then
      execute format('alter table %s enable row level security', each.relation);
    end if;
    if each.has_org and not exists (
      select from pg_policy where polrelid = each.id and polname = 'of_organisation'
    ) then
      execute format(
        'create policy of_organisation on %s for select to tenon_reader
           using (org_id = nullif(current_setting(''tenon.org_id'', true), '''')::int)',
        each.relation);
    end if;
    if each.is_read and not has_table_privilege('tenon_reader', each.id, 'select') then
      execute format('grant select on %s to tenon_reader', each.relation);
    end if;
  end loop;
end $function$;

create table base.answer (
  book_id integer not null,
  key_hash bytea not null,
  request_hash bytea not null,
  org_id integer not null,
  status integer not null,
  body jsonb not null,
  at timestamp with time zone not null,
  constraint answer_pkey PRIMARY KEY (book_id, key_hash),
  constraint answer_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint answer_request_hash_check CHECK ((length(request_hash) = 32))
);

create table base.cluster_key (
  one boolean default true not null,
  key bytea not null,
  constraint cluster_key_pkey PRIMARY KEY (one),
  constraint cluster_key_key_check CHECK ((length(key) = 32)),
  constraint cluster_key_one_check CHECK (one)
);

create table base.due (
  book_id integer not null,
  kind text not null,
  key text not null,
  org_id integer not null,
  due_at timestamp with time zone not null,
  payload jsonb not null,
  attempts integer default 0 not null,
  tries integer default 0 not null,
  last_error text,
  dead_at timestamp with time zone,
  constraint due_pkey PRIMARY KEY (book_id, kind, key)
);
CREATE INDEX due_by_time ON base.due USING btree (book_id, due_at) WHERE (dead_at IS NULL);
CREATE INDEX due_dead ON base.due USING btree (book_id, dead_at) WHERE (dead_at IS NOT NULL);

create table base.migration (
  id integer default nextval('base.migration_id_seq'::regclass) not null,
  name character varying(255) not null,
  run_on timestamp without time zone not null,
  constraint migration_pkey PRIMARY KEY (id),
  constraint migration_name_key UNIQUE (name)
);

create table base.migration_checksum (
  name character varying(255) not null,
  sha256 text not null,
  constraint migration_checksum_pkey PRIMARY KEY (name)
);

create table base.outbox (
  book_id integer not null,
  seq bigint not null,
  n integer not null,
  org_id integer not null,
  kind text not null,
  aggregate text not null,
  payload jsonb not null,
  at timestamp with time zone not null,
  constraint outbox_pkey PRIMARY KEY (book_id, seq, n)
);

create table base.outbox_cursor (
  book_id integer not null,
  subscriber text not null,
  seq bigint not null,
  n integer not null,
  constraint outbox_cursor_pkey PRIMARY KEY (book_id, subscriber)
);

create table base.outbox_held (
  book_id integer not null,
  subscriber text not null,
  seq bigint not null,
  n integer not null,
  aggregate text not null,
  tries integer not null,
  next_at timestamp with time zone not null,
  last_error text,
  parked_at timestamp with time zone,
  constraint outbox_held_pkey PRIMARY KEY (book_id, subscriber, seq, n)
);
CREATE INDEX outbox_held_by_aggregate ON base.outbox_held USING btree (book_id, subscriber, aggregate, seq, n);

create table base.personal_key (
  key_id text not null,
  fingerprint text not null,
  first_used_at timestamp with time zone not null,
  constraint personal_key_pkey PRIMARY KEY (key_id)
);

create table base.table_reach (
  relation text not null,
  reach text not null,
  why text not null,
  constraint table_reach_pkey PRIMARY KEY (relation),
  constraint table_reach_reach_check CHECK ((reach = ANY (ARRAY['shared'::text, 'server'::text])))
);

create view base.module_table as
 SELECT c.oid AS id,
    c.relowner AS owner,
    n.nspname AS schema,
    format('%I.%I'::text, n.nspname, c.relname) AS relation,
    (EXISTS ( SELECT
           FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attname = 'org_id'::name AND NOT a.attisdropped)) AS has_org
   FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (c.relkind = ANY (ARRAY['r'::"char", 'p'::"char"])) AND NOT c.relispartition AND n.nspname <> 'public'::name AND n.nspname <> 'information_schema'::name AND n.nspname !~~ 'pg\_%'::text;

create schema channels;

create table channels.inbound (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  flow text not null,
  sub_account text not null,
  amount bigint not null,
  kind text not null,
  state text not null,
  told_by text not null,
  payer_name text,
  payer_account text,
  memo text not null,
  business_date character(8) not null,
  return_of text not null,
  recorded_at timestamp with time zone not null,
  constraint inbound_pkey PRIMARY KEY (book_id, channel, flow),
  constraint inbound_amount_check CHECK ((amount > 0)),
  constraint inbound_kind_check CHECK ((kind = ANY (ARRAY['credited'::text, 'suspense'::text, 'returned'::text]))),
  constraint inbound_state_check CHECK ((state = ANY (ARRAY['held'::text, 'booked'::text]))),
  constraint inbound_told_by_check CHECK ((told_by = ANY (ARRAY['notice'::text, 'list'::text, 'file'::text])))
);
CREATE INDEX inbound_date ON channels.inbound USING btree (book_id, channel, business_date);

create table channels.instruction (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  channel text not null,
  operation text not null,
  reference text not null,
  owner text not null,
  step uuid not null,
  amount bigint not null,
  state text not null,
  sends integer default 0 not null,
  valid_until timestamp with time zone not null,
  send_before timestamp with time zone,
  not_found integer default 0 not null,
  not_found_at timestamp with time zone,
  code text default ''::text not null,
  message text default ''::text not null,
  bank_reference text default ''::text not null,
  intended_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint instruction_pkey PRIMARY KEY (book_id, id),
  constraint instruction_amount_check CHECK ((amount >= 0)),
  constraint instruction_operation_check CHECK ((operation = ANY (ARRAY['open_sub_account'::text, 'bind_account'::text, 'freeze'::text, 'unfreeze'::text, 'pay'::text, 'withdraw'::text]))),
  constraint instruction_reference_check CHECK ((length(reference) = 22)),
  constraint instruction_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'sending'::text, 'accepted'::text, 'unknown'::text, 'succeeded'::text, 'failed'::text])))
);
CREATE INDEX instruction_open ON channels.instruction USING btree (book_id, intended_at) WHERE (state <> ALL (ARRAY['succeeded'::text, 'failed'::text]));
CREATE INDEX instruction_owner ON channels.instruction USING btree (book_id, owner);
CREATE UNIQUE INDEX instruction_reference ON channels.instruction USING btree (book_id, reference);

create schema codes;

create table codes.entry (
  version integer not null,
  list text not null,
  direction text not null,
  code text not null,
  cause text,
  reason text not null,
  certainty text not null,
  retry text not null,
  text_zh text not null,
  text_en text not null,
  constraint entry_pkey PRIMARY KEY (version, list, direction, code),
  constraint entry_cause_check CHECK ((cause = ANY (ARRAY['user'::text, 'bank'::text, 'channel'::text, 'merchant'::text, 'system'::text, 'risk'::text]))),
  constraint entry_certainty_check CHECK ((certainty = ANY (ARRAY['succeeded'::text, 'failed'::text, 'unknown'::text]))),
  constraint entry_check CHECK (((certainty <> 'unknown'::text) OR (retry = 'none'::text))),
  constraint entry_check1 CHECK (((certainty = 'succeeded'::text) <= (cause IS NULL))),
  constraint entry_check2 CHECK (((certainty <> 'failed'::text) OR (cause IS NOT NULL))),
  constraint entry_code_check CHECK ((code <> ''::text)),
  constraint entry_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text, 'any'::text]))),
  constraint entry_retry_check CHECK ((retry = ANY (ARRAY['none'::text, 'by_user'::text, 'other_channel'::text, 'same_channel_later'::text, 'after_fix'::text]))),
  constraint entry_text_en_check CHECK ((text_en <> ''::text)),
  constraint entry_text_zh_check CHECK ((text_zh <> ''::text)),
  constraint entry_version_fkey FOREIGN KEY (version) REFERENCES codes.version(version)
);

create table codes.inbox (
  list text not null,
  direction text not null,
  code text not null,
  count bigint not null,
  first_seen timestamp with time zone not null,
  last_seen timestamp with time zone not null,
  sample text not null,
  classified_in integer,
  constraint inbox_pkey PRIMARY KEY (list, direction, code),
  constraint inbox_count_check CHECK ((count > 0)),
  constraint inbox_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint inbox_classified_in_fkey FOREIGN KEY (classified_in) REFERENCES codes.version(version)
);

create table codes.version (
  version integer not null,
  made_at timestamp with time zone not null,
  made_by text not null,
  note text not null,
  constraint version_pkey PRIMARY KEY (version),
  constraint version_made_by_check CHECK ((made_by <> ''::text)),
  constraint version_version_check CHECK ((version > 0))
);

create schema custody;

create table custody.account (
  book_id integer not null,
  org_id integer not null,
  case_id uuid not null,
  name text not null,
  role text not null,
  purpose text not null,
  ledger_account uuid not null,
  constraint account_pkey PRIMARY KEY (book_id, case_id, name),
  constraint account_purpose_check CHECK ((purpose = ANY (ARRAY['received'::text, 'guarantee'::text, 'payable'::text]))),
  constraint account_book_id_case_id_fkey FOREIGN KEY (book_id, case_id) REFERENCES custody."case"(book_id, id) DEFERRABLE INITIALLY DEFERRED
);

create table custody."case" (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  deal text not null,
  scheme jsonb not null,
  scheme_hash text not null,
  amounts jsonb not null,
  state text not null,
  facts jsonb not null,
  version integer not null,
  opened_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint case_pkey PRIMARY KEY (book_id, id),
  constraint case_state_check CHECK ((state = ANY (ARRAY['opening'::text, 'running'::text, 'returning'::text, 'returned'::text, 'completed'::text])))
);
CREATE UNIQUE INDEX case_deal ON custody."case" USING btree (book_id, org_id, deal);

create table custody.milestone (
  book_id integer not null,
  org_id integer not null,
  case_id uuid not null,
  "position" integer not null,
  name text not null,
  state text not null,
  deadline_at timestamp with time zone,
  ended_at timestamp with time zone,
  constraint milestone_pkey PRIMARY KEY (book_id, case_id, name),
  constraint milestone_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'moving'::text, 'reached'::text, 'lapsing'::text, 'lapsed'::text, 'stopped'::text]))),
  constraint milestone_book_id_case_id_fkey FOREIGN KEY (book_id, case_id) REFERENCES custody."case"(book_id, id) DEFERRABLE INITIALLY DEFERRED
);

create table custody.open_item (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  kind text not null,
  amount bigint not null,
  side text not null,
  reference text not null,
  case_ref text not null,
  step text not null,
  detail text not null,
  owner text not null,
  deadline_at timestamp with time zone not null,
  state text not null,
  opened_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  constraint open_item_pkey PRIMARY KEY (book_id, id),
  constraint open_item_kind_check CHECK ((kind = ANY (ARRAY['under_paid'::text, 'over_paid'::text, 'unexpected_inbound'::text, 'suspense_inbound'::text, 'inbound_told_differently'::text, 'instruction_refused'::text, 'payout_failed'::text, 'payout_returned'::text, 'outcome_unknown'::text, 'outcome_contradicted'::text, 'statement_missing'::text, 'statement_refused'::text, 'statement_flow_unknown'::text, 'statement_flow_missing'::text, 'statement_amount_differs'::text, 'balance_differs'::text]))),
  constraint open_item_side_check CHECK ((side = ANY (ARRAY['ours'::text, 'bank'::text, 'neither'::text]))),
  constraint open_item_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text])))
);
CREATE INDEX open_item_open ON custody.open_item USING btree (book_id, deadline_at) WHERE (state = 'open'::text);

create table custody.party (
  book_id integer not null,
  org_id integer not null,
  case_id uuid not null,
  role text not null,
  kind text not null,
  member text not null,
  name text not null,
  id_number text not null,
  mobile text not null,
  account text not null,
  bank text not null,
  sub_account text not null,
  pay_to text not null,
  constraint party_pkey PRIMARY KEY (book_id, case_id, role),
  constraint party_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'company'::text]))),
  constraint party_book_id_case_id_fkey FOREIGN KEY (book_id, case_id) REFERENCES custody."case"(book_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX party_sub_account ON custody.party USING btree (book_id, sub_account);

create table custody.pool (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  pool_no text not null,
  opened_at timestamp with time zone not null,
  constraint pool_pkey PRIMARY KEY (book_id)
);

create table custody.step (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  case_id uuid not null,
  milestone text not null,
  "position" integer not null,
  kind text not null,
  role text not null,
  from_account text not null,
  legs jsonb not null,
  amount bigint not null,
  received bigint not null,
  order_no text not null,
  state text not null,
  tries integer not null,
  instruction text not null,
  ended_at timestamp with time zone,
  constraint step_pkey PRIMARY KEY (book_id, id),
  constraint step_amount_check CHECK ((amount >= 0)),
  constraint step_kind_check CHECK ((kind = ANY (ARRAY['open_sub_account'::text, 'bind_account'::text, 'collect'::text, 'freeze'::text, 'pay'::text, 'unfreeze'::text, 'withdraw'::text]))),
  constraint step_received_check CHECK ((received >= 0)),
  constraint step_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'awaiting'::text, 'instructed'::text, 'done'::text, 'failed'::text, 'dropped'::text]))),
  constraint step_book_id_case_id_fkey FOREIGN KEY (book_id, case_id) REFERENCES custody."case"(book_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX step_position ON custody.step USING btree (book_id, case_id, "position");

create schema identity;

create table identity.api_key (
  id uuid not null,
  org_id integer not null,
  merchant_id uuid,
  slot smallint not null,
  name text not null,
  state text not null,
  role text not null,
  permissions text[] not null,
  requires_signature boolean not null,
  handle text,
  secret_hash bytea,
  algorithm text,
  public_key text,
  made_by text not null,
  made_by_person text not null,
  made_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  replaced_by uuid,
  constraint api_key_pkey PRIMARY KEY (id),
  constraint api_key_handle_key UNIQUE (handle),
  constraint api_key_algorithm_check CHECK ((algorithm = ANY (ARRAY['ed25519'::text, 'rsa-pss-sha512'::text, 'sm2-sm3'::text]))),
  constraint api_key_check CHECK (((handle IS NULL) = (secret_hash IS NULL))),
  constraint api_key_check1 CHECK (((algorithm IS NULL) = (public_key IS NULL))),
  constraint api_key_check2 CHECK (((handle IS NOT NULL) OR (public_key IS NOT NULL))),
  constraint api_key_check3 CHECK (((public_key IS NOT NULL) OR (NOT requires_signature))),
  constraint api_key_check4 CHECK (((merchant_id IS NOT NULL) = (role = 'merchant'::text))),
  constraint api_key_check5 CHECK (((state = 'live'::text) = (ended_at IS NULL))),
  constraint api_key_handle_check CHECK ((handle ~ '^[0-9a-f]{16}$'::text)),
  constraint api_key_name_check CHECK ((name <> ''::text)),
  constraint api_key_role_check CHECK ((role = ANY (ARRAY['merchant'::text, 'operator'::text, 'engineer'::text]))),
  constraint api_key_secret_hash_check CHECK ((length(secret_hash) = 32)),
  constraint api_key_slot_check CHECK ((slot = ANY (ARRAY[1, 2]))),
  constraint api_key_state_check CHECK ((state = ANY (ARRAY['live'::text, 'revoked'::text, 'expired'::text]))),
  constraint api_key_org_id_fkey FOREIGN KEY (org_id) REFERENCES identity.organisation(id),
  constraint api_key_org_id_merchant_id_fkey FOREIGN KEY (org_id, merchant_id) REFERENCES identity.merchant(org_id, id)
);
CREATE INDEX api_key_holder ON identity.api_key USING btree (org_id, merchant_id, made_at);
CREATE UNIQUE INDEX api_key_slot ON identity.api_key USING btree (org_id, merchant_id, slot) NULLS NOT DISTINCT WHERE (state = 'live'::text);

create table identity.challenge (
  hash bytea not null,
  purpose text not null,
  given_to text not null,
  expires_at timestamp with time zone not null,
  constraint challenge_pkey PRIMARY KEY (hash),
  constraint challenge_hash_check CHECK ((length(hash) = 32)),
  constraint challenge_purpose_check CHECK ((purpose = ANY (ARRAY['sign_in'::text, 'step_up'::text, 'enrol'::text])))
);
CREATE INDEX challenge_expires_at_idx ON identity.challenge USING btree (expires_at);

create table identity.merchant (
  id uuid not null,
  org_id integer not null,
  name text not null,
  constraint merchant_pkey PRIMARY KEY (id),
  constraint merchant_org_id_id_key UNIQUE (org_id, id),
  constraint merchant_name_check CHECK ((name <> ''::text)),
  constraint merchant_org_id_fkey FOREIGN KEY (org_id) REFERENCES identity.organisation(id)
);

create table identity.nonce (
  slot smallint not null,
  hash bytea not null,
  constraint nonce_pkey PRIMARY KEY (slot, hash),
  constraint nonce_hash_check CHECK ((length(hash) = 16)),
  constraint nonce_slot_check CHECK (((slot >= 0) AND (slot <= 3)))
) partition by list (slot);

create table identity.one_time_link (
  token_hash bytea not null,
  org_id integer not null,
  user_id uuid not null,
  purpose text not null,
  made_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  replaced_at timestamp with time zone,
  totp_secret text,
  constraint one_time_link_pkey PRIMARY KEY (token_hash),
  constraint one_time_link_purpose_check CHECK ((purpose = ANY (ARRAY['first_administrator'::text, 'invite'::text, 'reset'::text]))),
  constraint one_time_link_token_hash_check CHECK ((length(token_hash) = 32)),
  constraint one_time_link_org_id_fkey FOREIGN KEY (org_id) REFERENCES identity.organisation(id)
);
CREATE UNIQUE INDEX one_time_link_org_id_idx ON identity.one_time_link USING btree (org_id) WHERE ((purpose = 'first_administrator'::text) AND (used_at IS NULL) AND (replaced_at IS NULL));
CREATE UNIQUE INDEX one_time_link_user_id_idx ON identity.one_time_link USING btree (user_id) WHERE ((used_at IS NULL) AND (replaced_at IS NULL));

create table identity.organisation (
  id integer not null,
  org_id integer generated always as (id) stored not null,
  uuid uuid not null,
  name text not null,
  constraint organisation_pkey PRIMARY KEY (id),
  constraint organisation_uuid_key UNIQUE (uuid),
  constraint organisation_id_check CHECK ((id > 0)),
  constraint organisation_name_check CHECK ((name <> ''::text))
);

create table identity.passkey (
  id text not null,
  org_id integer not null,
  user_id uuid not null,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  name text not null,
  backed_up boolean not null,
  made_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint passkey_pkey PRIMARY KEY (id),
  constraint passkey_counter_check CHECK ((counter >= 0)),
  constraint passkey_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES identity.user_(org_id, id)
);
CREATE INDEX passkey_user_id_idx ON identity.passkey USING btree (user_id);

create table identity.permit (
  name text not null,
  window_no bigint not null,
  taken integer not null,
  constraint permit_pkey PRIMARY KEY (name),
  constraint permit_taken_check CHECK ((taken >= 0))
) with (fillfactor=50);

create table identity.person (
  id uuid not null,
  org_id integer not null,
  staff_number text not null,
  constraint person_pkey PRIMARY KEY (id),
  constraint person_org_id_id_key UNIQUE (org_id, id),
  constraint person_org_id_staff_number_key UNIQUE (org_id, staff_number),
  constraint person_staff_number_check CHECK ((staff_number <> ''::text)),
  constraint person_org_id_fkey FOREIGN KEY (org_id) REFERENCES identity.organisation(id)
);

create table identity.session (
  id uuid not null,
  org_id integer not null,
  user_id uuid not null,
  token_hash bytea not null,
  made_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  proved_at timestamp with time zone not null,
  from_address text not null,
  agent text not null,
  ended_at timestamp with time zone,
  ended_why text,
  constraint session_pkey PRIMARY KEY (id),
  constraint session_token_hash_key UNIQUE (token_hash),
  constraint session_check CHECK (((ended_at IS NULL) = (ended_why IS NULL))),
  constraint session_ended_why_check CHECK ((ended_why = ANY (ARRAY['signed_out'::text, 'replaced'::text, 'by_user'::text, 'by_administrator'::text, 'password_changed'::text, 'credentials_reset'::text, 'roles_changed'::text, 'disabled'::text, 'locked'::text]))),
  constraint session_token_hash_check CHECK ((length(token_hash) = 32)),
  constraint session_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES identity.user_(org_id, id)
);
CREATE INDEX session_user_id_idx ON identity.session USING btree (user_id) WHERE (ended_at IS NULL);

create table identity.sign_in_failure (
  address text not null,
  failures integer not null,
  since timestamp with time zone not null,
  constraint sign_in_failure_pkey PRIMARY KEY (address),
  constraint sign_in_failure_failures_check CHECK ((failures > 0))
);
CREATE INDEX sign_in_failure_since_idx ON identity.sign_in_failure USING btree (since);

create table identity.user_ (
  id uuid not null,
  org_id integer not null,
  person_id uuid not null,
  login text not null,
  name text not null,
  merchant_id uuid,
  of_merchant boolean generated always as ((merchant_id IS NOT NULL)) stored not null,
  state text not null,
  password_hash text,
  totp_secret text,
  totp_step bigint default 0 not null,
  failures integer default 0 not null,
  locked_until timestamp with time zone,
  reset_until timestamp with time zone,
  made_at timestamp with time zone not null,
  constraint user__pkey PRIMARY KEY (id),
  constraint user__id_of_merchant_key UNIQUE (id, of_merchant),
  constraint user__login_key UNIQUE (login),
  constraint user__org_id_id_key UNIQUE (org_id, id),
  constraint user__check CHECK (((password_hash IS NULL) = (totp_secret IS NULL))),
  constraint user__failures_check CHECK ((failures >= 0)),
  constraint user__login_check CHECK (((login <> ''::text) AND (login = lower(login)))),
  constraint user__name_check CHECK ((name <> ''::text)),
  constraint user__state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text]))),
  constraint user__org_id_fkey FOREIGN KEY (org_id) REFERENCES identity.organisation(id),
  constraint user__org_id_merchant_id_fkey FOREIGN KEY (org_id, merchant_id) REFERENCES identity.merchant(org_id, id),
  constraint user__org_id_person_id_fkey FOREIGN KEY (org_id, person_id) REFERENCES identity.person(org_id, id)
);
CREATE INDEX user__person_id_idx ON identity.user_ USING btree (person_id);

create table identity.user_role (
  user_id uuid not null,
  org_id integer not null,
  role text not null,
  of_merchant boolean generated always as ((role = 'merchant'::text)) stored not null,
  granted_by text not null,
  granted_at timestamp with time zone not null,
  constraint user_role_pkey PRIMARY KEY (user_id, role),
  constraint user_role_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'approver'::text, 'finance'::text, 'product'::text, 'engineer'::text, 'administrator'::text, 'merchant'::text]))),
  constraint user_role_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES identity.user_(org_id, id),
  constraint user_role_user_id_of_merchant_fkey FOREIGN KEY (user_id, of_merchant) REFERENCES identity.user_(id, of_merchant)
);
CREATE INDEX user_role_org_id_role_idx ON identity.user_role USING btree (org_id, role);

create schema ledger;

create table ledger.account (
  book_id integer not null,
  org_id integer not null,
  number integer not null,
  id uuid not null,
  code text not null,
  name text not null,
  holder text,
  side text not null,
  credit_limit bigint,
  state text not null,
  debits_posted bigint not null,
  credits_posted bigint not null,
  debits_pending bigint not null,
  credits_pending bigint not null,
  as_of_id bigint not null,
  last_entry bigint not null,
  opened_at timestamp with time zone not null,
  constraint account_pkey PRIMARY KEY (book_id, number),
  constraint account_check CHECK (((credit_limit IS NULL) OR (
CASE side
    WHEN 'debit'::text THEN ((((debits_posted)::numeric - (credits_posted)::numeric) - (credits_pending)::numeric) + (credit_limit)::numeric)
    ELSE ((((credits_posted)::numeric - (debits_posted)::numeric) - (debits_pending)::numeric) + (credit_limit)::numeric)
END >= (0)::numeric))),
  constraint account_credit_limit_check CHECK ((credit_limit >= 0)),
  constraint account_credits_pending_check CHECK ((credits_pending >= 0)),
  constraint account_credits_posted_check CHECK ((credits_posted >= 0)),
  constraint account_debits_pending_check CHECK ((debits_pending >= 0)),
  constraint account_debits_posted_check CHECK ((debits_posted >= 0)),
  constraint account_side_check CHECK ((side = ANY (ARRAY['debit'::text, 'credit'::text]))),
  constraint account_state_check CHECK ((state = ANY (ARRAY['open'::text, 'frozen'::text, 'closed'::text]))),
  constraint account_book_id_fkey FOREIGN KEY (book_id) REFERENCES ledger.book(book_id)
) with (fillfactor=50);
CREATE UNIQUE INDEX account_id ON ledger.account USING btree (book_id, id);

create table ledger.book (
  book_id integer not null,
  org_id integer not null,
  name text not null,
  currency character(3) not null,
  chart text not null,
  closed_before timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint book_pkey PRIMARY KEY (book_id),
  constraint book_book_id_check CHECK (((book_id >= 1) AND (book_id <= 999999999)))
);

create table ledger.head (
  book_id integer not null,
  org_id integer not null,
  epoch bigint not null,
  seq bigint not null,
  last_id bigint not null,
  checkpoint_id bigint not null,
  chain bytea not null,
  sealed_at timestamp with time zone not null,
  owner_url text,
  constraint head_pkey PRIMARY KEY (book_id),
  constraint head_book_id_fkey FOREIGN KEY (book_id) REFERENCES ledger.book(book_id)
) with (fillfactor=10);

create table ledger.hold (
  book_id integer not null,
  org_id integer not null,
  id bigint not null,
  key uuid not null,
  debit integer not null,
  credit integer not null,
  amount bigint not null,
  remaining bigint not null,
  state text not null,
  expires_at timestamp with time zone,
  pinned boolean not null,
  constraint hold_pkey PRIMARY KEY (book_id, id),
  constraint hold_amount_check CHECK ((amount > 0)),
  constraint hold_check CHECK (((remaining >= 0) AND (remaining <= amount))),
  constraint hold_check1 CHECK (((state = 'open'::text) = (remaining > 0))),
  constraint hold_state_check CHECK ((state = ANY (ARRAY['open'::text, 'released'::text, 'voided'::text, 'expired'::text])))
) with (fillfactor=70);
CREATE INDEX hold_credit ON ledger.hold USING btree (book_id, credit);
CREATE INDEX hold_debit ON ledger.hold USING btree (book_id, debit);
CREATE UNIQUE INDEX hold_key ON ledger.hold USING btree (book_id, key);
CREATE INDEX hold_open ON ledger.hold USING btree (book_id, id) WHERE (state = 'open'::text);

create table ledger.partition (
  book_id integer not null,
  org_id integer not null,
  number integer not null,
  first_id bigint not null,
  end_id bigint not null,
  sealed_at timestamp with time zone,
  key_filter bytea,
  constraint partition_pkey PRIMARY KEY (book_id, number),
  constraint partition_book_id_fkey FOREIGN KEY (book_id) REFERENCES ledger.book(book_id)
);

create table ledger.refused (
  book_id integer not null,
  org_id integer not null,
  key uuid not null,
  seq bigint not null,
  "position" integer not null,
  after_id bigint not null,
  code text not null,
  request json not null,
  at timestamp with time zone not null,
  constraint refused_pkey PRIMARY KEY (book_id, key)
);
CREATE INDEX refused_after ON ledger.refused USING btree (book_id, after_id);
CREATE INDEX refused_seq ON ledger.refused USING btree (book_id, seq, "position");

create table ledger.reversal (
  book_id integer not null,
  org_id integer not null,
  subject_id bigint not null,
  reversal_id bigint not null,
  constraint reversal_pkey PRIMARY KEY (book_id, subject_id)
);

create table ledger.seal (
  book_id integer not null,
  org_id integer not null,
  seq bigint not null,
  first_id bigint not null,
  last_id bigint not null,
  at timestamp with time zone not null,
  rows_hash bytea not null,
  hash bytea not null,
  constraint seal_pkey PRIMARY KEY (book_id, seq),
  constraint seal_book_id_fkey FOREIGN KEY (book_id) REFERENCES ledger.book(book_id)
);
CREATE INDEX seal_at ON ledger.seal USING btree (book_id, at);
CREATE INDEX seal_last_id ON ledger.seal USING btree (book_id, last_id);

create table ledger.transfer (
  book_id integer not null,
  org_id integer not null,
  id bigint not null,
  key uuid,
  leg smallint not null,
  type smallint not null,
  debit integer not null,
  credit integer not null,
  amount bigint not null,
  debit_after bigint not null,
  credit_after bigint not null,
  debit_prev bigint not null,
  credit_prev bigint not null,
  subject_id bigint,
  booked_at timestamp with time zone not null,
  effective_at timestamp with time zone,
  purpose text,
  constraint transfer_pkey PRIMARY KEY (book_id, id),
  constraint transfer_amount_check CHECK ((amount > 0)),
  constraint transfer_type_check CHECK (((type >= 0) AND (type <= 5)))
) partition by range (book_id, id);

create schema payments;

create table payments.attempt (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  direction text not null,
  owner text not null,
  number integer not null,
  channel text not null,
  method text not null,
  bank text not null,
  account_type text not null,
  reference text not null,
  amount bigint not null,
  currency text not null,
  state text not null,
  sends integer default 0 not null,
  made_at timestamp with time zone not null,
  valid_until timestamp with time zone not null,
  send_before timestamp with time zone,
  not_found integer default 0 not null,
  not_found_at timestamp with time zone,
  overdue boolean default false not null,
  code text default ''::text not null,
  message text default ''::text not null,
  channel_reference text default ''::text not null,
  payer_action jsonb,
  route jsonb,
  booked_to text default ''::text not null,
  refunding bigint default 0 not null,
  refunded bigint default 0 not null,
  refunds integer default 0 not null,
  moved_at timestamp with time zone not null,
  constraint attempt_pkey PRIMARY KEY (book_id, id),
  constraint attempt_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text]))),
  constraint attempt_amount_check CHECK ((amount > 0)),
  constraint attempt_booked_to_check CHECK ((booked_to = ANY (ARRAY[''::text, 'destination'::text, 'suspense'::text]))),
  constraint attempt_check CHECK (((refunding + refunded) <= amount)),
  constraint attempt_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint attempt_method_check CHECK ((method = ANY (ARRAY[''::text, 'wechat_native'::text, 'wechat_h5'::text, 'wechat_jsapi'::text, 'alipay_qr'::text, 'alipay_page'::text, 'collection'::text, 'bank_transfer'::text]))),
  constraint attempt_number_check CHECK ((number >= 1)),
  constraint attempt_refunded_check CHECK ((refunded >= 0)),
  constraint attempt_refunding_check CHECK ((refunding >= 0)),
  constraint attempt_refunds_check CHECK (((refunds >= 0) AND (refunds <= 50))),
  constraint attempt_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'sending'::text, 'accepted'::text, 'unknown'::text, 'succeeded'::text, 'failed'::text])))
) with (fillfactor=80);
CREATE INDEX attempt_bank_transfer ON payments.attempt USING btree (book_id, channel, made_at) WHERE (method = 'bank_transfer'::text);
CREATE UNIQUE INDEX attempt_owner ON payments.attempt USING btree (book_id, owner, number);
CREATE UNIQUE INDEX attempt_reference ON payments.attempt USING btree (book_id, reference);

create table payments.bank_cursor (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  cursor text not null,
  read_at timestamp with time zone not null,
  constraint bank_cursor_pkey PRIMARY KEY (book_id, channel)
);

create table payments.bank_line (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  flow text not null,
  side text not null,
  amount bigint not null,
  business_date character(8) not null,
  memo text not null,
  reference text not null,
  taken_as text not null,
  taken_at timestamp with time zone not null,
  constraint bank_line_pkey PRIMARY KEY (book_id, channel, flow),
  constraint bank_line_amount_check CHECK ((amount > 0)),
  constraint bank_line_side_check CHECK ((side = ANY (ARRAY['in'::text, 'out'::text]))),
  constraint bank_line_taken_as_check CHECK ((taken_as = ANY (ARRAY['payout'::text, 'payout_returned'::text, 'settlement'::text, 'bank_transfer'::text, 'reimbursement'::text, 'court_deduction'::text, 'bank_fee'::text, 'channel_fee'::text, 'pool_interest'::text, 'unknown_credit'::text, 'unknown_debit'::text])))
);
CREATE INDEX bank_line_memo ON payments.bank_line USING btree (book_id, memo) WHERE (taken_as = 'unknown_credit'::text);

create table payments.claim (
  book_id integer not null,
  key_hash bytea not null,
  org_id integer not null,
  request_hash bytea not null,
  chosen_book integer not null,
  destination uuid not null,
  made_at timestamp with time zone not null,
  constraint claim_pkey PRIMARY KEY (book_id, key_hash),
  constraint claim_book_id_check CHECK ((book_id = 0)),
  constraint claim_key_hash_check CHECK ((length(key_hash) = 32))
);

create table payments.cleared_collection (
  book_id integer not null,
  org_id integer not null,
  attempt uuid not null,
  flow text not null,
  amount bigint not null,
  cleared_at timestamp with time zone not null,
  constraint cleared_collection_pkey PRIMARY KEY (book_id, attempt),
  constraint cleared_collection_amount_check CHECK ((amount > 0))
);

create table payments.exception (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  kind text not null,
  about text not null,
  state text not null,
  amount bigint not null,
  evidence jsonb not null,
  seen integer default 1 not null,
  opened_at timestamp with time zone not null,
  deadline timestamp with time zone not null,
  action text default ''::text not null,
  note text default ''::text not null,
  resolved_by text default ''::text not null,
  moved_at timestamp with time zone not null,
  overdue boolean default false not null,
  constraint exception_pkey PRIMARY KEY (book_id, id),
  constraint exception_amount_check CHECK ((amount >= 0)),
  constraint exception_kind_check CHECK ((kind = ANY (ARRAY['late_success'::text, 'paid_twice'::text, 'amount_differs'::text, 'currency_differs'::text, 'payee_differs'::text, 'unknown_too_long'::text, 'contradicted'::text, 'callback_malformed'::text, 'payout_returned'::text, 'refund_route_closed'::text, 'refund_waiting_for_funds'::text, 'approval_needed'::text, 'settlement_differs'::text, 'file_row_unknown'::text, 'chargeback'::text, 'court_deduction'::text, 'bank_fee'::text, 'pool_interest'::text, 'unknown_credit'::text, 'unknown_debit'::text, 'hidden_then_found'::text]))),
  constraint exception_state_check CHECK ((state = ANY (ARRAY['open'::text, 'resolved'::text])))
);
CREATE INDEX exception_deadline ON payments.exception USING btree (book_id, state, deadline);
CREATE UNIQUE INDEX exception_open ON payments.exception USING btree (book_id, kind, about) WHERE (state = 'open'::text);

create table payments.outside_entry (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  kind text not null,
  state text not null,
  account uuid not null,
  amount bigint not null,
  channel text not null,
  flow text not null,
  about text not null,
  tries integer default 1 not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  payer_index text default ''::text not null,
  constraint outside_entry_pkey PRIMARY KEY (book_id, id),
  constraint outside_entry_amount_check CHECK ((amount > 0)),
  constraint outside_entry_kind_check CHECK ((kind = ANY (ARRAY['chargeback'::text, 'court_deduction'::text, 'bank_fee'::text, 'channel_fee'::text, 'pool_interest'::text, 'unknown_credit'::text, 'unknown_debit'::text]))),
  constraint outside_entry_state_check CHECK ((state = ANY (ARRAY['booked'::text, 'waiting'::text, 'cleared'::text])))
);
CREATE INDEX outside_entry_flow ON payments.outside_entry USING btree (book_id, kind, channel, flow);
CREATE INDEX outside_entry_waiting ON payments.outside_entry USING btree (book_id, made_at) WHERE (state = 'waiting'::text);

create table payments.pay_in (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  destination uuid not null,
  amount bigint not null,
  currency text not null,
  state text not null,
  subject text not null,
  late text not null,
  attributes jsonb not null,
  plan uuid,
  leg integer,
  attempts integer not null,
  open_attempts integer not null,
  paid_by uuid,
  expires_at timestamp with time zone not null,
  request_hash bytea not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint pay_in_pkey PRIMARY KEY (book_id, id),
  constraint pay_in_amount_check CHECK ((amount > 0)),
  constraint pay_in_attempts_check CHECK ((attempts >= 0)),
  constraint pay_in_check CHECK (((open_attempts >= 0) AND (open_attempts <= attempts))),
  constraint pay_in_late_check CHECK ((late = ANY (ARRAY['refund'::text, 'attach'::text]))),
  constraint pay_in_state_check CHECK ((state = ANY (ARRAY['open'::text, 'succeeded'::text, 'closed'::text])))
) with (fillfactor=80);
CREATE INDEX pay_in_destination ON payments.pay_in USING btree (book_id, destination);

create table payments.payee_amount (
  book_id integer not null,
  org_id integer not null,
  payee text not null,
  amount bigint not null,
  payout uuid not null,
  at timestamp with time zone not null,
  constraint payee_amount_pkey PRIMARY KEY (book_id, payee, amount),
  constraint payee_amount_amount_check CHECK ((amount > 0))
);
CREATE INDEX payee_amount_of_org ON payments.payee_amount USING btree (org_id, payee, amount, at);

create table payments.payee_day (
  book_id integer not null,
  org_id integer not null,
  payee text not null,
  channel text not null,
  business_date character(8) not null,
  used bigint not null,
  count integer not null,
  constraint payee_day_pkey PRIMARY KEY (book_id, payee, channel, business_date),
  constraint payee_day_count_check CHECK ((count >= 0)),
  constraint payee_day_used_check CHECK ((used >= 0))
);

create table payments.payout (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  source uuid not null,
  amount bigint not null,
  purpose text not null,
  about text not null,
  payee_name text not null,
  payee_account text not null,
  payee_index text not null,
  bank text not null,
  account_type text not null,
  cnaps text not null,
  memo text not null,
  state text not null,
  attempts integer default 0 not null,
  tried text[] default '{}'::text[] not null,
  hold_try integer not null,
  valid_until timestamp with time zone not null,
  requested_by text not null,
  approved_by text default ''::text not null,
  request_hash text not null,
  code text default ''::text not null,
  message text default ''::text not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint payout_pkey PRIMARY KEY (book_id, id),
  constraint payout_account_type_check CHECK ((account_type = ANY (ARRAY['personal'::text, 'corporate'::text]))),
  constraint payout_amount_check CHECK ((amount > 0)),
  constraint payout_attempts_check CHECK ((attempts >= 0)),
  constraint payout_check CHECK (((approved_by = ''::text) OR (approved_by <> requested_by))),
  constraint payout_hold_try_check CHECK ((hold_try >= 0)),
  constraint payout_purpose_check CHECK ((purpose = ANY (ARRAY['payout'::text, 'refund'::text, 'refund_funding'::text, 'reimbursement'::text]))),
  constraint payout_state_check CHECK ((state = ANY (ARRAY['waiting_for_cash'::text, 'waiting_for_approval'::text, 'processing'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))
);
CREATE INDEX payout_about ON payments.payout USING btree (book_id, about) WHERE (about <> ''::text);
CREATE INDEX payout_open ON payments.payout USING btree (book_id, made_at) WHERE (state <> ALL (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text]));
CREATE INDEX payout_waiting_for_cash ON payments.payout USING btree (book_id, made_at) WHERE (state = 'waiting_for_cash'::text);

create table payments.payout_return (
  book_id integer not null,
  org_id integer not null,
  attempt uuid not null,
  payout uuid not null,
  channel text not null,
  flow text not null,
  amount bigint not null,
  code text not null,
  says text not null,
  business_date character(8) not null,
  booked_to text not null,
  recorded_at timestamp with time zone not null,
  constraint payout_return_pkey PRIMARY KEY (book_id, attempt),
  constraint payout_return_amount_check CHECK ((amount > 0)),
  constraint payout_return_booked_to_check CHECK ((booked_to = ANY (ARRAY['source'::text, 'suspense'::text])))
);
CREATE UNIQUE INDEX payout_return_flow ON payments.payout_return USING btree (book_id, channel, flow);

create table payments.plan (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  destination uuid not null,
  amount bigint not null,
  currency text not null,
  state text not null,
  subject text not null,
  bank text not null,
  account_type text not null,
  method text not null,
  attributes jsonb not null,
  learnt_limit bigint,
  paid bigint default 0 not null,
  version integer not null,
  request_hash bytea not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint plan_pkey PRIMARY KEY (book_id, id),
  constraint plan_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text]))),
  constraint plan_amount_check CHECK ((amount > 0)),
  constraint plan_check CHECK (((paid >= 0) AND (paid <= amount))),
  constraint plan_learnt_limit_check CHECK ((learnt_limit > 0)),
  constraint plan_state_check CHECK ((state = ANY (ARRAY['open'::text, 'succeeded'::text, 'closed'::text])))
);

create table payments.plan_leg (
  book_id integer not null,
  org_id integer not null,
  plan uuid not null,
  number integer not null,
  amount bigint not null,
  state text not null,
  pay_on text not null,
  pay_in uuid,
  tries integer default 0 not null,
  moved_at timestamp with time zone not null,
  constraint plan_leg_pkey PRIMARY KEY (book_id, plan, number),
  constraint plan_leg_amount_check CHECK ((amount > 0)),
  constraint plan_leg_number_check CHECK ((number >= 1)),
  constraint plan_leg_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'confirming'::text, 'paid'::text, 'dropped'::text])))
);

create table payments.refund (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  amount bigint not null,
  reason text not null,
  state text not null,
  open_parts integer not null,
  succeeded bigint default 0 not null,
  requested_by text not null,
  request_hash text not null,
  payer_name text not null,
  payer_account text not null,
  payer_bank text not null,
  payer_account_type text not null,
  code text default ''::text not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint refund_pkey PRIMARY KEY (book_id, id),
  constraint refund_amount_check CHECK ((amount > 0)),
  constraint refund_check CHECK (((succeeded >= 0) AND (succeeded <= amount))),
  constraint refund_open_parts_check CHECK ((open_parts >= 0)),
  constraint refund_state_check CHECK ((state = ANY (ARRAY['processing'::text, 'succeeded'::text, 'failed'::text])))
);
CREATE INDEX refund_open ON payments.refund USING btree (book_id, made_at) WHERE (state = 'processing'::text);

create table payments.refund_part (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  refund uuid not null,
  number integer not null,
  collection uuid not null,
  channel text not null,
  source uuid not null,
  amount bigint not null,
  route text not null,
  state text not null,
  attempts integer default 0 not null,
  hold_try integer default 0 not null,
  send_at timestamp with time zone not null,
  code text default ''::text not null,
  message text default ''::text not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint refund_part_pkey PRIMARY KEY (book_id, id),
  constraint refund_part_amount_check CHECK ((amount > 0)),
  constraint refund_part_attempts_check CHECK ((attempts >= 0)),
  constraint refund_part_hold_try_check CHECK ((hold_try >= 0)),
  constraint refund_part_number_check CHECK ((number > 0)),
  constraint refund_part_route_check CHECK ((route = ANY (ARRAY['original'::text, 'payout'::text, 'manual'::text]))),
  constraint refund_part_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'processing'::text, 'waiting_for_funds'::text, 'waiting_for_approval'::text, 'paying_out'::text, 'manual'::text, 'succeeded'::text, 'failed'::text])))
);
CREATE INDEX refund_part_collection ON payments.refund_part USING btree (book_id, collection, send_at);
CREATE UNIQUE INDEX refund_part_number ON payments.refund_part USING btree (book_id, refund, number);
CREATE INDEX refund_part_waiting ON payments.refund_part USING btree (book_id, channel) WHERE (state = 'waiting_for_funds'::text);

create table payments.settlement (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  business_date character(8) not null,
  reference text not null,
  settled bigint not null,
  fee bigint not null,
  from_balance bigint not null,
  rows integer not null,
  file_hash text not null,
  state text not null,
  flow text default ''::text not null,
  difference bigint default 0 not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint settlement_pkey PRIMARY KEY (book_id, channel, business_date),
  constraint settlement_from_balance_check CHECK ((from_balance >= 0)),
  constraint settlement_rows_check CHECK ((rows >= 0)),
  constraint settlement_state_check CHECK ((state = ANY (ARRAY['expected'::text, 'settled'::text, 'differs'::text])))
);
CREATE UNIQUE INDEX settlement_reference ON payments.settlement USING btree (book_id, reference);

create table payments.settlement_row (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  business_date character(8) not null,
  "row" integer not null,
  direction text not null,
  reference text not null,
  amount bigint not null,
  fee bigint not null,
  state text not null,
  constraint settlement_row_pkey PRIMARY KEY (book_id, channel, business_date, "row"),
  constraint settlement_row_amount_check CHECK ((amount >= 0)),
  constraint settlement_row_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text, 'payout_returned'::text, 'chargeback'::text]))),
  constraint settlement_row_row_check CHECK (("row" > 0)),
  constraint settlement_row_state_check CHECK ((state = ANY (ARRAY['matched'::text, 'unknown'::text, 'differs'::text, 'repeated'::text, 'idle'::text])))
);
CREATE UNIQUE INDEX settlement_row_once ON payments.settlement_row USING btree (book_id, channel, direction, reference) WHERE (state = 'matched'::text);

create schema quality;

create table quality.arrival (
  book_id integer not null,
  seq bigint not null,
  n integer not null,
  fact jsonb not null,
  constraint arrival_pkey PRIMARY KEY (book_id, seq, n)
);

create table quality.attempt (
  book_id integer not null,
  id uuid not null,
  order_id uuid not null,
  number integer not null,
  ending integer not null,
  segment integer not null,
  made_at timestamp with time zone not null,
  at timestamp with time zone not null,
  succeeded_at timestamp with time zone,
  was_overdue boolean not null,
  had_failed boolean not null,
  constraint attempt_pkey PRIMARY KEY (book_id, id),
  constraint attempt_number_check CHECK ((number > 0))
);
CREATE INDEX attempt_made ON quality.attempt USING btree (made_at) INCLUDE (ending, segment);
CREATE INDEX attempt_order ON quality.attempt USING btree (book_id, order_id);

create table quality.day (
  day integer not null,
  ending integer not null,
  segment integer not null,
  n bigint not null,
  constraint day_pkey PRIMARY KEY (day, ending, segment)
);

create table quality.day_moved (
  day integer not null,
  fold bigint not null,
  constraint day_moved_pkey PRIMARY KEY (day)
);

create table quality.ending (
  id integer generated always as identity not null,
  direction text not null,
  channel text not null,
  code text not null,
  outcome text not null,
  first boolean not null,
  converted boolean not null,
  last_channel text not null,
  last_code text not null,
  reclassified boolean not null,
  constraint ending_pkey PRIMARY KEY (id),
  constraint ending_direction_channel_code_outcome_first_converted_last__key UNIQUE (direction, channel, code, outcome, first, converted, last_channel, last_code, reclassified),
  constraint ending_check CHECK ((first OR (NOT converted))),
  constraint ending_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint ending_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'failed'::text, 'overdue'::text, 'returned'::text, 'returned_late'::text])))
);

create table quality.fold (
  one boolean not null,
  folds bigint not null,
  constraint fold_pkey PRIMARY KEY (one),
  constraint fold_one_check CHECK (one)
);

create table quality.hour (
  hour integer not null,
  ending integer not null,
  n bigint not null,
  constraint hour_pkey PRIMARY KEY (hour, ending)
);

create table quality.segment (
  id integer generated always as identity not null,
  bank text not null,
  account_type text not null,
  band text not null,
  constraint segment_pkey PRIMARY KEY (id),
  constraint segment_bank_account_type_band_key UNIQUE (bank, account_type, band),
  constraint segment_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text])))
);

create schema routing;

create table routing.activation (
  number bigint generated always as identity not null,
  version text not null,
  activated_by text not null,
  activated_at timestamp with time zone not null,
  constraint activation_pkey PRIMARY KEY (number),
  constraint activation_version_fkey FOREIGN KEY (version) REFERENCES routing.rule_set(version)
);

create table routing.channel (
  name text not null,
  capability jsonb not null,
  noted_at timestamp with time zone not null,
  constraint channel_pkey PRIMARY KEY (name)
);

create table routing.learnt_permission (
  direction text not null,
  channel text not null,
  bank text not null,
  account_type text not null,
  refusals integer not null,
  learnt_at timestamp with time zone,
  expires_at timestamp with time zone,
  evidence jsonb not null,
  constraint learnt_permission_pkey PRIMARY KEY (direction, channel, bank, account_type),
  constraint learnt_permission_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text]))),
  constraint learnt_permission_check CHECK (((expires_at IS NULL) = (learnt_at IS NULL))),
  constraint learnt_permission_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint learnt_permission_refusals_check CHECK ((refusals >= 1))
);

create table routing.observation (
  attempt text not null,
  direction text not null,
  channel text not null,
  bank text not null,
  account_type text not null,
  verdict text not null,
  code text not null,
  made_at timestamp with time zone not null,
  at timestamp with time zone not null,
  recorded_at timestamp with time zone not null,
  constraint observation_pkey PRIMARY KEY (attempt),
  constraint observation_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text]))),
  constraint observation_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint observation_verdict_check CHECK ((verdict = ANY (ARRAY['good'::text, 'bad'::text, 'permission'::text, 'none'::text])))
);
CREATE INDEX observation_recorded ON routing.observation USING btree (recorded_at);

create table routing.rule_set (
  version text not null,
  document jsonb not null,
  note text default ''::text not null,
  made_at timestamp with time zone not null,
  constraint rule_set_pkey PRIMARY KEY (version),
  constraint rule_set_version_check CHECK ((version ~ '^[0-9a-f]{64}$'::text))
);

create schema stops;

create table stops.freeze_book (
  book_id integer not null,
  org_id integer not null,
  freeze_id uuid not null,
  state text not null,
  accounts integer not null,
  moved_at timestamp with time zone not null,
  constraint freeze_book_pkey PRIMARY KEY (book_id, freeze_id),
  constraint freeze_book_accounts_check CHECK ((accounts >= 0)),
  constraint freeze_book_state_check CHECK ((state = ANY (ARRAY['frozen'::text, 'lifted'::text])))
);
CREATE INDEX freeze_book_order ON stops.freeze_book USING btree (freeze_id);

create table stops.freeze_order (
  org_id integer not null,
  id uuid not null,
  holder text not null,
  order_number text not null,
  authority text not null,
  reason text not null,
  state text not null,
  until timestamp with time zone,
  ordered_by text not null,
  ordered_at timestamp with time zone not null,
  approval text,
  lifted_at timestamp with time zone,
  constraint freeze_order_pkey PRIMARY KEY (id),
  constraint freeze_order_authority_check CHECK ((authority <> ''::text)),
  constraint freeze_order_check CHECK ((((state = 'ordered'::text) = (approval IS NULL)) AND ((approval IS NULL) = (lifted_at IS NULL)))),
  constraint freeze_order_holder_check CHECK ((holder <> ''::text)),
  constraint freeze_order_order_number_check CHECK ((order_number <> ''::text)),
  constraint freeze_order_state_check CHECK ((state = ANY (ARRAY['ordered'::text, 'lifted'::text])))
);
CREATE UNIQUE INDEX freeze_order_number ON stops.freeze_order USING btree (org_id, authority, order_number, holder);
CREATE INDEX freeze_order_standing ON stops.freeze_order USING btree (org_id, holder) WHERE (state = 'ordered'::text);

create table stops.freeze_target (
  freeze_id uuid not null,
  book_id integer not null,
  org_id integer not null,
  why text not null,
  tries integer not null,
  tried_at timestamp with time zone,
  constraint freeze_target_pkey PRIMARY KEY (book_id, freeze_id),
  constraint freeze_target_book_id_check CHECK ((book_id > 0)),
  constraint freeze_target_tries_check CHECK ((tries >= 0))
);
CREATE INDEX freeze_target_order ON stops.freeze_target USING btree (freeze_id);

create table stops.frozen_party (
  book_id integer not null,
  org_id integer not null,
  holder text not null,
  orders uuid[] not null,
  kept uuid[] not null,
  version integer not null,
  moved_at timestamp with time zone not null,
  constraint frozen_party_pkey PRIMARY KEY (book_id, holder)
);

create table stops.pause (
  org_id integer not null,
  id uuid not null,
  channel text,
  direction text,
  book integer,
  merchant text,
  reason text not null,
  state text not null,
  paused_by text not null,
  paused_at timestamp with time zone not null,
  approval text,
  resumed_at timestamp with time zone,
  constraint pause_pkey PRIMARY KEY (id),
  constraint pause_book_check CHECK ((book > 0)),
  constraint pause_check CHECK ((((state = 'paused'::text) = (approval IS NULL)) AND ((approval IS NULL) = (resumed_at IS NULL)))),
  constraint pause_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint pause_reason_check CHECK ((reason <> ''::text)),
  constraint pause_state_check CHECK ((state = ANY (ARRAY['paused'::text, 'resumed'::text])))
);
CREATE INDEX pause_of_org ON stops.pause USING btree (org_id, paused_at);
CREATE INDEX pause_standing ON stops.pause USING btree (org_id, paused_at) WHERE (state = 'paused'::text);

create schema webhooks;

create table webhooks.attempt (
  book_id integer not null,
  delivery uuid not null,
  number integer not null,
  org_id integer not null,
  at timestamp with time zone not null,
  status integer,
  ms integer not null,
  reply text not null,
  error text not null,
  constraint attempt_pkey PRIMARY KEY (book_id, delivery, number)
);
CREATE INDEX attempt_by_age ON webhooks.attempt USING btree (at);

create table webhooks.delivery (
  book_id integer not null,
  id uuid not null,
  org_id integer not null,
  endpoint uuid not null,
  event uuid not null,
  replay uuid not null,
  aggregate text not null,
  seq bigint not null,
  n integer not null,
  state text not null,
  attempts integer default 0 not null,
  next_at timestamp with time zone,
  offered_until timestamp with time zone,
  created_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint delivery_pkey PRIMARY KEY (book_id, id),
  constraint delivery_book_id_event_endpoint_replay_key UNIQUE (book_id, event, endpoint, replay),
  constraint delivery_check CHECK (((state = 'waiting'::text) = (next_at IS NOT NULL))),
  constraint delivery_check1 CHECK (((state = 'waiting'::text) = (ended_at IS NULL))),
  constraint delivery_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'dead'::text])))
);
CREATE INDEX delivery_ended ON webhooks.delivery USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX delivery_of_endpoint ON webhooks.delivery USING btree (endpoint, created_at, id);
CREATE INDEX delivery_waiting ON webhooks.delivery USING btree (book_id, endpoint, aggregate, seq, n) WHERE (state = 'waiting'::text);

create table webhooks.endpoint (
  id uuid not null,
  org_id integer not null,
  merchant text default ''::text not null,
  kind text not null,
  url text not null,
  events text[] not null,
  description text default ''::text not null,
  state text not null,
  disabled_because text not null,
  disabled_at timestamp with time zone,
  epoch integer default 0 not null,
  secret text not null,
  old_secret text,
  old_secret_until timestamp with time zone,
  rotation text default ''::text not null,
  failures integer default 0 not null,
  failing_since timestamp with time zone,
  last_success_at timestamp with time zone,
  last_failure_at timestamp with time zone,
  polled_at timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint endpoint_pkey PRIMARY KEY (id),
  constraint endpoint_check CHECK (((state = 'enabled'::text) = (disabled_because = ''::text))),
  constraint endpoint_check1 CHECK (((old_secret IS NULL) = (old_secret_until IS NULL))),
  constraint endpoint_check2 CHECK (((kind = 'listener'::text) = (polled_at IS NOT NULL))),
  constraint endpoint_disabled_because_check CHECK ((disabled_because = ANY (ARRAY[''::text, 'person'::text, 'gone'::text, 'failing'::text]))),
  constraint endpoint_events_check CHECK ((cardinality(events) > 0)),
  constraint endpoint_kind_check CHECK ((kind = ANY (ARRAY['url'::text, 'listener'::text]))),
  constraint endpoint_state_check CHECK ((state = ANY (ARRAY['enabled'::text, 'disabled'::text])))
);
CREATE INDEX endpoint_of_org ON webhooks.endpoint USING btree (org_id, id);

create table webhooks.event (
  book_id integer not null,
  id uuid not null,
  seq bigint not null,
  n integer not null,
  org_id integer not null,
  merchant text default ''::text not null,
  type text not null,
  aggregate text not null,
  body text not null,
  at timestamp with time zone not null,
  constraint event_pkey PRIMARY KEY (book_id, id)
);
CREATE INDEX event_of_org ON webhooks.event USING btree (org_id, at, id);
