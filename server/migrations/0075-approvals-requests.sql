-- Guarded actions wait here for a second person; that maker and checker differ, that content never changes and that an approval is used once are facts of the tables.
create schema approvals;

create table approvals.request (
  book_id int not null,
  id uuid not null,
  org_id int not null,
  action text not null,
  -- The bytes that people approve: canonical JSON of action, content and org.
  bound text not null,
  content_hash bytea not null,
  state text not null default 'requires_review' check (state in
    ('requires_review', 'approved', 'rejected', 'canceled', 'expired', 'executed', 'failed')),
  maker_kind text not null,
  maker_id text not null,
  maker_person text not null check (maker_person <> ''),
  reason text not null,
  -- What the policies asked for at that time; the rule is kept by name.
  rule text not null,
  needed int not null check (needed in (1, 2)),
  permission text not null,
  break_glass boolean not null,
  requested_at timestamptz not null,
  expires_at timestamptz not null,
  -- What it would do, as it was shown to its maker.
  preview jsonb not null,
  -- Public ids of the request it replaces, and of the one that replaced it.
  replaces text not null default '',
  replaced_by text not null default '',
  approvals int not null default 0,
  -- What the module said of what it did, or why it refused.
  result jsonb,
  ended_by text not null default '',
  note text not null default '',
  moved_at timestamptz not null,
  primary key (book_id, id),
  unique (book_id, id, content_hash),
  unique (book_id, id, content_hash, maker_person),
  check (expires_at > requested_at),
  check (content_hash = sha256(convert_to(bound, 'UTF8'))),
  check ((bound::jsonb ->> 'action') = action and (bound::jsonb ->> 'org') = org_id::text)
);

create index request_newest on approvals.request (org_id, requested_at desc, book_id desc, id desc);
create index request_waiting on approvals.request (org_id, requested_at desc, book_id desc, id desc)
  where state = 'requires_review';

create table approvals.decision (
  book_id int not null,
  request_id uuid not null,
  org_id int not null,
  content_hash bytea not null,
  maker_person text not null,
  checker_person text not null check (checker_person <> ''),
  checker_id text not null,
  verdict text not null check (verdict in ('approve', 'reject')),
  note text not null,
  -- What it would have done at that moment, as the checker could see it.
  seen jsonb,
  stepped_up_at timestamptz,
  came_from text not null,
  at timestamptz not null,
  primary key (book_id, request_id, checker_person),
  -- The maker stands here only by way of the request, so the check below compares true persons.
  foreign key (book_id, request_id, content_hash, maker_person)
    references approvals.request (book_id, id, content_hash, maker_person),
  constraint maker_is_not_checker check (maker_person <> checker_person),
  check (verdict = 'reject' or stepped_up_at is not null)
);

create table approvals.execution (
  book_id int not null,
  approval_id uuid not null,
  org_id int not null,
  content_hash bytea not null,
  outcome text not null check (outcome in ('done', 'refused')),
  at timestamptz not null,
  primary key (book_id, approval_id),
  foreign key (book_id, approval_id, content_hash)
    references approvals.request (book_id, id, content_hash)
);

create table approvals.policy (
  org_id int not null,
  version int not null,
  document jsonb not null,
  approval text not null,
  made_at timestamptz not null,
  primary key (org_id, version)
);

create function approvals.begin_request() returns trigger language plpgsql as $$
begin
  if new.state <> 'requires_review' or new.approvals <> 0 then
    raise exception 'a request begins unapproved' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;

create function approvals.move_request() returns trigger language plpgsql as $$
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
end $$;

create function approvals.begin_execution() returns trigger language plpgsql as $$
begin
  if not exists (select from approvals.request r
    where r.book_id = new.book_id and r.id = new.approval_id and r.state = 'approved') then
    raise exception 'only what is approved is carried out'
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;

create function approvals.stays() returns trigger language plpgsql as $$
begin
  raise exception 'rows of %.% stay as they are', tg_table_schema, tg_table_name
    using errcode = 'integrity_constraint_violation';
end $$;

create trigger begins before insert on approvals.request
  for each row execute function approvals.begin_request();
create trigger moves before update on approvals.request
  for each row execute function approvals.move_request();
create trigger stays before delete on approvals.request
  for each row execute function approvals.stays();
create trigger stays before update or delete on approvals.decision
  for each row execute function approvals.stays();
create trigger begins before insert on approvals.execution
  for each row execute function approvals.begin_execution();
create trigger stays before update or delete on approvals.execution
  for each row execute function approvals.stays();
create trigger stays before update or delete on approvals.policy
  for each row execute function approvals.stays();
create trigger kept before truncate on approvals.request
  for each statement execute function approvals.stays();
create trigger kept before truncate on approvals.decision
  for each statement execute function approvals.stays();
create trigger kept before truncate on approvals.execution
  for each statement execute function approvals.stays();
